"""A bundle of schema 2 becomes one of schema 3: its manifest alone is written anew."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from made_manifests import DIGEST
from typer.testing import CliRunner

from sotto.bundle import (
    MANIFEST,
    Decoder,
    SpeechEncoder,
    TextEncoder,
    VoiceActivity,
    read_manifest,
)
from sotto.bundle.upgrade import upgrade_bundle
from sotto.commands.bundle import app
from sotto.errors import BundleError

Entry = dict[str, Any]


def signature(file: str, **inputs: list[int]) -> Entry:
    specs = [{"name": k, "shape": v, "dtype": "float32"} for k, v in inputs.items()]
    output = {"name": "embedding", "shape": [1, 4], "dtype": "float32"}
    return {"file": file, "inputs": specs, "outputs": [output]}


def schema_2(kind: str, files: list[str], **more: Any) -> Entry:
    return {
        "schema": 2,
        "kind": kind,
        "name": "small",
        "precision": "fp32",
        "backend": "litert",
        "source": {"checkpoint": "a", "format": "openai", "sha256": DIGEST},
        "torchscript": {},
        "files": {name: {"size": 1, "sha256": DIGEST} for name in files},
        "tools": {"sotto": "0.1.0"},
        **more,
    }


WHISPER = schema_2(
    "whisper",
    [
        *("encoder.tflite", "decoder.tflite", "mel_filters.npy", "positional_embedding.npy"),
        *("tokenizer.tiktoken", "torchscript/encode_1s.pt", "torchscript/sequence_1s.pt"),
        "torchscript/token_embedding.npy",
    ],
    dims={
        **{"n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": 8, "n_audio_head": 2},
        **{"n_audio_layer": 3, "n_vocab": 20, "n_text_ctx": 448, "n_text_state": 16},
        **{"n_text_head": 4, "n_text_layer": 5},
    },
    multilingual=True,
    audio={"sample_rate": 16000, "n_fft": 400, "hop_length": 160},
    tokens={
        **dict.fromkeys(("eot", "sot", "transcribe", "translate", "sot_lm", "sot_prev"), 1),
        **dict.fromkeys(("no_speech", "no_timestamps", "timestamp_begin"), 2),
        **{"languages": {"en": 3}, "suppress": [4], "suppress_at_begin": [5]},
    },
    alignment_heads=[[0, 1]],
    cache=64,
    masked=-1e4,
    gelu="tanh",
    token_table={"file": "torchscript/token_embedding.npy", "dtype": "fp16"},
    token_embedding={"file": "decoder.tflite", "dtype": "fp32", "offset": 128},
    windows=[{"seconds": 1, "frames": 100, "encoder": "encode_1s", "decoder": "decode_1s"}],
    signatures={
        "encode_1s": signature("encoder.tflite", log_mel=[1, 80, 100]),
        "decode_1s": signature("decoder.tflite", hidden=[1, 1, 16], cross_k_0=[1, 4, 50, 4]),
    },
    layers={},
    exceptions={},
) | {
    "torchscript": {
        "encode_1s": signature("torchscript/encode_1s.pt", log_mel=[1, 80, 100]),
        "sequence_1s": signature("torchscript/sequence_1s.pt", hidden=[1, 4, 16]),
    }
}

VAD = schema_2(
    "vad",
    ["vad.tflite"],
    chunk={"samples": 512, "context": 64, "reflected": 32},
    state=128,
    detector="detect",
    signatures={"detect": signature("vad.tflite", samples=[1, 608])},
)

TEXT = schema_2(
    "embedding",
    ["text.tflite", "token_embedding.npy", "position_embedding.npy", "tokenizer.json"],
    family="bert",
    dimensions=4,
    normalize=True,
    gelu="erf",
    signatures={"text_4x1": signature("text.tflite", hidden=[1, 4, 8])},
    encoders={
        "text": {
            "signatures": [{"signature": "text_4x1", "length": 4, "batch": 1}],
            "token_embedding": {"file": "token_embedding.npy", "dtype": "fp32"},
            "position_embedding": {"file": "position_embedding.npy"},
            "max_length": 4,
            "pooling": "mean",
            "mask_padding": True,
            "masked": -1e4,
            "eot_token": None,
            "pad_token": 0,
            "tokenizer": "tokenizer.json",
            "prompts": {"query": "q: "},
            "default_prompt": None,
            "lowercase": False,
        }
    },
)


def written(folder: Path, content: Entry) -> Path:
    (folder / MANIFEST).write_text(json.dumps(content))
    return folder


def test_a_bundle_that_transcribes_keeps_its_numbers(tmp_path: Path) -> None:
    assert upgrade_bundle(written(tmp_path, WHISPER))
    manifest = read_manifest(tmp_path, verify=False)
    encoder, decoder = manifest.need(SpeechEncoder), manifest.need(Decoder)
    assert (encoder.spec.layers, encoder.spec.context, encoder.gelu) == (3, 1500, "tanh")
    assert (decoder.spec.layers, decoder.spec.kv_heads, decoder.spec.cache) == (5, 4, 64)
    assert decoder.token_embedding.offset == 128
    assert manifest.whisper is not None
    assert manifest.whisper.languages == {"en": 3}
    assert manifest.whisper.alignment_heads == ((0, 1),)
    (window,) = manifest.windows
    assert (window.seconds, window.step.name, window.prefill) == (1, "decode_1s", None)
    assert manifest.torchscript is not None
    assert set(manifest.torchscript.graphs) == {"speech-encoder", "sequence"}


def test_one_that_finds_speech_keeps_its_samples(tmp_path: Path) -> None:
    assert upgrade_bundle(written(tmp_path, VAD))
    vad = read_manifest(tmp_path, verify=False).need(VoiceActivity)
    assert (vad.context, vad.reflected, vad.graphs[0].name) == (64, 32, "detect")


def test_one_that_embeds_keeps_pooling_and_prompts(tmp_path: Path) -> None:
    assert upgrade_bundle(written(tmp_path, TEXT))
    manifest = read_manifest(tmp_path, verify=False)
    text = manifest.need(TextEncoder)
    assert (text.pooling, text.masked, text.padded, text.eot_token) == ("mean", -1e4, False, None)
    assert text.prompts == {"query": "q: "}
    assert manifest.dimensions == 4


def test_a_bundle_of_the_present_schema_is_left_as_it_is(tmp_path: Path) -> None:
    upgrade_bundle(written(tmp_path, VAD))
    before = (tmp_path / MANIFEST).read_bytes()
    assert not upgrade_bundle(tmp_path)
    assert (tmp_path / MANIFEST).read_bytes() == before


@pytest.mark.parametrize("key", ["kind", "signatures", "chunk", "detector", "files", "source"])
def test_a_damaged_one_is_refused_and_left_as_it_is(tmp_path: Path, key: str) -> None:
    content = copy.deepcopy(VAD)
    del content[key]
    before = (written(tmp_path, content) / MANIFEST).read_bytes()
    with pytest.raises(BundleError, match=r"manifest\.json is damaged"):
        upgrade_bundle(tmp_path)
    assert (tmp_path / MANIFEST).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


def test_hard_links_of_the_old_manifest_keep_what_they_had(tmp_path: Path) -> None:
    """What a cache of bundles links to is not changed under it."""
    (tmp_path / "a").mkdir()
    written(tmp_path / "a", VAD)
    (tmp_path / "linked.json").hardlink_to(tmp_path / "a" / MANIFEST)
    upgrade_bundle(tmp_path / "a")
    assert json.loads((tmp_path / "linked.json").read_text())["schema"] == 2


def test_reading_one_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=rf"schema 2.*sotto bundle upgrade {tmp_path}"):
        read_manifest(written(tmp_path, VAD), verify=False)


def test_the_command_goes_on_behind_a_bundle_that_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    written(tmp_path / "good", VAD)
    done = CliRunner().invoke(app, ["upgrade", str(tmp_path / "none"), str(tmp_path / "good")])
    assert done.exit_code == 1
    assert read_manifest(tmp_path / "good", verify=False).find(VoiceActivity)
