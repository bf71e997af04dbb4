"""A bundle to the encoder that it is."""

from __future__ import annotations

import os
from typing import Any

from sotto.embed.audio import AudioEncoder
from sotto.embed.bundle import EmbeddingBundle
from sotto.embed.clip import ClipModel
from sotto.embed.encoder import Encoder
from sotto.embed.image import ImageEncoder
from sotto.embed.text import TextEncoder
from sotto.errors import BundleError

_ENCODERS: dict[tuple[str, ...], type[Encoder] | type[ClipModel]] = {
    ("text", "image"): ClipModel,
    ("text",): TextEncoder,
    ("image",): ImageEncoder,
    ("audio",): AudioEncoder,
}


def load_encoder(bundle: str | os.PathLike[str], **options: Any) -> Encoder | ClipModel:
    """Loads a bundle of any encoder: a :class:`ClipModel` where it has both text and images.

    Arguments and errors are :class:`sotto.embed.Encoder`'s. A :class:`CodeEncoder` has no bundles
    of its own: make one where it is code that is embedded.
    """
    loaded = EmbeddingBundle(bundle, **options)
    made = _ENCODERS.get(tuple(loaded.runtime.modalities))
    if made is None:
        raise BundleError(
            f"{loaded.directory} embeds {' and '.join(loaded.runtime.modalities)}, for which "
            "there is no encoder"
        )
    return made(loaded)
