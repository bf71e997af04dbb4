"""From texts and pictures to similarities: bundle, tokeniser, processor and runtime together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers", reason="its classes are the reference")

import small_image_text as encoders  # noqa: E402
from small_pictures import pixels  # noqa: E402

from sotto.embed import ClipModel, ImageEncoder  # noqa: E402

Made = Callable[[str, str], tuple[Path, Path]]

TEXTS = [
    "a cat",
    "",
    "A Dog in the park, described at such length that some of it is cut off at the end",
    "Über den Dächern",
]
IMAGES = [pixels(90, 120, seed=seed) for seed in range(5)]

# Cosines, as exact as the graphs', times a scale of e^2.5.
TOLERANCE = 1e-3


def expected(model: Any, processor: Any, checkpoint: Path, length: int) -> np.ndarray:
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    ids = tokenizer(
        TEXTS, padding="max_length", truncation=True, max_length=length, return_tensors="pt"
    )
    with torch.no_grad():
        outputs = model(
            input_ids=ids["input_ids"],
            pixel_values=processor(IMAGES, return_tensors="pt")["pixel_values"],
        )
    return np.asarray(outputs.logits_per_image.numpy())


def test_clips_similarities_are_transformers(made: Made) -> None:
    checkpoint, bundle = made("clip", "fp32")
    model = transformers.CLIPModel.from_pretrained(checkpoint).eval()
    processor = encoders.CLIPImageProcessorPil.from_pretrained(checkpoint)
    actual = ClipModel(bundle, threads=1).similarity(TEXTS, IMAGES)
    assert actual.shape == (5, 4)
    assert np.abs(actual - expected(model, processor, checkpoint, 40)).max() <= TOLERANCE


@pytest.mark.slow
def test_siglips_similarities_are_transformers(made: Made) -> None:
    checkpoint, bundle = made("siglip", "fp32")
    model = transformers.SiglipModel.from_pretrained(checkpoint).eval()
    processor = encoders.SiglipImageProcessorPil.from_pretrained(checkpoint)
    actual = ClipModel(bundle, threads=1).similarity(TEXTS, IMAGES)
    assert np.abs(actual - expected(model, processor, checkpoint, 24)).max() <= TOLERANCE


def test_a_vits_vectors_are_of_any_number_of_images(made: Made) -> None:
    _, bundle = made("vit", "int8")
    encoder = ImageEncoder(bundle, threads=1)
    vectors = encoder.encode(IMAGES)
    assert vectors.shape == (5, encoder.dimensions)
    for one, image in zip(vectors, IMAGES, strict=True):
        # Eight bits are chosen for a batch as a whole: its neighbours move a vector a little.
        assert one @ encoder.encode(image) >= 0.999
