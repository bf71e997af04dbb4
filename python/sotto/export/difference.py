"""How far two tensors are apart, and whether that is near enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Difference:
    """One stage's distance from what it should equal.

    Attributes:
        stage: the graph's name.
        largest: largest absolute difference of any element.
        scale: largest absolute value of the expected tensors.
        signal_to_noise: dB, over all elements of the worst tensor.
        limit: what ``measure`` must not pass.
        in_decibel: the limit is a least signal-to-noise, not a largest difference.
    """

    stage: str
    largest: float
    scale: float
    signal_to_noise: float
    limit: float
    in_decibel: bool = False

    @property
    def passed(self) -> bool:
        """Whether the stage is within its limit (a NaN never is)."""
        if self.in_decibel:
            return self.signal_to_noise >= self.limit
        return self.largest <= self.limit

    def __str__(self) -> str:
        limit = f">= {self.limit:g} dB" if self.in_decibel else f"<= {self.limit:g}"
        return (
            f"{self.stage}: largest difference {self.largest:.2g} on values up to "
            f"{self.scale:.3g}, signal to noise {self.signal_to_noise:.0f} dB "
            f"({'within' if self.passed else 'BEYOND'} the limit {limit})"
        )


def compare(
    stage: str,
    pairs: list[tuple[np.ndarray, np.ndarray]],
    *,
    largest: float | None = None,
    decibel: float | None = None,
) -> Difference:
    """The worst difference over (actual, expected) pairs of equal shapes.

    Exactly one limit is given: ``largest`` absolute difference, or ``decibel`` of least
    signal to noise.
    """
    worst, scale, noise = 0.0, 0.0, math.inf
    for actual, expected in pairs:
        if actual.shape != expected.shape:
            raise ValueError(f"{stage}: {actual.shape} against {expected.shape}")
        error = np.abs(actual.astype(np.float64) - expected)
        worst = float(np.maximum(worst, error.max()))
        scale = max(scale, float(np.abs(expected).max()))
        power, error_power = (
            float(np.square(expected, dtype=np.float64).mean()),
            float(np.square(error).mean()),
        )
        if error_power > 0 or math.isnan(error_power):
            noise = float(np.minimum(noise, 10 * np.log10(power / error_power)))
    limit, in_decibel = (largest, False) if decibel is None else (decibel, True)
    if limit is None:
        raise ValueError("a limit is needed")
    return Difference(stage, worst, scale, noise, limit, in_decibel)


def decibel(pairs: list[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> float:
    """Signal to noise over all (actual, expected) pairs together."""
    signal = sum(float(np.square(e, dtype=np.float64).sum()) for _, e in pairs)
    noise = sum(float(np.square(a - e, dtype=np.float64).sum()) for a, e in pairs)
    return 10 * float(np.log10(signal / noise)) if noise else float("inf")
