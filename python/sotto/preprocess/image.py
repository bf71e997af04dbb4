"""Any images in, a model's own pixels out: decode, resize, crop, scale, normalise.

The reference is transformers 5.23, whose ``CLIPImageProcessorPil``, ``ViTImageProcessorPil`` and
``SiglipImageProcessorPil`` (``PilBackend`` in ``image_processing_backends.py``) this follows bit
for bit. Its torchvision backend, which it prefers where torchvision is installed, resizes with
other kernels.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sotto.bundle import ImageEncoder, ImageSettings, open_bundle
from sotto.errors import ImageError
from sotto.preprocess.image_decode import (
    MAX_PIXELS,
    Image,
    ImageSource,
    Pixels,
    read_array,
    read_image,
)

if TYPE_CHECKING:
    import pyarrow

Floats = NDArray[np.float32]


class ImageProcessor:
    """Images to what one model's image graph takes.

    Args:
        settings: the model's steps.
        max_pixels: the largest image that is read, height times width; it bounds memory.
    """

    def __init__(self, settings: ImageSettings, *, max_pixels: int = MAX_PIXELS) -> None:
        self.settings = settings
        self.max_pixels = max_pixels
        self._filter = Image.Resampling[settings.resample.upper()]
        # The reference's arithmetic on each of the 256 values a channel can have: the factor in
        # double, rounded to float32, then mean and std in float32.
        scaled = (np.arange(256, dtype=np.float64) * settings.rescale).astype(np.float32)
        mean, std = (np.array(each, np.float32)[:, None] for each in (settings.mean, settings.std))
        self._table = (scaled - mean) / std

    @classmethod
    def from_bundle(cls, directory: str | Path, *, max_pixels: int = MAX_PIXELS) -> ImageProcessor:
        """That of a bundle's image encoder.

        Raises:
            BundleError: there is no manifest, or it has no image encoder.
        """
        component = open_bundle(directory).manifest.need(ImageEncoder)
        return cls(component.processor, max_pixels=max_pixels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one image as the graph takes it: channels, height, width."""
        return self.settings.channels, self.settings.height, self.settings.width

    def __call__(self, images: ImageSource | Iterable[ImageSource]) -> Floats:
        """Images to the graph's input.

        Args:
            images: one image or several; of each what ``image_decode.read_image`` takes. An
                array of four axes is a batch.

        Returns:
            float32 ``[n, 3, height, width]``, normalised.

        Raises:
            ImageError: an image can't be read, or is too large; the message names it.
        """
        if isinstance(images, np.ndarray) and images.ndim == 4 and self._is_decoded(images):
            return self.normalise(images)
        sources: list[Any] = [images] if _is_one(images) else list(images)  # type: ignore[arg-type]
        out = np.empty((len(sources), *self.shape), np.float32)
        for number, source in enumerate(sources):
            self._normalise(self._pixels(source, _name(source, number, len(sources))), out[number])
        return out

    def pixels(self, image: ImageSource) -> Pixels:
        """One image, resized and cropped, uint8 ``[height, width, 3]``: what the model sees.

        Raises:
            ImageError: it can't be read, or is too large.
        """
        return self._pixels(image, _name(image, 0, 1))

    def normalise(self, pixels: Pixels) -> Floats:
        """Images of the model's own size, uint8 ``[n, H, W, 3]``, to float32 ``[n, 3, H, W]``.

        Raises:
            ImageError: another shape or type.
        """
        if pixels.ndim != 4 or not self._is_decoded(pixels):
            raise ImageError(
                f"the array is {pixels.dtype} {list(pixels.shape)}; expected uint8 [n, "
                f"{self.settings.height}, {self.settings.width}, 3]"
            )
        out = np.empty((len(pixels), *self.shape), np.float32)
        for one, target in zip(pixels, out, strict=True):
            self._normalise(one, target)
        return out

    def denormalise(self, values: Floats) -> Pixels:
        """What :meth:`__call__` gave, to look at.

        Args:
            values: float32 ``[3, height, width]`` or ``[n, 3, height, width]``.

        Returns:
            uint8 ``[height, width, 3]`` or ``[n, height, width, 3]``: the pixels as they were
            before they were normalised.
        """
        mean, std = np.array(self.settings.mean), np.array(self.settings.std)
        last = np.moveaxis(values, -3, -1)
        restored = np.rint((last * std + mean) / self.settings.rescale)
        return np.ascontiguousarray(np.clip(restored, 0, 255).astype(np.uint8))

    def to_arrow(self, images: ImageSource | Iterable[ImageSource]) -> pyarrow.Array:
        """Images as an Arrow array of float32 tensors ``[3, height, width]``, an image each.

        The array is over the memory that :meth:`__call__` filled: nothing is copied.

        Raises:
            ImageError: an image can't be read, or is too large.
        """
        from sotto.preprocess.arrow import tensor_array

        return tensor_array(self(images))

    def from_arrow(self, array: pyarrow.Array | pyarrow.ChunkedArray) -> Floats:
        """The graph's input, of an Arrow array of any of four kinds.

        Args:
            array: fixed-shape tensors as :meth:`to_arrow` makes them, of which the result is a
                view (of one chunk); fixed-shape tensors of decoded images, uint8 ``[H, W, 3]``;
                binary, the bytes of an image file each, which are read where they lie; or
                strings, which are paths. None may be null.

        Returns:
            float32 ``[n, 3, height, width]``.

        Raises:
            ImageError: the array is of another kind, has nulls, or holds what is not an image.
        """
        from sotto.preprocess.arrow import items, tensor_values

        values = tensor_values(array, ImageError)
        if values is None:
            return self(items(array, ImageError))
        if values.dtype == np.float32 and values.shape[1:] == self.shape:
            return values
        return self(values)

    def _is_decoded(self, pixels: NDArray[Any]) -> bool:
        """Whether an array holds 8-bit images that are already of the model's size."""
        shape = (self.settings.height, self.settings.width, 3)
        return pixels.dtype == np.uint8 and pixels.shape[1:] == shape and self._keeps_size()

    def _keeps_size(self) -> bool:
        """Whether images of the model's size stay as they are."""
        height, width = self.settings.height, self.settings.width
        return self._resized_size(height, width) == (height, width)

    def _pixels(self, source: ImageSource, name: str) -> Pixels:
        height, width = self.settings.height, self.settings.width
        if isinstance(source, np.ndarray):
            array = read_array(source, name, self.max_pixels)
            if array.shape == (height, width, 3) and self._keeps_size():
                return array
            image = Image.fromarray(array)
        else:
            image = read_image(source, name, self.max_pixels)
        new_height, new_width = self._resized_size(image.height, image.width)
        if new_height * new_width > self.max_pixels:
            raise ImageError(
                f"{name}: is of {image.height} x {image.width} pixels, so long that resized to "
                f"{new_height} x {new_width} it has more than {self.max_pixels}. Cut it first"
            )
        pixels = np.asarray(image.resize((new_width, new_height), self._filter))
        cropped = _centre(pixels, height, width) if self.settings.crop else pixels
        if cropped.shape != (height, width, 3):
            raise ImageError(
                f"{name}: is of {image.height} x {image.width} pixels; this model resizes none, "
                f"and takes {height} x {width}"
            )
        return cropped

    def _resized_size(self, height: int, width: int) -> tuple[int, int]:
        size = self.settings.size
        if size is None:
            return height, width
        if "shortest_edge" not in size:
            return size["height"], size["width"]
        short, long = sorted((height, width))
        new_short = size["shortest_edge"]
        new_long = int(new_short * long / short)
        return (new_long, new_short) if width <= height else (new_short, new_long)

    def _normalise(self, pixels: Pixels, out: Floats) -> None:
        index = np.empty(pixels.shape[:2], np.intp)
        for channel, values in enumerate(self._table):
            np.copyto(index, pixels[:, :, channel])
            # Every index is below 256; "clip" spares numpy's check and the buffer it takes.
            np.take(values, index, out=out[channel], mode="clip")


