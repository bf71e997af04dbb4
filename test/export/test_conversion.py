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
from sotto.export.whisper.torchscript import TorchScriptOptions, export_torchscript
from sotto.graphs.whisper import FeatureEncoder
from sotto.preprocess import read_audio

Snapshot = Callable[[Path], dict[str, bytes]]

# What random weights say is unsure at any temperature, and may be taken for silence.
ONE_TRY = {"temperature": 0.0, "no_speech_threshold": None, "without_timestamps": True}


# The turbo model has the mels and the vocabulary of large-v3, and fewer text layers.
@pytest.mark.parametrize(
    "name", ["tiny", "large-v3-turbo", pytest.param("large-v3", marks=pytest.mark.slow)]
)
def test_every_kind_of_model_becomes_a_bundle_that_runs(
    checkpoints: dict[str, Path],
    step1: Script,
    step2: Script,
    tmp_path: Path,
    speech: Path,
    name: str,
) -> None:
    target = tmp_path / f"whisper-{name}"
    assert step1("--model", checkpoints[name], "--out", target, "--windows", "2").status == 0
    done = step2(target, "--precision", "fp32")
    assert done.status == 0, done.err
    assert done.out == ""
    assert "outside the NPU's list: none" in done.err
    assert "BEYOND" not in done.err
    bundle = tmp_path / f"whisper-{name}-fp32"
    manifest = read_manifest(bundle)
    assert manifest.need(Decoder).spec.layers == random_whisper.DIMS[name].n_text_layer
    assert manifest.torchscript is None
    model = load_model(bundle)
    assert (model.name, model.precision, model.windows) == (name, "fp32", [2])
    assert model.multilingual
    result = model.recognize(speech, language="en", sample_len=5, **ONE_TRY)
    assert len(result.tokens) == 5


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
    arguments = ("--out", target, "--cache", "16", "--windows", "15,1,15")
    assert step1("--model", checkpoints["tiny.en"], *arguments).status == 0
    before = {path.name for path in (target / "torchscript").iterdir()}
    monkeypatch.chdir(target)
    assert step2(".", "--out", tmp_path / "x" / ".." / "bundle").status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert {path.name for path in (target / "torchscript").iterdir()} == before
    assert read_manifest(target).precision == "int8"
    assert read_manifest(target).torchscript
    model = load_model(target)
    assert model.windows == [1, 15]
    results = [
        model.recognize(speech, window=window, sample_len=2, **ONE_TRY) for window in (0, 1, 15)
    ]
    assert [result.profile.encoder_runs for result in results] == [1, 2, 1]
    # Each graph's own copy of the embedding table would be 3.3 MB in int8, of its scales and zero
    # points 0.6 MB.
    assert (target / "decoder.tflite").stat().st_size < 4.5e6


def test_another_precision_replaces_the_bundle_beside_whole(
    exported: Path, step2: Script, monkeypatch: pytest.MonkeyPatch, snapshot: Snapshot
) -> None:
    before = snapshot(exported)
    bundle = exported.with_name(f"{exported.name}-fp32")
    bundle.mkdir()
    (bundle / "left-over.tflite").write_text("old")
    monkeypatch.chdir(exported)
    assert step2(".", "--precision", "fp32").status == 0
    assert snapshot(exported) == before
    assert not (bundle / "left-over.tflite").exists()
    assert load_model(bundle).windows == [1]
    assert not load_model(bundle).multilingual


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
    assert "tanh form" not in step1(*arguments).err


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


@pytest.mark.parametrize(
    ("kind", "dtype", "stored", "file"),
    [
        ("auto", "float16", "fp16", "torchscript/token_embedding.npy"),
        ("fp16", "float16", "fp16", "token_embedding.npy"),
        ("fp32", "float32", "fp32", "token_embedding.npy"),
        ("int8", "int8", "int8", "token_embedding.npy"),
    ],
)
def test_the_embedding_table_is_stored_as_asked(
    checkpoints: dict[str, Path],
    step1: Script,
    tmp_path: Path,
    kind: str,
    dtype: str,
    stored: str,
    file: str,
) -> None:
    arguments = ("--windows", "1", "--cache", "16", "--token-embedding", kind)
    directory = tmp_path / "bundle"
    assert step1("--model", checkpoints["tiny.en"], "--out", directory, *arguments).status == 0
    table = np.load(directory / file)
    assert (table.dtype, table.shape) == (dtype, (51864, 64))
    assert step1_table(directory) == TokenTable(
        file, stored, scales="token_embedding_scales.npy" if kind == "int8" else None
    )
    assert (directory / "token_embedding_scales.npy").exists() == (kind == "int8")


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_token_rows_are_the_output_layers(
    checkpoints: dict[str, Path], step1: Script, step2: Script, tmp_path: Path, precision: str
) -> None:
    source, bundle = tmp_path / "source", tmp_path / "bundle"
    arguments = ("--windows", "1", "--cache", "16")
    assert step1("--model", checkpoints["tiny.en"], "--out", source, *arguments).status == 0
    assert step2(source, "--precision", precision, "--out", bundle).status == 0
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


def test_tables_of_every_type_give_the_text_of_the_graphs(
    checkpoints: dict[str, Path], step1: Script, step2: Script, tmp_path: Path, speech: Path
) -> None:
    tokens = {}
    bundle = tmp_path / "bundle"
    for kind in ("fp32", "fp16", "int8"):
        directory = tmp_path / kind
        arguments = ("--windows", "2", "--cache", "16", "--token-embedding", kind)
        assert step1("--model", checkpoints["tiny.en"], "--out", directory, *arguments).status == 0
        if kind == "fp32":
            assert step2(directory, "--precision", "fp32", "--out", bundle).status == 0
        else:  # the graphs are the same: only the tables change
            of_table, manifest = read_manifest(directory), read_manifest(bundle)
            decoder = replace(manifest.need(Decoder), token_embedding=step1_table(directory))
            manifest = manifest.with_component(decoder)
            names = [name for name in of_table.files if name.startswith("token_embedding")]
            for name in names:
                (bundle / name).unlink(missing_ok=True)
            link_files(directory, bundle, names)
            write_manifest(bundle, manifest, {*manifest.files, *names})
        tokens[kind] = load_model(bundle).recognize(speech, sample_len=8, **ONE_TRY).tokens
    assert tokens["fp16"] == tokens["fp32"]  # the weights are exact in half
    assert len(tokens["int8"]) == 8


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
