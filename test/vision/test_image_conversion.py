"""CLIP, SigLIP and ViT become bundles whose vectors are transformers' own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers", reason="its classes are the reference")

import small_image_text as encoders  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402
from small_pictures import pixels  # noqa: E402

from sotto.bundle import Embedding, ImageEncoder, TextEncoder, read_manifest  # noqa: E402
from sotto.checkpoints import CheckpointError  # noqa: E402
from sotto.checkpoints.identify import identify  # noqa: E402
from sotto.errors import OptionError  # noqa: E402
from sotto.export.embedding.bundle import embed, unit  # noqa: E402
from sotto.export.embedding.families import EmbeddingOptions, read_embedding_source  # noqa: E402
from sotto.export.tflite.graphs import read_graphs  # noqa: E402
from sotto.npu.check import check  # noqa: E402
from sotto.npu.plugin import own_adapter  # noqa: E402
from sotto.preprocess import ImageProcessor  # noqa: E402

Made = Callable[[str, str], tuple[Path, Path]]

SMALL = encoders.FAMILIES


def silent(line: str) -> None:
    pass


def image_vectors(bundle: Path, images: np.ndarray) -> np.ndarray:
    """Of two images, through the processor and the graph that the manifest names."""
    manifest = read_manifest(bundle)
    graph = manifest.need(ImageEncoder).graphs[0]
    interpreter = Interpreter(str(bundle / graph.file), num_threads=1)
    return embed(interpreter, graph, [ImageProcessor.from_bundle(bundle)(images)])


def test_a_picture_gets_transformers_vector_from_its_bytes_on(made: Made) -> None:
    checkpoint, bundle = made("clip", "fp32")
    images = np.stack([pixels(90, 120, seed=seed) for seed in range(2)])
    model = transformers.CLIPModel.from_pretrained(checkpoint).eval()
    processor = encoders.CLIPImageProcessorPil.from_pretrained(checkpoint)
    with torch.no_grad():
        inputs = processor(list(images), return_tensors="pt")
        expected = model.get_image_features(**inputs).pooler_output.numpy()
    # The graphs' own: test_image_text_graphs.py.
    assert np.abs(image_vectors(bundle, images) - expected).max() <= 1e-4


@pytest.mark.parametrize("family", ["vit", pytest.param("clip", marks=pytest.mark.slow)])
def test_eight_bits_keep_a_vectors_direction(made: Made, family: str) -> None:
    checkpoint, bundle = made(family, "int8")
    images = np.stack([pixels(90, 120, seed=seed) for seed in range(2)])
    values = torch.from_numpy(ImageProcessor.from_bundle(bundle)(images))
    model = transformers.AutoModel.from_pretrained(checkpoint).eval()
    with torch.no_grad():
        outputs = model(values) if family == "vit" else model.get_image_features(values)
    cosines = (unit(image_vectors(bundle, images)) * unit(outputs.pooler_output.numpy())).sum(
        axis=1
    )
    # What is asked of 8 bits; these two random layers give some 0.9995.
    assert cosines.min() >= 0.99


def test_the_manifest_says_what_the_host_needs(made: Made) -> None:
    _, bundle = made("clip", "fp32")
    manifest = read_manifest(bundle)
    assert (manifest.purpose, manifest.family) == ("embeds text and image", "clip")
    assert manifest.dimensions == 32
    assert manifest.embedding is not None
    assert manifest.embedding.normalize is True
    assert manifest.embedding.logit_scale == pytest.approx(np.exp(2.5))
    assert manifest.embedding.logit_bias == 0
    text, image = manifest.need(TextEncoder), manifest.need(ImageEncoder)
    assert (text.gelu, image.gelu) == ("quick", "quick")
    assert (text.pooling, text.eot_token, text.masked) == ("eot", 513, None)
    assert (text.max_length, text.padded) == (40, False)
    assert [graph.shape("hidden")[1] for graph in text.graphs] == [40]
    assert [graph.name for graph in image.graphs] == ["image_2"]
    assert image.processor.size == {"shortest_edge": encoders.SIDE}
    assert image.processor.resample == "bicubic"


@pytest.mark.slow
def test_siglip_pads_every_text_and_takes_the_last_position(made: Made) -> None:
    _, bundle = made("siglip", "fp32")
    manifest = read_manifest(bundle)
    text = manifest.need(TextEncoder)
    assert (text.pooling, text.padded, text.pad_token) == ("last", True, 513)
    assert [graph.shape("hidden")[1] for graph in text.graphs] == [text.max_length] == [24]
    assert manifest.embedding is not None
    assert manifest.embedding.logit_bias == -1.25


def test_a_vit_is_a_bundle_of_images_alone(made: Made) -> None:
    _, bundle = made("vit", "int8")
    manifest = read_manifest(bundle)
    assert list(manifest.embedders) == ["image"]
    assert manifest.embedding == Embedding(normalize=False)
    assert manifest.need(ImageEncoder).processor.resample == "bilinear"


@pytest.mark.skipif(own_adapter() is None, reason="the plugin's library is built on Linux alone")
@pytest.mark.parametrize(
    "family",
    [
        "clip",
        *(pytest.param(family, marks=pytest.mark.slow) for family in ("siglip", "vit", "dinov2")),
    ],
)
def test_every_graph_is_one_partition_with_nothing_outside(made: Made, family: str) -> None:
    _, bundle = made(family, "fp32")
    found = check(bundle, ["mt6991"], None, silent)
    assert found.whole
    for graph in found.graphs:
        partitioning = graph.partitionings["mt6991"]
        assert (partitioning.partitions, partitioning.refusals) == (1, ())


def test_a_batchs_products_are_taken_as_they_lie(made: Made) -> None:
    _, bundle = made("clip", "fp32")
    for file in ("image.tflite", "text.tflite"):
        (graph,) = read_graphs(bundle / file)
        products = [op for op in graph.operations if op.name == "BATCH_MATMUL"]
        taken = [{tensor.shape[:2] for tensor in product.inputs} for product in products]
        assert taken.count({(2, 4)}) == 4  # batch and heads of two blocks' keys and values


def test_impossible_options_are_refused(tmp_path: Path) -> None:
    for family, lengths, batches, message in (
        ("clip", (41,), (1,), "lengths"),
        ("siglip", (8,), (1,), "SigLIP pads every text"),
        ("vit", None, (0,), "batches"),
        ("vit", (8,), (1,), "a vit takes no texts"),
    ):
        checkpoint = SMALL[family](tmp_path / family)
        with pytest.raises(OptionError, match=message):
            read_embedding_source(identify(str(checkpoint)), EmbeddingOptions(lengths, batches))


def test_a_clip_without_its_tokenizer_is_refused(tmp_path: Path) -> None:
    checkpoint = encoders.clip(tmp_path / "clip")
    (checkpoint / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match="has no tokenizer"):
        read_embedding_source(identify(str(checkpoint)), EmbeddingOptions())
