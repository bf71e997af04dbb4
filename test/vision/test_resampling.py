"""The runtime resizes pictures bit by bit as Pillow does."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image
from small_pictures import pixels

from sotto._runtime import ImageProcessor, Resample
from sotto.errors import ImageError, OptionError

FILTERS = list(Resample.__members__)
SIZES = [(1, 1), (1, 500), (500, 1), (3, 500), (2, 2), (37, 53), (224, 225), (480, 640), (641, 48)]
TARGETS = [(1, 1), (224, 224), (7, 333), (333, 7), (64, 64), (3, 2)]
"""Up and down, and tall pictures, of which Pillow resizes the columns first."""


def resized(array: np.ndarray, height: int, width: int, resample: str) -> np.ndarray:
    return processor(height, width, resample).crop(array)


def processor(
    height: int, width: int, resample: str = "BICUBIC", **changes: object
) -> ImageProcessor:
    options = {
        "output": (height, width),
        "shortest_edge": None,
        "size": (height, width),
        "crop": None,
        "resample": Resample[resample],
        "rescale": 1 / 255,
        "mean": (0.5, 0.4, 0.3),
        "std": (0.3, 0.2, 0.1),
        "max_pixels": 1_000_000,
    }
    return ImageProcessor(**{**options, **changes})


def by_pillow(array: np.ndarray, height: int, width: int, resample: str) -> np.ndarray:
    image = Image.fromarray(array)
    return np.asarray(image.resize((width, height), Image.Resampling[resample]))


@pytest.mark.parametrize("resample", FILTERS)
@pytest.mark.parametrize("size", SIZES)
def test_every_filter_and_size_is_pillows(resample: str, size: tuple[int, int]) -> None:
    sharp = (np.random.default_rng(0).integers(0, 2, (*size, 3)) * 255).astype(np.uint8)
    for array, target in itertools.product((pixels(*size), sharp), TARGETS):
        wanted = by_pillow(array, *target, resample)
        assert np.array_equal(resized(array, *target, resample), wanted), target


@pytest.mark.parametrize("resample", FILTERS)
def test_sizes_at_random_are_pillows(resample: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(100):
        height, width, new_height, new_width = (int(2 ** random.uniform(0, 8)) for _ in range(4))
        array = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        wanted = by_pillow(array, new_height, new_width, resample)
        assert np.array_equal(resized(array, new_height, new_width, resample), wanted), (
            array.shape,
            wanted.shape,
        )


@pytest.mark.parametrize("resample", FILTERS)
@pytest.mark.parametrize("size", [(90, 60), (60, 90), (64, 64), (7, 301), (31, 30)])
def test_the_crop_is_that_of_the_whole(resample: str, size: tuple[int, int]) -> None:
    array = pixels(*size)
    height, width = size
    short = min(size)
    new = (int(50 * height / short), int(50 * width / short))
    whole = by_pillow(array, *new, resample)
    top, left = (new[0] - 40) // 2, (new[1] - 44) // 2
    found = processor(40, 44, resample, shortest_edge=50, size=None, crop=(40, 44)).crop(array)
    assert np.array_equal(found, whole[top : top + 40, left : left + 44])


def test_a_smaller_picture_is_padded_with_black() -> None:
    array = pixels(3, 4)
    found = processor(8, 9, size=None, crop=(8, 9)).crop(array)
    assert np.array_equal(found[3:6, 3:7], array)
    assert found.sum() == array.astype(int).sum()


def test_grey_and_opacity_become_colours() -> None:
    grey = pixels(30, 40, 1)
    assert np.array_equal(
        resized(grey, 20, 20, "BICUBIC"), by_pillow(np.repeat(grey, 3, 2), 20, 20, "BICUBIC")
    )
    clear = pixels(30, 40, 4)
    opacity = clear[:, :, 3:] / 255
    white = np.round(opacity * clear[:, :, :3] + (1 - opacity) * 255).astype(np.uint8)
    assert np.array_equal(resized(clear, 20, 20, "BICUBIC"), by_pillow(white, 20, 20, "BICUBIC"))


def test_an_arrays_strides_are_obeyed() -> None:
    array = pixels(60, 80)
    for view in (array[::2], array[::-1], array[:, ::2], array[:, :, ::-1], array[10:, 5:-5]):
        wanted = by_pillow(np.ascontiguousarray(view), 20, 30, "BICUBIC")
        assert np.array_equal(resized(view, 20, 30, "BICUBIC"), wanted)
    row = np.broadcast_to(array[:1], array.shape)
    assert np.array_equal(
        resized(row, 20, 30, "BILINEAR"), by_pillow(np.array(row), 20, 30, "BILINEAR")
    )


def test_values_are_scaled_in_double_and_normalised_in_float() -> None:
    array = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    out = np.empty((3, 16, 16), np.float32)
    processor(16, 16).process(array, out)
    scaled = (np.arange(256) * (1 / 255)).astype(np.float32).reshape(16, 16)
    for channel, (mean, std) in enumerate(((0.5, 0.3), (0.4, 0.2), (0.3, 0.1))):
        assert np.array_equal(out[channel], (scaled - np.float32(mean)) / np.float32(std))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 5), np.uint8), r"shape \[h, w, c\]"),
        (np.zeros((5, 5, 2), np.uint8), "has 2 channels"),
        (np.zeros((0, 5, 3), np.uint8), "0 x 5 pixels"),
        (np.zeros((1001, 1000, 1), np.uint8), "at most 1000000 are read"),
    ],
)
def test_what_is_no_picture_is_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        processor(8, 8).crop(array)


def test_a_picture_that_resizing_would_make_huge_is_refused() -> None:
    strip = np.zeros((1, 300_000, 1), np.uint8)
    with pytest.raises(ImageError, match="so long that resized to 8 x 2400000"):
        processor(8, 8, shortest_edge=8, size=None, crop=(8, 8)).crop(strip)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": (8, 9)}, "do not end in the model's 8 x 8"),
        ({"size": (0, 8)}, "size is 0 x 8"),
        ({"shortest_edge": 8}, "exclude each other"),
        ({"shortest_edge": 8, "size": None}, "needs a crop"),
        ({"crop": (5000, 8)}, "crop is 5000 x 8"),
        ({"rescale": 0.0}, "rescale is 0"),
        ({"mean": (0, float("nan"), 0)}, "mean is not finite"),
        ({"std": (1, 1, 0)}, "std is 0"),
    ],
)
def test_settings_out_of_range_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        processor(8, 8, **changes)
