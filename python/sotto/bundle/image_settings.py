"""How one model's images are made: what the manifest holds as ``processor``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from sotto.bundle.graph import Count

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
        resample: the filter of the resizing.
        rescale: factor on the 8-bit values.
        mean: of each channel, taken away after it.
        std: of each channel, divided by at last.
        size: what an image is resized to, ``{"shortest_edge": n}`` or
            ``{"height": h, "width": w}``; None: not at all.
        crop: ``{"height": h, "width": w}`` of the centre that is kept, padded with black where
            the image is smaller; None: nothing is cut.
    """

    height: Count
    width: Count
    resample: Resample
    rescale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: Mapping[str, Count] | None = None
    crop: Mapping[str, Count] | None = None

    @property
    def channels(self) -> int:
        """Of what comes out: 3, red, green and blue."""
        return len(self.mean)

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
