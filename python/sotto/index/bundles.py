"""The bundles behind an index: which space of vectors each gives, and its encoders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sotto.bundle import open_bundle
from sotto.bundle.space import space_of
from sotto.errors import BundleError
from sotto.runtime.locate import find_encoder

Bundle = str | os.PathLike[str]
"""A bundle's directory, or its name."""


def load_encoder(bundle: Bundle | None, modality: str, **options: Any) -> Any:
    """The encoder of one modality in a bundle: of a CLIP, one of its two.

    ``options`` are those of :class:`sotto.embed.Encoder`.

    Raises:
        BundleError: the bundle is missing, damaged, or has no such encoder.
    """
    from sotto import embed

    encoders: dict[str, Any] = {
        "text": embed.TextEncoder,
        "image": embed.ImageEncoder,
        "audio": embed.AudioEncoder,
    }
    return encoders[modality](bundle, **options)


def encoder_space(bundle: Bundle, modality: str) -> str:
    """The space of a bundle's encoder, which is not loaded.

    Raises:
        BundleError: the bundle is missing, or has no such encoder.
    """
    directory = find_encoder(bundle)
    reader = open_bundle(directory)
    if modality not in reader.manifest.embedders:
        raise BundleError(
            f"{directory} has no encoder of {modality}: give the bundle of one that does "
            "(sotto convert makes it)"
        )
    return space_of(reader)


def bundle_space(directory: Path) -> str:
    """``NAME@HASH`` of a bundle, whose files are not checked: loading it does that.

    Raises:
        BundleError: there is no manifest, or none that can be read.
    """
    return space_of(open_bundle(directory))
