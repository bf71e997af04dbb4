"""The float32 bundle that another precision is made of, without the TorchScript it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from sotto.bundle import Manifest, read_manifest
from sotto.errors import BundleError
from sotto.export.tflite.layers import Layer

Does = Literal["transcribes", "embeds", "finds speech"]
"""What a bundle is for, as :attr:`Manifest.purpose` begins."""

Layers = dict[str, list[Layer]]
"""Of each file, in the order of its operations."""


def read_float_bundle(source: Path, does: Does) -> tuple[Manifest, Layers]:
    """The manifest and the layers of a float32 bundle of one purpose.

    Raises:
        BundleError: it is another kind of bundle, of another precision, or damaged.
    """
    manifest = read_manifest(source).without_compiled()
    again = "sotto convert makes one of a checkpoint with --precision fp32"
    if not manifest.purpose.startswith(does) or manifest.precision != "fp32":
        raise BundleError(
            f"{source} is a {manifest.precision} bundle that {manifest.purpose}; expected one of "
            f"fp32 that {does}: {again}"
        )
    if manifest.exceptions or not manifest.layers:
        raise BundleError(
            f"{source} has layers that are not fp32, or was made before layers had names: {again}"
        )
    layers = {
        file: [Layer.of_entry(name, entry) for name, entry in entries.items()]
        for file, entries in manifest.layers.items()
    }
    if absent := set(layers) - set(manifest.files):
        raise BundleError(f"{source}: files does not list {sorted(absent)[0]}; {again}")
    return manifest, layers