def _centre(pixels: Pixels, height: int, width: int) -> Pixels:
    """The middle ``height`` x ``width`` of ``[h, w, 3]``: ``center_crop`` of transformers.

    Where the image is smaller it is padded with black; of an odd difference the larger half goes
    before it.
    """
    for axis, wanted in ((0, height), (1, width)):
        found = pixels.shape[axis]
        if found < wanted:
            before = -((found - wanted) // 2)
            padding = [(0, 0)] * 3
            padding[axis] = (before, wanted - found - before)
            pixels = np.pad(pixels, padding)
        else:
            start = (found - wanted) // 2
            kept = slice(start, start + wanted)
            pixels = pixels[kept] if axis == 0 else pixels[:, kept]
    return pixels


def _is_one(images: object) -> bool:
    if isinstance(images, np.ndarray):
        return images.ndim != 4
    return isinstance(
        images, str | os.PathLike | bytes | bytearray | memoryview | Image.Image
    ) or not isinstance(images, Iterable)


def _name(source: object, number: int, count: int) -> str:
    """What messages call an image: its path, or where it is in the batch."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if isinstance(source, Image.Image) and (file := getattr(source, "filename", None)):
        return str(file)
    kinds = {np.ndarray: "the array", Image.Image: "the image"}
    kind = next((text for cls, text in kinds.items() if isinstance(source, cls)), "the bytes")
    return kind if count == 1 else f"{kind} {number} of {count}"
