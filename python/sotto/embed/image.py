"""Images to vectors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from sotto.bundle import components as bundle_components
from sotto.embed.bundle import EmbeddingBundle
from sotto.embed.encoder import Encoder, Output, Progress, check_options, listed

if TYPE_CHECKING:
    from sotto.preprocess import ImageProcessor


class ImageEncoder(Encoder):
    """A ViT, or the image side of CLIP; see :class:`Encoder` for arguments and errors."""

    modality = "image"

    def __init__(self, bundle: str | os.PathLike[str] | EmbeddingBundle, **options: Any) -> None:
        super().__init__(bundle, **options)
        from sotto.preprocess import ImageProcessor

        component = self._bundle.component(bundle_components.ImageEncoder)
        self.processor: ImageProcessor = ImageProcessor(component.processor)

    def encode(
        self,
        items: Any,
        *,
        batch_size: int = 32,
        normalize: bool = True,
        output: Output = "numpy",
        progress: Progress | None = None,
    ) -> Any:
        """Images to vectors.

        Args:
            items: an image, or several in a list, a tuple or a pyarrow array; each what
                :class:`sotto.preprocess.ImageProcessor` takes: a path, the bytes of a file, a
                Pillow image, or an array ``[height, width, channels]``.
            batch_size, normalize, output, progress: as :meth:`Encoder.encode`.

        Returns:
            As :meth:`Encoder.encode`.

        Raises:
            ImageError: an item is no image, or one that is refused.
            OptionError: an option is out of range.
        """
        check_options(batch_size, normalize, output)
        images, single = listed(items)
        vectors = np.empty((len(images), self.dimensions), np.float32)
        for start in range(0, len(images), batch_size):
            some = images[start : start + batch_size]
            vectors[start : start + len(some)] = self._runtime.encode_pixels(self.processor(some))
            if progress is not None:
                progress(start + len(some), len(images))
        return self._finish(vectors, single, normalize, output)
