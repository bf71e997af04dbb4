"""Text and images in one space."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sotto.embed.bundle import EmbeddingBundle
from sotto.embed.encoder import Vectors
from sotto.embed.image import ImageEncoder
from sotto.embed.text import TextEncoder


class ClipModel:
    """CLIP or SigLIP: a :class:`TextEncoder` and an :class:`ImageEncoder` over one bundle.

    Args and errors are :class:`sotto.embed.Encoder`'s.

    Attributes:
        text: the encoder of text.
        image: the encoder of images.
    """

    def __init__(self, bundle: str | os.PathLike[str] | EmbeddingBundle, **options: Any) -> None:
        if not isinstance(bundle, EmbeddingBundle):
            bundle = EmbeddingBundle(bundle, **options)
        self.text = TextEncoder(bundle)
        self.image = ImageEncoder(bundle)
        embedding = bundle.manifest.embedding
        assert embedding is not None  # as it has encoders
        self.logit_scale = 1.0 if embedding.logit_scale is None else embedding.logit_scale
        self.logit_bias = embedding.logit_bias or 0.0

    @property
    def name(self) -> str:
        """The model's name."""
        return self.text.name

    @property
    def space(self) -> str:
        """That of both encoders."""
        return self.text.space

    @property
    def dimensions(self) -> int:
        """Width of the vectors."""
        return self.text.dimensions

    @property
    def directory(self) -> Path:
        """The bundle."""
        return self.text.directory

    def similarity(self, texts: Any, images: Any) -> Vectors:
        """The checkpoint's logits: cosines, scaled, and for SigLIP shifted.

        Args:
            texts: as :meth:`TextEncoder.encode` takes them.
            images: as :meth:`ImageEncoder.encode` takes them.

        Returns:
            float32 ``[n_images, n_texts]``; one text or image counts as a list of one.
        """
        of_texts = self.text.encode(texts).reshape(-1, self.dimensions)
        of_images = self.image.encode(images).reshape(-1, self.dimensions)
        logits: Vectors = of_images @ of_texts.T * self.logit_scale + self.logit_bias
        return logits
