"""How one model's images are made: what the manifest holds as ``processor``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from sotto.errors import BundleError

Resample = Literal["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"]
"""Pillow's filters, in the order of the numbers by which preprocessor_config.json names them."""

LARGEST_SIDE = 4096
"""Of a model's own images, in pixels; the largest published encoder takes 1024."""


@dataclass(frozen=True)
class ImageSettings:
    """The steps of transformers' image processors, in their order: resize, crop, scale, normalise.

    Attributes:
        height: of what comes out, in pixels.
        width: likewise.
        size: what an image is resized to, ``{"shortest_edge": n}`` or
            ``{"height": h, "width": w}``; None: not at all.
        crop: ``{"height": h, "width": w}`` of the centre that is kept, padded with black where
            the image is smaller; None: nothing is cut.
        resample: the filter of the resizing.
        rescale: factor on the 8-bit values.
        mean: of each channel, taken away after it.
        std: of each channel, divided by at last.
    """

    height: int
    width: int
    size: Mapping[str, int] | None
    crop: Mapping[str, int] | None
    resample: Resample
    rescale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def channels(self) -> int:
        """Of what comes out: 3, red, green and blue."""
        return len(self.mean)

    def as_manifest(self) -> dict[str, Any]:
        """The manifest's entry."""
        entry = asdict(self)
        for name in ("size", "crop"):
            entry[name] = dict(entry[name]) if entry[name] else None
        return {**entry, "mean": list(self.mean), "std": list(self.std), "channels": self.channels}

    @classmethod
    def from_manifest(cls, entry: Any, source: str) -> ImageSettings:
        """Those of a manifest's entry.

        Raises:
            BundleError: a value is missing or out of range.
        """
        try:
            settings = cls(
                height=entry["height"],
                width=entry["width"],
                size=entry["size"],
                crop=entry["crop"],
                resample=entry["resample"],
                rescale=entry["rescale"],
                mean=tuple(entry["mean"]),
                std=tuple(entry["std"]),
            )
        except (KeyError, TypeError) as error:
            raise BundleError(
                f"{source}: the image processor lacks {error}. Convert the checkpoint again"
            ) from error
        if fault := settings.fault():
            raise BundleError(f"{source}: the image processor's {fault}. Convert it again")
        return settings

    def fault(self) -> str | None:
        """What is wrong with the values, None where nothing is."""
        given = {"height": self.height, "width": self.width}
        for name, size in (("size", self.size or given), ("crop", self.crop or given)):
            known = ({"height", "width"}, {"shortest_edge"})[: 2 if name == "size" else 1]
            if not isinstance(size, Mapping) or set(size) not in known:
                return f"{name} is {size!r:.60}, not height and width"
            if not all(type(side) is int and 1 <= side <= LARGEST_SIDE for side in size.values()):
                return f"{name} is {size!r:.60}, not pixels from 1 to {LARGEST_SIDE}"
        result = self.crop or self.size
        if result is not None and dict(result) != given:
            return (
                f"size {self.size!r:.60} and crop {self.crop!r:.60} do not end in the model's "
                f"{self.height} x {self.width} pixels"
            )
        if self.resample not in get_args(Resample):
            return f"resample is {self.resample!r:.60}, not one of {', '.join(get_args(Resample))}"
        for name, values in (("rescale", (self.rescale,)), ("mean", self.mean), ("std", self.std)):
            if not all(_is_number(value) for value in values):
                return f"{name} holds what is not a finite number"
        if len(self.mean) != 3 or len(self.std) != 3:
            return f"mean and std are of {len(self.mean)} and {len(self.std)} channels, not 3"
        if self.rescale == 0 or 0 in self.std:
            return "rescale or std is 0"
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)
