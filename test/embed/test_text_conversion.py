"""A text encoder through the whole conversion: the bundle, its precisions, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("litert_torch", reason="converting needs pip install 'sotto[convert]'")

from encoding import TorchEncoder
from oracle import TextOracle
from small_encoders import WIDTH, save, save_pipeline

from sotto.bundle import Embedding, TextEncoder, read_manifest
from sotto.errors import BundleError, ConversionError, OptionError
from sotto.export.embedding.bundle import EmbeddingSource, write_embedding
from sotto.export.embedding.requantize import quantize_embedding
from sotto.export.embedding.static_bundle import quantize_embedding_for_npu
from sotto.export.embedding.text import TextOptions, TextTower, read_text_model
from sotto.export.quantize.precision import Exceptions
from sotto.export.quantize.recipes import find_recipe
from sotto.npu.rules import judge

LENGTH = 16
PARITY = 1e-4
"""As of the torch graphs: XNNPACK's sums are in another order again."""

TEXTS = ["", "a", "the ring and the string", "日本語", "jumps over the lazy dog " * 9]


def quiet(line: str) -> None:
    """Nobody reads the progress."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MPNet, which has all that BERT has but for segments, and relative positions."""
    directory = save("mpnet", tmp_path_factory.mktemp("checkpoint") / "small-mpnet")
    save_pipeline(directory, max_length=LENGTH, prompts={"query": "query: "})
    return directory


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> EmbeddingSource:
    return read_text_model(checkpoint, options=TextOptions((), (2,)))


