"""ClipModel over small CLIP and SigLIP, against transformers' own classes and processors."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers", reason="its classes are the reference")
Image = pytest.importorskip("PIL.Image", reason="pip install 'sotto[embed]'")

import small_image_text as encoders  # noqa: E402
from small_pictures import pixels  # noqa: E402

from sotto.checkpoints.identify import identify  # noqa: E402
from sotto.embed import ClipModel, ImageEncoder, TextEncoder, load_encoder  # noqa: E402
from sotto.errors import BundleError, ImageError  # noqa: E402
from sotto.export.embedding.bundle import write_embedding  # noqa: E402
from sotto.export.embedding.families import EmbeddingOptions, read_embedding_source  # noqa: E402

TOLERANCE = 1e-4
"""Of unit vectors, and of logits over their scale: issue 6's, and sums in another order give less
than 1e-6."""

TEXTS = ["a dog in the snow", "", "two cats", "one very long story " * 40, "Ünïcödé 日本"]

Made = Callable[[str], tuple[Path, ClipModel]]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Checkpoint and model by family, in fp32."""

    @cache
    def make(family: str) -> tuple[Path, ClipModel]:
        folder = tmp_path_factory.mktemp(family)
        checkpoint = getattr(encoders, family)(folder / "checkpoint")
        # As few graphs as show that several work together: each takes seconds to convert.
        clip = family == "clip"
        options = EmbeddingOptions((16,) if clip else None, (1, 2) if clip else (2,))
        model = read_embedding_source(identify(str(checkpoint)), options)
        write_embedding(model, folder / "bundle", "fp32", report=lambda line: None)
        return checkpoint, ClipModel(folder / "bundle", threads=1)

    return make


@pytest.fixture(scope="session")
def images() -> list[np.ndarray]:
    """Three, of several sizes."""
    return [pixels(90, 120, seed=0), pixels(64, 64, seed=1), pixels(200, 70, seed=2)]


def logits(checkpoint: Path, family: str, images: list[np.ndarray]) -> np.ndarray:
    """transformers' own, each text by itself."""
    model = transformers.AutoModel.from_pretrained(checkpoint).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    kind = {"clip": "CLIPImageProcessorPil", "siglip": "SiglipImageProcessorPil"}[family]
    processor = getattr(encoders, kind).from_pretrained(checkpoint)
    values = processor(images, return_tensors="pt")["pixel_values"]
    columns = []
    for text in TEXTS:
        padding = "max_length" if family == "siglip" else False
        length = model.config.text_config.max_position_embeddings
        ids = tokenizer(
            text, truncation=True, max_length=length, padding=padding, return_tensors="pt"
        )["input_ids"]
        with torch.no_grad():
            columns.append(model(input_ids=ids, pixel_values=values).logits_per_image.numpy())
    return np.concatenate(columns, axis=1)


@pytest.mark.parametrize("family", ["clip", pytest.param("siglip", marks=pytest.mark.slow)])
def test_similarity_is_transformers_logits(
    made: Made, images: list[np.ndarray], family: str
) -> None:
    checkpoint, model = made(family)
    expected = logits(checkpoint, family, images)
    found = model.similarity(TEXTS, images)
    assert found.shape == (len(images), len(TEXTS))
    assert np.abs(found - expected).max() / max(1, model.logit_scale) <= TOLERANCE


def test_an_image_alone_among_others_and_as_a_file_has_one_vector(
    made: Made, images: list[np.ndarray]
) -> None:
    encoder = made("clip")[1].image
    buffer = io.BytesIO()
    Image.fromarray(images[0]).save(buffer, "PNG")
    together = encoder.encode([*images, buffer.getvalue(), Image.fromarray(images[0])])
    np.testing.assert_allclose(together[0], encoder.encode(images[0]), atol=1e-6)
    np.testing.assert_allclose(together[3:], np.stack([together[0]] * 2), atol=1e-6)
    np.testing.assert_allclose(encoder.encode(images, batch_size=1), together[:3], atol=1e-6)


def test_images_may_be_arrow_and_so_may_their_vectors(made: Made, images: list[np.ndarray]) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    encoder = made("clip")[1].image
    files = []
    for image in images:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "PNG")
        files.append(buffer.getvalue())
    array = encoder.encode(pyarrow.array(files, pyarrow.binary()), output="arrow")
    vectors = np.stack(array.to_numpy(zero_copy_only=False))
    np.testing.assert_allclose(vectors, encoder.encode(images), atol=1e-6)


def test_both_encoders_are_of_one_space(made: Made) -> None:
    model = made("clip")[1]
    assert model.text.space == model.image.space == model.space
    assert model.text.dimensions == model.image.dimensions == model.dimensions
    loaded = load_encoder(model.directory, threads=1)
    assert isinstance(loaded, ClipModel)
    assert loaded.space == model.space
    for kind in (TextEncoder, ImageEncoder):
        assert kind(model.directory, threads=1).space == model.space


def test_what_is_no_image_is_refused(made: Made, images: list[np.ndarray]) -> None:
    with pytest.raises(ImageError):
        made("clip")[1].image.encode([images[0], b"no image"])


def test_a_scale_that_is_no_number_is_refused(made: Made, tmp_path: Path) -> None:
    import json
    import shutil

    copy = Path(shutil.copytree(made("clip")[1].directory, tmp_path / "copy"))
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["embedding"]["logit_scale"] = "much"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match='logit_scale is "much", expected a number'):
        ClipModel(copy, threads=1)
