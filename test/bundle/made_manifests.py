"""Manifests of every kind of component, small and hand-made, and one of schema 2 of each kind."""

from __future__ import annotations

from typing import Any

from sotto.bundle import (
    AudioEncoder,
    Compiled,
    Component,
    Decoder,
    DecoderSpec,
    Embedding,
    EncoderSpec,
    FileEntry,
    Graph,
    ImageEncoder,
    ImageSettings,
    LayerEntry,
    Manifest,
    Source,
    SpeechEncoder,
    StaticQuantization,
    StaticRule,
    TensorSpec,
    TextEncoder,
    Tokens,
    TokenTable,
    TorchScript,
    VoiceActivity,
    Whisper,
)

DIGEST = "0123456789abcdef" * 4


def graph(name: str, file: str, role: Any = None, **inputs: tuple[int, ...]) -> Graph:
    """A graph, whose output is a vector of four numbers."""
    specs = tuple(TensorSpec(key, shape) for key, shape in inputs.items())
    return Graph(name, specs, (TensorSpec("embedding", (1, 4)),), file, role)


def manifest(*components: Component, **fields: Any) -> Manifest:
    """A manifest that lists the components' files."""
    files = {name for one in components for name in one.files}
    if scripts := fields.get("torchscript"):
        files |= scripts.files
    for compiled in fields.get("npu", {}).values():
        files |= set(compiled.files.values())
    defaults: dict[str, Any] = {
        "name": "small",
        "family": "made",
        "precision": "int8",
        "backend": "litert",
        "source": Source("a/checkpoint", "huggingface", DIGEST),
        "tools": {"sotto": "1"},
        "files": {name: FileEntry(3, DIGEST) for name in sorted(files)},
    }
    return Manifest(**{**defaults, "components": components, **fields})


def whisper() -> Manifest:
    """With everything that a bundle that transcribes can have."""
    encoder = SpeechEncoder(
        (graph("encode_1s", "encoder.tflite", log_mel=(1, 80, 100)),),
        EncoderSpec(2, 2, 8, 1500),
        "erf",
        "mel_filters.npy",
    )
    cross = {"cross_k_0": (1, 2, 50, 4)}
    decoder = Decoder(
        (
            graph("decode_1s", "decoder.tflite", "step", hidden=(1, 1, 8), **cross),
            graph("prefill_1s", "decoder.tflite", "prefill", hidden=(1, 4, 8), **cross),
            graph("align_1s", "decoder.tflite", "alignment", hidden=(1, 4, 8), **cross),
        ),
        DecoderSpec(2, 2, 2, 8, 448, 32, 20, -1e4),
        "erf",
        TokenTable("decoder.tflite", "int8", 128, "scales.npy"),
        "positional_embedding.npy",
        "tokenizer.tiktoken",
    )
    return manifest(
        encoder,
        decoder,
        family="whisper",
        whisper=Whisper(
            Tokens(10, 11, 12, 13, 14, 15, 16, 17, 18), (1, 2), (3,), ((0, 1),), {"en": 19}
        ),
        layers={"encoder.tflite": {"a.b": LayerEntry("CONV_2D", (8, 80, 3), ("x",), "int8")}},
        exceptions={"a.*": "fp16"},
        static=StaticQuantization((StaticRule("*", "int16", "*"),), ("speech.wav",)),
        npu={
            "mt6991": Compiled(
                "litert",
                "neuron",
                "8.2.24",
                {"encoder.tflite": "npu/mt6991/encoder.tflite"},
                ("encode_1s",),
            )
        },
        torchscript=TorchScript(
            {"speech-encoder": (graph("encode_1s", "torchscript/encode_1s.pt"),)},
            TokenTable("torchscript/token_embedding.npy", "fp16"),
        ),
        source=Source("a/checkpoint", "huggingface", DIGEST, "main", "mit"),
    )


def text_encoder(**fields: Any) -> TextEncoder:
    """A component of texts."""
    defaults: dict[str, Any] = {
        "graphs": (graph("text_4x1", "text.tflite", hidden=(1, 4, 8)),),
        "gelu": "erf",
        "token_embedding": TokenTable("token_embedding.npy", "fp32"),
        "position_embedding": "position_embedding.npy",
        "tokenizer": "tokenizer.json",
        "max_length": 4,
        "pooling": "mean",
        "pad_token": 0,
        "masked": -1e4,
        "prompts": {"query": "q: "},
        "default_prompt": "query",
    }
    return TextEncoder(**{**defaults, **fields})


def clip() -> Manifest:
    """Of texts and images."""
    image = ImageEncoder(
        (graph("image_1", "image.tflite", pixels=(1, 3, 4, 4)),),
        "quick",
        ImageSettings(
            4,
            4,
            "bicubic",
            1 / 255,
            (0.5,) * 3,
            (0.5,) * 3,
            {"shortest_edge": 5},
            {"height": 4, "width": 4},
        ),
    )
    text = text_encoder(masked=None, padded=True, eot_token=3, pooling="eot")
    return manifest(text, image, embedding=Embedding(True, 100.0, -1.5))


def audio() -> Manifest:
    """Of recordings."""
    graphs = (graph("audio_5s", "audio.tflite", log_mel=(1, 80, 500)),)
    return manifest(AudioEncoder(graphs, "tanh", "mel_filters.npy"), embedding=Embedding(True))


def vad() -> Manifest:
    """That finds speech."""
    return manifest(VoiceActivity((graph("detect", "vad.tflite", samples=(1, 640)),), 64, 64))


ALL = {"whisper": whisper, "clip": clip, "audio": audio, "vad": vad}