@pytest.fixture(scope="module")
def bundle(model: EmbeddingSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In fp32, of one graph: two texts of up to 16 tokens."""
    out = tmp_path_factory.mktemp("bundle") / "small-fp32"
    differences = write_embedding(model, out, "fp32", report=quiet)
    assert [difference.stage for difference in differences] == ["text_16x2"]
    assert all(difference.passed for difference in differences)
    return out


def test_the_bundle_gives_the_graphs_vectors(
    bundle: Path, checkpoint: Path, tmp_path: Path
) -> None:
    expected = TorchEncoder(checkpoint, tmp_path / "tables").encode(TEXTS)
    actual = TextOracle(bundle).encode(TEXTS, normalize=False)
    np.testing.assert_allclose(actual, expected, atol=PARITY, rtol=0)


def test_the_manifest_says_all_that_the_host_needs(bundle: Path) -> None:
    manifest = read_manifest(bundle)
    assert (manifest.purpose, manifest.family) == ("embeds text", "mpnet")
    assert manifest.dimensions == WIDTH
    assert manifest.embedding == Embedding(normalize=True)
    text = manifest.need(TextEncoder)
    (graph,) = text.graphs
    assert graph.name == "text_16x2"
    assert (text.pooling, text.max_length, text.pad_token) == ("mean", LENGTH, 1)
    assert text.prompts == {"query": "query: "}
    assert {spec.name: spec.shape for spec in graph.inputs} == {
        "hidden": (2, LENGTH, WIDTH),
        "mask": (2, 1, 1, LENGTH),
        "pool": (2, 1, LENGTH),
    }
    assert np.load(bundle / text.position_embedding).shape == (LENGTH, WIDTH)
    assert "text.attention.0.query" in manifest.layers["text.tflite"]


def test_every_operation_is_on_the_npus_list(bundle: Path) -> None:
    (verdict,) = judge(bundle / "text.tflite")
    assert not verdict.refusals
    assert not {"GATHER", "EMBEDDING_LOOKUP", "SELECT"} & set(verdict.counts)


@pytest.mark.parametrize(("precision", "cosine"), [("int8", 0.99), ("fp16", 0.9999)])
def test_quantising_keeps_the_vectors_directions(
    bundle: Path, tmp_path: Path, precision: str, cosine: float
) -> None:
    out = tmp_path / precision
    quantize_embedding(bundle, out, precision, report=quiet)
    manifest = read_manifest(out)
    table = manifest.need(TextEncoder).token_embedding
    assert (manifest.precision, table.dtype) == (precision, precision)
    assert (out / "text.tflite").stat().st_size < (bundle / "text.tflite").stat().st_size
    cosines = (TextOracle(out).encode(TEXTS) * TextOracle(bundle).encode(TEXTS)).sum(axis=1)
    assert cosines.min() >= cosine


def test_a_static_recipe_is_for_the_npu_and_keeps_the_vectors_directions(
    bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "npu"
    quantize_embedding_for_npu(bundle, out, find_recipe("int16"), quiet)
    manifest = read_manifest(out)
    assert manifest.precision == "npu-int16"
    assert manifest.need(TextEncoder).token_embedding.dtype == "int8"
    layers = manifest.layers["text.tflite"].values()
    assert {layer.precision for layer in layers} == {"int8-int16"}
    (verdict,) = judge(out / "text.tflite")
    assert not verdict.refusals
    assert "QUANTIZE" in verdict.counts
    cosines = (TextOracle(out).encode(TEXTS) * TextOracle(bundle).encode(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.95  # below it a vector has other neighbours


def test_layers_can_be_left_out_of_quantisation(bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "mixed"
    quantize_embedding(bundle, out, "int8", Exceptions({"text.feed_forward.0.*": "fp32"}), quiet)
    layers = read_manifest(out).layers["text.tflite"]
    assert layers["text.feed_forward.0.expand"].precision == "fp32"
    assert layers["text.feed_forward.1.expand"].precision == "int8"


def test_a_quantised_bundle_is_not_quantised_again(bundle: Path, tmp_path: Path) -> None:
    quantize_embedding(bundle, tmp_path / "int8", report=quiet)
    with pytest.raises(BundleError, match="is a int8 bundle that embeds text"):
        quantize_embedding(tmp_path / "int8", tmp_path / "again", report=quiet)


def test_the_bundle_itself_is_no_place_for_its_quantised_form(bundle: Path) -> None:
    with pytest.raises(OptionError, match="choose another directory"):
        quantize_embedding(bundle, bundle, report=quiet)


def test_a_conversion_beyond_the_tolerance_leaves_the_old_bundle(
    bundle: Path, model: EmbeddingSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text("an older bundle's")
    monkeypatch.setattr(
        TextTower,
        "expected",
        lambda *_: np.ones((2, WIDTH), np.float32),  # not these weights'
    )
    with pytest.raises(ConversionError, match="differs from the reference implementation"):
        write_embedding(model, out, "fp32", report=quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (out / "manifest.json").read_text() == "an older bundle's"


def test_the_longest_text_always_has_a_graph(checkpoint: Path) -> None:
    tower = read_text_model(checkpoint, options=TextOptions((8, 4, 8), (3, 1))).towers[0]
    assert [signature.name for signature, _ in tower.graphs()] == [
        "text_4x1",
        "text_4x3",
        "text_8x1",
        "text_8x3",
        "text_16x1",
        "text_16x3",
    ]


def test_texts_are_batched_where_that_is_no_slower() -> None:
    shapes = TextOptions().shapes(128)
    assert [length for length, batch in shapes if batch == 1] == [16, 24, 32, 48, 64, 96, 128]
    assert [length for length, batch in shapes if batch == 8] == [16, 24, 32, 48, 64]
    assert (128, 8) in TextOptions(batches=(1, 8), tokens=None).shapes(128)
    assert TextOptions((), (8,)).shapes(128) == [(128, 8)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (TextOptions((1,)), "lengths .* expected 2 to 16 each"),
        (TextOptions((17,)), "lengths .* expected 2 to 16 each"),
        (TextOptions(None, (0,)), "batches .* expected 1 to 1024 each"),
        (TextOptions(None, ()), "batches: expected one at least"),
    ],
)
def test_impossible_graphs_are_refused(
    checkpoint: Path, options: TextOptions, message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        read_text_model(checkpoint, options=options)


def test_a_damaged_manifest_is_told(bundle: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    manifest = json.loads((copy / "manifest.json").read_text())
    del manifest["components"][0]["pooling"]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"components\[0\]\.pooling is missing.*sotto convert"):
        quantize_embedding(copy, tmp_path / "out", report=quiet)


@pytest.mark.slow
def test_codeberts_true_shape_converts_within_the_tolerance(tmp_path: Path) -> None:
    shape = {
        "vocab_size": 50265,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "max_position_embeddings": 514,
    }
    directory = save("roberta", tmp_path / "codebert", **shape)
    config = json.loads((directory / "tokenizer_config.json").read_text())
    config["model_max_length"] = 512
    (directory / "tokenizer_config.json").write_text(json.dumps(config))
    model = read_text_model(directory, options=TextOptions((64,), (1,)))
    out = tmp_path / "bundle"
    differences = write_embedding(model, out, "fp32", report=quiet)
    assert [difference.stage for difference in differences] == ["text_64x1", "text_512x1"]
    for verdict in judge(out / "text.tflite"):
        assert not verdict.refusals
    quantize_embedding(out, tmp_path / "int8", report=quiet)
