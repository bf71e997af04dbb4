"""Any images in, a model's own pixels out: decode, resize, crop, scale, normalise.

Pillow decodes; the runtime (``cpp/src/image``) does the rest, as it does in an app without Python.
The reference is transformers 5.23, whose ``CLIPImageProcessorPil``, ``ViTImageProcessorPil`` and
``SiglipImageProcessorPil`` (``PilBackend`` in ``image_processing_backends.py``) this follows bit
for bit. Its torchvision backend, which it prefers where torchvision is installed, resizes with
other kernels.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sotto import _runtime
from sotto.bundle import ImageEncoder, ImageSettings, open_bundle
from sotto.errors import ImageError
from sotto.preprocess.image_decode import MAX_PIXELS, Image, ImageSource, Pixels, read_pixels

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
        size, crop = settings.size or {}, settings.crop
        self._runtime = _runtime.ImageProcessor(
            output=(settings.height, settings.width),
            shortest_edge=size.get("shortest_edge"),
            size=(size["height"], size["width"]) if "height" in size else None,
            crop=(crop["height"], crop["width"]) if crop else None,
            resample=_runtime.Resample[settings.resample.upper()],
            rescale=settings.rescale,
            mean=settings.mean,
            std=settings.std,
            max_pixels=max_pixels,
        )

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
        sources: list[Any] = [images] if _is_one(images) else list(images)  # type: ignore[arg-type]
        out = np.empty((len(sources), *self.shape), np.float32)
        for number, source in enumerate(sources):
            name = _name(source, number, len(sources))
            pixels = read_pixels(source, name, self.max_pixels)
            with _named(name):
                self._runtime.process(pixels, out[number])
        return out

    def pixels(self, image: ImageSource) -> Pixels:
        """One image, resized and cropped, uint8 ``[height, width, 3]``: what the model sees.

        Raises:
            ImageError: it can't be read, or is too large.
        """
        name = _name(image, 0, 1)
        pixels = read_pixels(image, name, self.max_pixels)
        with _named(name):
            return self._runtime.crop(pixels)

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


@contextmanager
def _named(name: str) -> Iterator[None]:
    """The runtime's errors begin with the picture's name."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None


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
