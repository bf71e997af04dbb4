"""What is not an image, is damaged or too large is refused, by name, with what to do."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from small_pictures import encoded, picture, pixels

from sotto.errors import ImageError
from sotto.preprocess import ImageProcessor, ImageSettings

SETTINGS = ImageSettings(
    height=32,
    width=32,
    size={"shortest_edge": 32},
    crop={"height": 32, "width": 32},
    resample="bicubic",
    rescale=1 / 255,
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
)


@pytest.fixture
def processor() -> ImageProcessor:
    return ImageProcessor(SETTINGS)


def bomb(height: int, width: int) -> bytes:
    """A PNG of a few bytes whose header promises that many black pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    ended = chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + ended


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an image",
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
    ],
)
def test_what_is_no_image_is_named(
    processor: ImageProcessor, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "notes.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"notes\.png: is not an image .* PNG"):
        processor(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
def test_a_cut_off_file_is_named(processor: ImageProcessor, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "half"
    file = encoded(picture("RGB", 200, 300), kind)
    path.write_bytes(file[: len(file) // 2])
    with pytest.raises(ImageError, match=r"half: .*(damaged|cut off)"):
        processor(path)


@pytest.mark.parametrize("size", [(10_000, 10_000), (60_000, 60_000), (1, 100_000_000)])
def test_a_bomb_is_refused_before_memory_is_taken_for_it(
    processor: ImageProcessor, size: tuple[int, int]
) -> None:
    with pytest.raises(ImageError, match=r"the bytes: .*pixels"):
        processor(bomb(*size))


def test_an_image_that_resizing_would_make_huge_is_refused(processor: ImageProcessor) -> None:
    with pytest.raises(ImageError, match="so long that resized to"):
        processor(Image.new("L", (90_000_000 // 32, 1)))


def test_the_limit_is_the_callers(processor: ImageProcessor) -> None:
    assert ImageProcessor(SETTINGS, max_pixels=32 * 32)(pixels(32, 32)).shape == (1, 3, 32, 32)
    with pytest.raises(ImageError, match="at most 1024 are read"):
        ImageProcessor(SETTINGS, max_pixels=32 * 32)(pixels(33, 32))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 5, 2), np.uint8), r"shape \[5, 5, 2\]"),
        (np.zeros(5, np.uint8), r"shape \[5\]"),
        (np.zeros((0, 5, 3), np.uint8), "0 x 5 pixels"),
        (np.full((5, 5, 3), 300.5, np.float32), "values from 300.5"),
        (np.full((5, 5, 3), -0.1, np.float32), "values from -0.1"),
        (np.full((5, 5, 3), np.nan, np.float32), "values from nan"),
        (np.full((5, 5, 3), np.inf, np.float32), "values from inf"),
        (np.full((5, 5, 3), 70_000, np.int64), "values from 70000"),
        (np.full((5, 5), "x"), "has type <U1"),
        (np.zeros((5, 5, 3), complex), "has type complex128"),
    ],
)
def test_an_array_that_is_no_image_says_what_is_wrong(
    processor: ImageProcessor, array: np.ndarray, message: str
) -> None:
    with pytest.raises(ImageError, match=message):
        processor(array)


def test_paths_that_are_no_files_are_named(processor: ImageProcessor, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"absent.*No such file"):
        processor(tmp_path / "absent.png")
    with pytest.raises(ImageError, match="is a directory"):
        processor(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ImageError, match="is a pipe"):
        processor(pipe)
    with pytest.raises(ImageError, match="can't be opened"):
        processor("a\0b")


def test_an_object_of_another_kind_is_refused(processor: ImageProcessor) -> None:
    with pytest.raises(ImageError, match="from a dict"):
        processor([{}])  # type: ignore[list-item]


def test_the_bad_one_of_a_batch_is_named(processor: ImageProcessor) -> None:
    with pytest.raises(ImageError, match="the bytes 1 of 2"):
        processor([pixels(5, 5), b"no"])


def test_a_damaged_orientation_does_not_lose_the_picture(processor: ImageProcessor) -> None:
    image = picture("RGB", 40, 60)
    file = encoded(image, "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert np.array_equal(processor(file), processor(image))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"]),
    place=st.floats(0, 1, exclude_max=True),
    value=st.integers(0, 255),
    length=st.integers(1, 4),
)
def test_a_changed_file_is_read_or_refused(
    kind: str, place: float, value: int, length: int
) -> None:
    file = bytearray(encoded(picture("RGB", 20, 30), kind))
    at = int(place * len(file))
    file[at : at + length] = bytes([value]) * length
    with contextlib.suppress(ImageError):
        assert np.isfinite(ImageProcessor(SETTINGS, max_pixels=1 << 20)(bytes(file))).all()


@pytest.mark.parametrize(
    ("entry", "value", "message"),
    [
        ("size", {"longest_edge": 3}, "size"),
        ("crop", {"height": 32, "width": 31}, "do not end in"),
        ("height", 0, "do not end in"),
        ("resample", "sinc", "resample"),
        ("mean", (0.5,), "channels"),
        ("std", (0.0, 1.0, 1.0), "is 0"),
        ("rescale", float("nan"), "finite"),
        ("crop", {"height": 1 << 20, "width": 1 << 20}, "pixels from 1"),
    ],
)
def test_a_manifests_impossible_settings_are_refused(
    entry: str, value: object, message: str
) -> None:
    settings = replace(SETTINGS, **{entry: value})  # type: ignore[arg-type]
    assert message in (settings.fault() or "")


def test_where_pillow_is_missing_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "from sotto.preprocess import read_audio\n"
        "from sotto.errors import ImageError\n"
        "try:\n"
        "    from sotto.preprocess import ImageProcessor\n"
        "except ImageError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'sotto[embed]'" in done.stdout
