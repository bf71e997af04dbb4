"""Whispers of random weights, small enough to write and read in milliseconds."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from sotto.checkpoints import WhisperDims
from sotto.checkpoints.checkpoint import State, expected_shapes

SMALL = WhisperDims(
    n_mels=80,
    n_audio_ctx=50,
    n_audio_state=64,
    n_audio_head=4,
    n_audio_layer=2,
    n_vocab=96,
    n_text_ctx=20,
    n_text_state=64,
    n_text_head=2,
    n_text_layer=3,
)
TINIEST = replace(
    SMALL,
    n_mels=2,
    n_audio_ctx=4,
    n_audio_state=4,
    n_audio_layer=1,
    n_vocab=6,
    n_text_ctx=3,
    n_text_state=4,
    n_text_layer=1,
)
TINY_EN = WhisperDims(80, 1500, 384, 6, 4, 51864, 448, 384, 6, 4)
LARGE_V3 = WhisperDims(128, 1500, 1280, 20, 32, 51866, 448, 1280, 20, 32)
TURBO = replace(LARGE_V3, n_text_layer=4)


def scaled_down(dims: WhisperDims) -> WhisperDims:
    """The same layers, mels and vocabulary at a width of 8."""
    return replace(
        dims,
        n_audio_state=8,
        n_audio_head=2,
        n_audio_ctx=10,
        n_text_state=8,
        n_text_head=2,
        n_text_ctx=10,
    )


def random_state(dims: WhisperDims, seed: int = 0) -> State:
    """Canonical state; every tensor differs from every other."""
    random = np.random.default_rng(seed)
    return {
        key: random.normal(0, 0.2, shape).astype(np.float32)
        for key, shape in expected_shapes(dims).items()
    }


def save_openai(
    path: Path, dims: WhisperDims = SMALL, state: State | None = None, half: bool = False
) -> State:
    """Write ``path`` as openai-whisper's checkpoints are; returns the state."""
    import torch

    state = random_state(dims) if state is None else state
    tensors = {key: torch.from_numpy(array) for key, array in state.items()}
    if half:
        tensors = {key: tensor.half() for key, tensor in tensors.items()}
    torch.save({"dims": asdict(dims), "model_state_dict": tensors}, path)
    return state


def ctranslate2_variables(dims: WhisperDims, state: State) -> dict[str, np.ndarray]:
    """The arrays of a CTranslate2 Whisper, as its converter names and fuses them."""
    variables = {
        "encoder/num_heads": np.int16(dims.n_audio_head),
        "decoder/num_heads": np.int16(dims.n_text_head),
        "decoder/activation": np.int8(3),
        "encoder/position_encodings/encodings": state["encoder.positional_embedding"],
        "decoder/position_encodings/encodings": state["decoder.positional_embedding"],
        "decoder/embeddings/weight": state["decoder.token_embedding.weight"],
    }

    def linear(name: str, *keys: str) -> None:
        variables[f"{name}/weight"] = np.concatenate([state[f"{key}.weight"] for key in keys])
        variables[f"{name}/bias"] = np.concatenate(
            [state.get(f"{key}.bias", np.zeros(dims.n_text_state, np.float32)) for key in keys]
        )

    def norm(name: str, key: str) -> None:
        variables[f"{name}/gamma"], variables[f"{name}/beta"] = (
            state[f"{key}.weight"],
            state[f"{key}.bias"],
        )

    linear("encoder/conv1", "encoder.conv1")
    linear("encoder/conv2", "encoder.conv2")
    norm("encoder/layer_norm", "encoder.ln_post")
    norm("decoder/layer_norm", "decoder.ln")
    for side, layers in (("encoder", dims.n_audio_layer), ("decoder", dims.n_text_layer)):
        for layer in range(layers):
            scope, block = f"{side}/layer_{layer}", f"{side}.blocks.{layer}"
            attn, cross = f"{block}.attn", f"{block}.cross_attn"
            linear(
                f"{scope}/self_attention/linear_0", f"{attn}.query", f"{attn}.key", f"{attn}.value"
            )
            linear(f"{scope}/self_attention/linear_1", f"{attn}.out")
            norm(f"{scope}/self_attention/layer_norm", f"{block}.attn_ln")
            linear(f"{scope}/ffn/linear_0", f"{block}.mlp.0")
            linear(f"{scope}/ffn/linear_1", f"{block}.mlp.2")
            norm(f"{scope}/ffn/layer_norm", f"{block}.mlp_ln")
            if side == "decoder":
                linear(f"{scope}/attention/linear_0", f"{cross}.query")
                linear(f"{scope}/attention/linear_1", f"{cross}.key", f"{cross}.value")
                linear(f"{scope}/attention/linear_2", f"{cross}.out")
                norm(f"{scope}/attention/layer_norm", f"{block}.cross_attn_ln")
    return {name: np.asarray(array) for name, array in variables.items()}


def ctranslate2_bytes(
    variables: Mapping[str, np.ndarray],
    *,
    version: int = 6,
    spec: str = "WhisperSpec",
    revision: int = 3,
    aliases: Mapping[str, str] | None = None,
) -> bytes:
    """A ``model.bin`` (``ctranslate2/specs/model_spec.py: _serialize``)."""

    def string(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    types = ("float32", "int8", "int16", "int32", "float16", "bfloat16")
    out = [struct.pack("<I", version), string(spec), struct.pack("<II", revision, len(variables))]
    for name, array in sorted(variables.items()):
        out += [
            string(name),
            struct.pack("<B", array.ndim),
            struct.pack(f"<{array.ndim}I", *array.shape),
        ]
        out += [struct.pack("<BI", types.index(str(array.dtype)), array.nbytes), array.tobytes()]
    aliases = aliases or {}
    out.append(struct.pack("<I", len(aliases)))
    out += [string(alias) + string(name) for alias, name in aliases.items()]
    return b"".join(out)
