"""Images become a model's pixels exactly as transformers' own processors make them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from small_pictures import encoded, picture, pixels, saved

from sotto.checkpoints.preprocessor import read_preprocessor
from sotto.preprocess import ImageProcessor

transformers = pytest.importorskip("transformers", reason="its processors are the reference")
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil  # noqa: E402
from transformers.models.siglip.image_processing_pil_siglip import (  # noqa: E402
    SiglipImageProcessorPil,
)
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil  # noqa: E402

SIZES = [(224, 224), (225, 224), (480, 640), (640, 481), (37, 53), (1, 1), (3, 500), (223, 1024)]
MODES = ["RGB", "L", "1", "P", "P+transparency", "RGBA", "LA", "CMYK", "YCbCr", "HSV"]

Pair = tuple[ImageProcessor, Any]


def pair(reference: Any, family: str, folder: Path, side: int = 224) -> Pair:
    """Ours, read from the file that theirs saves, and theirs."""
    reference.save_pretrained(folder)
    return ImageProcessor(read_preprocessor(folder, family, side)), reference


@pytest.fixture(params=["clip", "vit", "siglip"])
def processors(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    made: dict[str, Callable[[], Any]] = {
        "clip": CLIPImageProcessorPil,
        "vit": lambda: ViTImageProcessorPil(do_convert_rgb=True),
        "siglip": SiglipImageProcessorPil,
    }
    return pair(made[request.param](), request.param, tmp_path)


@pytest.fixture
def clip(tmp_path: Path) -> Pair:
    return pair(CLIPImageProcessorPil(), "clip", tmp_path)


def expected(reference: Any, image: Any, **options: Any) -> np.ndarray:
    return np.asarray(reference(image, return_tensors="np", **options)["pixel_values"])


@pytest.mark.parametrize("size", SIZES)
def test_pixels_of_every_size_are_transformers_own(processors: Pair, size: tuple[int, int]) -> None:
    ours, reference = processors
    image = Image.fromarray(pixels(*size))
    assert np.array_equal(ours(image), expected(reference, image))


@pytest.mark.parametrize("mode", MODES)
def test_pixels_of_every_mode_are_transformers_own(processors: Pair, mode: str) -> None:
    ours, reference = processors
    image = picture(mode)
    assert np.array_equal(ours(image), expected(reference, image))


@pytest.mark.parametrize("side", [10, 33, 97, 336])
def test_other_sizes_crops_and_filters_are_transformers_own(tmp_path: Path, side: int) -> None:
    ours, reference = pair(
        CLIPImageProcessorPil(
            size={"shortest_edge": 64}, crop_size={"height": side, "width": side}, resample=1
        ),
        "clip",
        tmp_path,
        side,
    )
    for size in ((64, 99), (81, 60), (500, 501)):
        image = Image.fromarray(pixels(*size))
        assert np.array_equal(ours(image), expected(reference, image))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", ["uint8", "fractions", "whole floats"])
def test_arrays_are_taken_as_transformers_takes_them(clip: Pair, channels: int, kind: str) -> None:
    ours, reference = clip
    array: np.ndarray = pixels(50, 70, channels)
    if kind == "whole floats":
        if channels == 4:
            pytest.skip("transformers refuses them")
        array = array.astype(np.float32)
    # transformers scales fractions to 255 to resize them and back: its own factor is one too many.
    options = {"do_rescale": False} if kind == "fractions" else {}
    if kind == "fractions":
        array = (array / 255).astype(np.float32)
    assert np.array_equal(ours(array), expected(reference, array, **options))


def test_grey_arrays_and_channels_first_are_the_same_picture(clip: Pair) -> None:
    ours, _ = clip
    grey = pixels(50, 70, 1)
    assert np.array_equal(ours(grey[:, :, 0]), ours(grey))
    colour = pixels(50, 70)
    assert np.array_equal(ours(colour.transpose(2, 0, 1)), ours(colour))


def test_files_bytes_and_objects_are_the_same_picture(clip: Pair, tmp_path: Path) -> None:
    ours, reference = clip
    image = picture("RGB", 300, 410)
    path = saved(tmp_path / "picture.png", image)
    wanted = expected(reference, image)
    for source in (path, str(path), path.read_bytes(), memoryview(path.read_bytes()), image):
        assert np.array_equal(ours(source), wanted)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_every_format_is_read_as_pillow_reads_it(clip: Pair, kind: str) -> None:
    ours, reference = clip
    file = encoded(picture("RGB", 90, 120), kind)
    assert np.array_equal(ours(file), expected(reference, Image.open(io.BytesIO(file))))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_as_their_camera_was_held(
    clip: Pair, tmp_path: Path, orientation: int
) -> None:
    ours, reference = clip
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "turned.png", picture("RGB", 60, 90), exif=exif)
    wanted = expected(reference, str(path))  # by its load_image
    assert np.array_equal(ours(path), wanted)
    assert np.array_equal(ours(Image.open(path)), wanted)
    assert np.array_equal(ours(ImageOps.exif_transpose(Image.open(path))), wanted)


def test_an_animation_is_its_first_frame(clip: Pair, tmp_path: Path) -> None:
    ours, _ = clip
    frames = [Image.fromarray(pixels(40, 60, seed=seed)).quantize(64) for seed in range(3)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert np.array_equal(ours(path), ours(frames[0].convert("RGB")))


def test_what_is_transparent_in_a_file_lies_on_white(clip: Pair, tmp_path: Path) -> None:
    ours, reference = clip
    image = picture("RGBA")
    assert np.array_equal(ours(encoded(image, "PNG")), expected(reference, image))


def test_sixteen_bit_greys_keep_their_upper_eight(clip: Pair, tmp_path: Path) -> None:
    ours, _ = clip
    levels = (pixels(40, 60, 1)[:, :, 0].astype(np.uint16) << 8) + 77
    path = saved(tmp_path / "deep.png", Image.fromarray(levels))
    eight = (levels >> 8).astype(np.uint8)
    assert np.array_equal(ours(path), ours(eight))
    assert np.array_equal(ours(levels), ours(eight))
    dark = saved(tmp_path / "dark.png", Image.fromarray(levels >> 8))
    assert np.array_equal(ours(dark), ours(np.zeros_like(eight)))


def test_a_batch_is_its_images(clip: Pair) -> None:
    ours, _ = clip
    images = [picture("RGB", 40, 60), pixels(224, 224), encoded(picture("L"), "PNG")]
    batch = ours(images)
    assert batch.shape == (3, 3, 224, 224)
    assert batch.dtype == np.float32
    for one, image in zip(batch, images, strict=True):
        assert np.array_equal(one[None], ours(image))


def test_decoded_batches_are_their_images(clip: Pair) -> None:
    ours, reference = clip
    for size in ((224, 224), (100, 150)):
        images = np.stack([pixels(*size, seed=seed) for seed in range(4)])
        assert np.array_equal(ours(images), expected(reference, list(images)))


def test_no_images_are_an_empty_batch(clip: Pair) -> None:
    assert clip[0]([]).shape == (0, 3, 224, 224)


def test_denormalised_pixels_are_those_that_were_cropped(processors: Pair) -> None:
    ours, _ = processors
    image = picture("RGB", 300, 400)
    assert np.array_equal(ours.denormalise(ours(image))[0], ours.pixels(image))
    assert np.array_equal(ours.denormalise(ours(image)[0]), ours.pixels(image))


def test_the_manifests_entry_gives_the_same_processor(clip: Pair) -> None:
    from sotto.bundle.codec import decode, encode
    from sotto.preprocess import ImageSettings

    settings = clip[0].settings
    assert decode(ImageSettings, json.loads(json.dumps(encode(settings)))) == settings
    assert (settings.channels, settings.height, settings.width) == (3, 224, 224)
