"""Any image in, 8-bit red, green and blue out: files by Pillow, arrays by their shape and type.

What transformers' ``convert_to_rgb`` and ``load_image`` do (``image_transforms.py``,
``image_utils.py`` of 5.23), with two differences, where those lose the picture: 16-bit greys are
scaled to 8 bits and not cut off at 255, and a file with transparency is laid on white like a PIL
image, whose transparency ``load_image`` drops.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sotto.errors import ImageError

try:
    from PIL import Image, ImageOps
except ImportError as missing:
    raise ImageError("reading images needs Pillow: pip install 'sotto[embed]'") from missing

__all__ = ["FORMATS", "MAX_PIXELS", "Image", "ImageSource", "Pixels", "read_pixels"]

Pixels: TypeAlias = NDArray[np.uint8]
"""``[height, width, channels]``: red, green and blue; 1 of grey; or 4, the last opacity."""

ImageSource: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | NDArray[Any]
)
"""A path, the bytes of a file, a PIL image, or an array: see :func:`read_image`."""

MAX_PIXELS = 89_478_485
"""Of an image that is read: Pillow's own bound, beyond which it warns of a decompression bomb."""

FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG"),
    *("PPM", "PSD", "QOI", "SGI", "TGA", "TIFF", "WEBP"),
)
"""What is read: not Pillow's formats that start another program (EPS) or are no pictures."""


def read_pixels(source: ImageSource, name: str, max_pixels: int = MAX_PIXELS) -> Pixels:
    """The pixels of an image.

    Args:
        source: a path or the bytes of a file of :data:`FORMATS` (of an animation the first
            frame), turned as its EXIF orientation says; a PIL image, turned likewise; or an array
            ``[H, W]``, ``[H, W, 1 | 3 | 4]`` or ``[1 | 3 | 4, H, W]``: see :func:`read_array`.
            What is transparent in a file or a PIL image is laid on white.
        name: what messages call it.
        max_pixels: the most that height times width may be.

    Returns:
        uint8 ``[H, W, 3]``; of an array also ``[H, W, 1 | 4]``, and maybe a view of it.

    Raises:
        ImageError: there is no such file, it is not an image or is damaged, or it is too large.
    """
    if isinstance(source, np.ndarray):
        return read_array(source, name, max_pixels)
    if isinstance(source, Image.Image):
        return _pixels(_read(source, name, max_pixels))
    if isinstance(source, bytes | bytearray | memoryview):
        return _pixels(_read(_opened(io.BytesIO(source), name), name, max_pixels))
    if isinstance(source, str | os.PathLike):
        with _file(name) as file:
            return _pixels(_read(_opened(file, name), name, max_pixels))
    raise ImageError(
        f"{name}: can't read an image from a {type(source).__name__}; expected a path, the bytes "
        "of a file, a PIL image, or a numpy array"
    )


_ROWS = 64


def _pixels(image: Image.Image) -> Pixels:
    """Of an image of mode RGB.

    A few rows at a time: Pillow gives bytes in pieces that it joins, which takes much longer where
    they are more than a cache holds.
    """
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, _ROWS):
        bottom = min(top + _ROWS, image.height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return pixels


def _file(name: str) -> io.BufferedReader:
    try:
        mode = Path(name).stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a directory" if stat.S_ISDIR(mode) else "a pipe, socket or device"
            raise ImageError(f"{name}: is {kind}; expected an image file. Name a file")
        return Path(name).open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{name!r}: can't be opened ({reason}). Check the path") from error


def _opened(file: Any, name: str) -> Image.Image:
    """The header alone is read here, so that a size is known before memory is taken for it."""
    Image.init()
    try:
        return Image.open(file, formats=[kind for kind in FORMATS if kind in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name}: {error}. Scale it down first") from error
    except Exception as error:  # damaged headers raise whatever a decoder comes across
        raise ImageError(
            f"{name}: is not an image that is read here, or its beginning is damaged "
            f"({type(error).__name__}). Expected one of {', '.join(FORMATS)}"
        ) from error


def _read(image: Image.Image, name: str, max_pixels: int) -> Image.Image:
    _check_size(image.height, image.width, name, max_pixels)
    try:
        image.load()
    except Exception as error:
        raise ImageError(
            f"{name}: a damaged or cut off image, {error!s:.120}. Get the file again"
        ) from error
    try:
        return _rgb(_turned(image), name)
    except (OSError, ValueError) as error:
        raise ImageError(
            f"{name}: its colours ({image.mode}) can't be converted to RGB. Save it as PNG or JPEG"
        ) from error


def _check_size(height: int, width: int, name: str, max_pixels: int) -> None:
    if height < 1 or width < 1:
        raise ImageError(f"{name}: is of {height} x {width} pixels; expected at least one")
    if height * width > max_pixels:
        raise ImageError(
            f"{name}: is of {height} x {width} pixels; at most {max_pixels} are read. "
            "Scale it down first, or raise max_pixels"
        )


def _turned(image: Image.Image) -> Image.Image:
    """As its EXIF orientation says; as it is, where the EXIF part is damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode == "RGB" and image.info.get("transparency") is None:
        return image
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        return Image.fromarray(read_array(np.asarray(image), name)[:, :, 0]).convert("RGB")
    if "A" in image.getbands() or image.info.get("transparency") is not None:
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def read_array(array: NDArray[Any], name: str, max_pixels: int = MAX_PIXELS) -> Pixels:
    """Pixels of an array, which may be a view of it: uint8 ``[H, W, 1 | 3 | 4]``.

    Args:
        array: ``[H, W]``, ``[H, W, 1 | 3 | 4]``, or channels first where the last is none of
            these. uint8 as it is; other integers from 0 to 255 as they are, beyond that from 0
            to 65535 by their upper 8 bits; floats from 0 to 1 as fractions of 255, rounded down as
            transformers does, and floats that are whole numbers up to 255 as these; bool as 0
            and 255. A fourth channel is opacity; what is transparent in floats is laid on white
            here, before they are rounded.
        name: what messages call it.
        max_pixels: the most that height times width may be.

    Raises:
        ImageError: another shape or type, or values out of range.
    """
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4) and array.shape[0] in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise ImageError(
            f"{name}: has shape {list(array.shape)}; expected [height, width] or "
            "[height, width, 1, 3 or 4 channels]"
        )
    _check_size(array.shape[0], array.shape[1], name, max_pixels)
    values = _ranged(array, name)
    if values.dtype == np.uint8:
        return values
    if values.shape[2] == 4:
        opacity = values[:, :, 3:]
        values = opacity * values[:, :, :3] + (1 - opacity)
    return (values.astype(np.float64) * 255).astype(np.float32).astype(np.uint8)


def _ranged(array: NDArray[Any], name: str) -> NDArray[Any]:
    """uint8, or floats from 0 to 1."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind not in "iuf":
        raise ImageError(f"{name}: has type {array.dtype}; expected uint8, or floats from 0 to 1")
    low, high = array.min(), array.max()
    integers = array.dtype.kind != "f" or (
        1 < high <= 255 and np.array_equal(array, np.floor(array))
    )
    bound = 65535 if array.dtype.kind != "f" else 255 if integers else 1
    if not (low >= 0 and high <= bound):
        raise ImageError(
            f"{name}: holds values from {low} to {high}; expected 0 to {bound} of {array.dtype}. "
            "Scale them, or convert to uint8"
        )
    if not integers:
        return array
    return (array if high <= 255 else array.astype(np.uint16) >> 8).astype(np.uint8)
