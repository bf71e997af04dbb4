"""Vectors that are distributed somewhat as embeddings are: a mixture of Gaussians on the sphere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

BLOCK = 50_000


@dataclass(frozen=True)
class Mixture:
    """Gaussians around centres that are themselves Gaussian, all with one decaying spectrum.

    Variance along the i-th axis of a random rotation is ``i ** -decay``, for the centres and, by
    ``spread`` squared of it, around each. Every draw is scaled to length 1. With a decay of 0.75
    the variance's participation ratio is 81 of 384 axes; isotropic noise, in which all vectors
    are about equally far, would have 384.

    Attributes:
        dimensions: of the vectors.
        components: how many Gaussians; a draw takes any with equal probability.
        decay: of the spectrum.
        spread: standard deviation around a centre, of the centres' own.
        seed: of everything.
    """

    dimensions: int = 384
    components: int = 1000
    decay: float = 0.75
    spread: float = 0.7
    seed: int = 0

    @cached_property
    def _axes(self) -> Vectors:
        """``[d, d]``: standard normal rows times it have the spectrum."""
        generator = np.random.default_rng([self.seed, 0])
        rotation, _ = np.linalg.qr(generator.standard_normal((self.dimensions, self.dimensions)))
        deviations = np.arange(1, self.dimensions + 1) ** (-self.decay / 2)
        return (deviations[:, np.newaxis] * rotation).astype(np.float32)

    @cached_property
    def _centres(self) -> Vectors:
        generator = np.random.default_rng([self.seed, 1])
        shape = (self.components, self.dimensions)
        return generator.standard_normal(shape, np.float32) @ self._axes

    def draw(self, count: int, stream: int) -> Vectors:
        """float32 ``[count, d]`` of length 1; another stream, other draws."""
        vectors = np.empty((count, self.dimensions), np.float32)
        generator = np.random.default_rng([self.seed, 2, stream])
        for start in range(0, count, BLOCK):
            block = vectors[start : start + BLOCK]
            generator.standard_normal(dtype=np.float32, out=block)
            block[:] = self.spread * (block @ self._axes)
            block += self._centres[generator.integers(self.components, size=len(block))]
            block /= np.linalg.norm(block, axis=1, keepdims=True)
        return vectors

    def __str__(self) -> str:
        return (
            f"mixture of {self.components} Gaussians, variance i^-{self.decay:g} along the axes of "
            f"a random rotation, spread {self.spread:g} of the centres', length 1, seed {self.seed}"
        )
