"""The host's side of a decoder step, over torch tensors: what comparisons step through."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from sotto.graphs.whisper import MASKED

Graph = Callable[..., Sequence[Tensor]]


class StepCaches:
    """Plays the host of a decoder step: owns mask and caches, writes one position a call.

    ``step`` takes and returns tensors as ``graphs.whisper.DecoderStep`` does.
    """

    def __init__(self, layers: int, step: Graph, cross: Sequence[Tensor], cache: int) -> None:
        _, heads, _, width = cross[0].shape
        self._layers, self._step, self._cross = layers, step, tuple(cross)
        self._mask = torch.full((1, 1, 1, cache + 1), MASKED)
        self._mask[..., cache] = 0
        self._keys = [torch.zeros(1, heads, cache, width) for _ in range(layers)]
        self._values = [torch.zeros(1, heads, width, cache) for _ in range(layers)]
        self._position = 0

    def take(self, caches: Sequence[Tensor], positions: int) -> None:
        """Goes on from caches that hold ``positions`` positions: keys, then values."""
        self._keys, self._values = list(caches[: self._layers]), list(caches[self._layers :])
        self._mask[..., :positions] = 0
        self._position = positions

    def advance(self, hidden: Tensor) -> np.ndarray:
        """``hidden [width]`` of the next position to its logits ``[V]``."""
        logits, *new = self._step(
            hidden.reshape(1, 1, -1), self._mask, *self._keys, *self._values, *self._cross
        )
        at = self._position
        for layer in range(self._layers):
            self._keys[layer][..., at : at + 1, :] = new[layer]
            self._values[layer][..., at : at + 1] = new[self._layers + layer]
        self._mask[..., at] = 0
        self._position += 1
        row: np.ndarray = logits.reshape(-1).numpy()
        return row
