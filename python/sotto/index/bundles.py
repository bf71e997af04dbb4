"""The bundles behind an index: which space of vectors each gives, and its encoders."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from sotto.bundle import MANIFEST, Manifest
from sotto.errors import BundleError
from sotto.runtime.locate import find_encoder

Bundle = str | os.PathLike[str]
"""A bundle's directory, or its name."""


def load_encoder(bundle: Bundle | None, modality: str, threads: int = 0) -> Any:
    """The encoder of one modality in a bundle: of a CLIP, one of its two.

    Raises:
        BundleError: the bundle is missing, damaged, or has no such encoder.
    """
    from sotto import embed

    encoders: dict[str, Any] = {
        "text": embed.TextEncoder,
        "image": embed.ImageEncoder,
        "audio": embed.AudioEncoder,
    }
    return encoders[modality](bundle, threads=threads)


def encoder_space(bundle: Bundle, modality: str) -> str:
    """The space of a bundle's encoder, which is not loaded.

    Raises:
        BundleError: the bundle is missing, or has no such encoder.
    """
    directory = find_encoder(bundle)
    encoders = manifest_of(directory).get("encoders")
    if not isinstance(encoders, dict) or modality not in encoders:
        raise BundleError(
            f"{directory} has no encoder of {modality}: give the bundle of one that does "
            "(sotto convert makes it)"
        )
    return bundle_space(directory)


def bundle_space(directory: Path) -> str:
    """``NAME@HASH`` of a bundle: its model's name and the hash of its manifest.

    Raises:
        BundleError: there is no manifest, or none that can be read.
    """
    digest = hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()[:16]
    return f"{manifest_of(directory).get('name')}@{digest}"


def manifest_of(directory: Path) -> Manifest:
    """A bundle's manifest as it stands; loading the bundle checks the files that it lists.

    Raises:
        BundleError: there is none, or none that can be read.
    """
    path = directory / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(
            f"{path} can't be read ({error}). Make the bundle again: sotto convert"
        ) from error
    if not isinstance(manifest, dict):
        raise BundleError(f"{path} is no bundle's manifest. Make the bundle again: sotto convert")
    return manifest
