"""Steps 1 and 2 over small checkpoints of every kind: what they make runs in the runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import random_whisper
import torch
from scripts import Script

from sotto.asr import load_model
from sotto.bundle import Decoder, TokenTable, link_files, read_manifest, write_manifest
from sotto.checkpoints import load_checkpoint
from sotto.export.whisper.reference import Reference
from sotto.export.whisper.requantize import quantize_bundle
from sotto.export.whisper.torchscript import TorchScriptOptions, export_torchscript
from sotto.graphs.whisper import FeatureEncoder
from sotto.preprocess import read_audio

Snapshot = Callable[[Path], dict[str, bytes]]

DTYPES = {"fp32": "float32", "fp16": "float16", "int8": "int8"}

# What random weights say is unsure at any temperature, and may be taken for silence.
ONE_TRY = {"temperature": 0.0, "no_speech_threshold": None, "without_timestamps": True}


# The turbo model has the mels and the vocabulary of large-v3, and fewer text layers. Of tiny's kind
# is base, whose bundle the tests of transcribing use.
@pytest.mark.parametrize(
    "name",
    [
        "large-v3-turbo",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("tiny", "large-v3")),
    ],
)
def test_every_kind_of_model_becomes_a_bundle_that_runs(
    checkpoints: dict[str, Path],
    step1: Script,
    step2: Script,
    tmp_path: Path,
    speech: Path,
    snapshot: Snapshot,
    name: str,
) -> None:
    target = tmp_path / f"whisper-{name}"
    arguments = ("--windows", "1", "--cache", "16")
    done = step1("--model", checkpoints[name], "--out", target, *arguments)
    assert done.status == 0, done.err
    assert "tanh form" not in done.err
    before = snapshot(target)
    bundle = tmp_path / f"whisper-{name}-fp32"
    bundle.mkdir()
    (bundle / "left-over.tflite").write_text("old")
    done = step2(target, "--precision", "fp32")
    assert done.status == 0, done.err
    assert done.out == ""
    assert "outside the NPU's list: none" in done.err
    assert "BEYOND" not in done.err
    assert snapshot(target) == before
    assert not (bundle / "left-over.tflite").exists()
    manifest = read_manifest(bundle)
    assert manifest.need(Decoder).spec.layers == random_whisper.DIMS[name].n_text_layer
    assert manifest.torchscript is None
    model = load_model(bundle)
    assert (model.name, model.precision, model.windows) == (name, "fp32", [1])
    assert model.multilingual
    result = model.recognize(speech, language="en", sample_len=5, **ONE_TRY)
    assert len(result.tokens) == 5 * result.profile.encoder_runs


def step1_table(directory: Path) -> TokenTable:
    """The token table that step 1 left."""
    scripts = read_manifest(directory).torchscript
    assert scripts is not None
    assert scripts.token_embedding is not None
    return scripts.token_embedding


def test_in_place_by_whatever_name_the_torchscript_is_kept_and_windows_share_weights(
    checkpoints: dict[str, Path],
    step1: Script,
    step2: Script,
    tmp_path: Path,
    speech: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = tmp_path / "bundle"
    arguments = ("--out", target, "--cache", "16", "--windows", "2,1,2")
    assert step1("--model", checkpoints["tiny.en"], *arguments).status == 0
    before = {path.name for path in (target / "torchscript").iterdir()}
    monkeypatch.chdir(target)
    assert step2(".", "--out", tmp_path / "x" / ".." / "bundle").status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert {path.name for path in (target / "torchscript").iterdir()} == before
    assert read_manifest(target).precision == "int8"
    assert read_manifest(target).torchscript
    model = load_model(target)
    assert model.windows == [1, 2]
    results = [
        model.recognize(speech, window=window, sample_len=2, **ONE_TRY) for window in (0, 1, 2)
    ]
    assert [result.profile.encoder_runs for result in results] == [1, 2, 1]
    # Each graph's own copy of the embedding table would be 3.3 MB in int8, of its scales and zero
    # points 0.6 MB.
    assert (target / "decoder.tflite").stat().st_size < 4.5e6


def test_the_sequence_decoder_is_exported_and_compared_on_demand(
    checkpoints: dict[str, Path], step1: Script, tmp_path: Path
) -> None:
    arguments = ("--windows", "1", "--sequence-decoder", "64")
    done = step1("--model", checkpoints["tiny"], "--out", tmp_path / "bundle", *arguments)
    assert done.status == 0
    for name in ("features_1s", "sequence_1s"):
        assert f"{name}: largest difference" in done.err
        assert (tmp_path / "bundle" / "torchscript" / f"{name}.pt").is_file()
    scripts = read_manifest(tmp_path / "bundle").torchscript
    assert scripts is not None
    features, sequence = scripts.graphs["sequence"]
    assert (features.name, sequence.name) == ("features_1s", "sequence_1s")
    assert sequence.inputs[0].shape == (1, 64, 64)


def test_the_tanh_gelu_is_compared_with_a_reference_of_the_same_form(
    checkpoints: dict[str, Path], step1: Script, tmp_path: Path
) -> None:
    arguments = ("--model", checkpoints["tiny"], "--windows", "1", "--out", tmp_path / "bundle")
    done = step1(*arguments, "--gelu", "tanh")
    assert done.status == 0, done.err
    assert "openai-whisper with its GELU in the tanh form" in done.err
    assert read_manifest(tmp_path / "bundle").need(Decoder).gelu == "tanh"


def test_the_reference_tells_one_form_of_the_gelu_from_the_other(
    checkpoints: dict[str, Path], speech: Path
) -> None:
    checkpoint, frames = load_checkpoint(checkpoints["large-v3"]), 100
    graph = FeatureEncoder(checkpoint.state, checkpoint.dims, frames, "tanh").eval()
    differences = {}
    with torch.no_grad():
        for gelu in ("erf", "tanh"):
            reference = Reference(checkpoint, read_audio(speech), gelu)
            features = graph(reference.window(frames))
            differences[gelu] = reference.compare_features(gelu, frames, features).largest
    assert differences["tanh"] < differences["erf"] / 10


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_token_rows_are_the_output_layers(
    fp32: Path, checkpoints: dict[str, Path], tmp_path: Path, speech: Path, precision: str
) -> None:
    bundle = fp32
    if precision == "int8":  # what step 2 writes, too: test_precision.py
        bundle = tmp_path / "int8"
        quantize_bundle(fp32, bundle, [speech], "int8", report=lambda line: None)
    entry = read_manifest(bundle).need(Decoder).token_embedding
    assert (entry.file, entry.dtype) == ("decoder.tflite", precision)
    assert not (bundle / "token_embedding.npy").exists()
    dtype = np.int8 if precision == "int8" else np.float32
    content = np.memmap(bundle / "decoder.tflite", dtype, "r", entry.offset, (51864, 64))
    rows = content.astype(np.float32)
    if precision == "int8":
        rows *= np.load(bundle / str(entry.scales))[:, None]
    expected = load_checkpoint(checkpoints["tiny.en"]).state["decoder.token_embedding.weight"]
    step = np.abs(expected).max() / 127 if precision == "int8" else 0
    np.testing.assert_allclose(rows, expected, rtol=0, atol=step)


def test_tables_are_stored_as_asked_and_give_the_text_of_the_graphs(
    fp32: Path, checkpoints: dict[str, Path], step1: Script, tmp_path: Path, speech: Path
) -> None:
    tokens = {"graphs": load_model(fp32).recognize(speech, sample_len=8, **ONE_TRY).tokens}
    for kind in ("fp32", "fp16", "int8"):
        directory, bundle = tmp_path / kind, tmp_path / f"{kind}-bundle"
        arguments = ("--windows", "1", "--cache", "16", "--token-embedding", kind)
        assert step1("--model", checkpoints["tiny.en"], "--out", directory, *arguments).status == 0
        scales = "token_embedding_scales.npy" if kind == "int8" else None
        assert step1_table(directory) == TokenTable("token_embedding.npy", kind, scales=scales)
        table = np.load(directory / "token_embedding.npy")
        assert (table.dtype, table.shape) == (np.dtype(DTYPES[kind]), (51864, 64))
        assert (directory / "token_embedding_scales.npy").exists() == (kind == "int8")
        of_table, manifest = read_manifest(directory), read_manifest(fp32)
        bundle.mkdir()
        link_files(fp32, bundle, manifest.files)
        decoder = replace(manifest.need(Decoder), token_embedding=step1_table(directory))
        manifest = manifest.with_component(decoder)
        names = [name for name in of_table.files if name.startswith("token_embedding")]
        link_files(directory, bundle, names)
        write_manifest(bundle, manifest, {*manifest.files, *names})
        tokens[kind] = load_model(bundle).recognize(speech, sample_len=8, **ONE_TRY).tokens
    assert tokens["fp32"] == tokens["graphs"]
    assert tokens["fp16"] == tokens["graphs"]  # the weights are exact in half
    assert len(tokens["int8"]) == len(tokens["graphs"])


def test_auto_is_fp16_where_half_loses_nothing(step1_output: Path) -> None:
    assert step1_table(step1_output) == TokenTable("torchscript/token_embedding.npy", "fp16")
    table = np.load(step1_output / "torchscript" / "token_embedding.npy")
    assert (table.dtype, table.shape) == (np.float16, (51864, 64))


def test_auto_is_fp32_where_half_would_lose_something(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    checkpoint = load_checkpoint(checkpoints["tiny.en"])
    key = "decoder.token_embedding.weight"
    state = {**checkpoint.state, key: checkpoint.state[key] * np.float32(1 + 2**-20)}
    options = TorchScriptOptions(windows=(1,), cache=16)
    directory = tmp_path / "bundle"
    export_torchscript(
        replace(checkpoint, state=state), directory, np.zeros(16_000, np.float32), options, str
    )
    assert step1_table(directory) == TokenTable("torchscript/token_embedding.npy", "fp32")
