"""The host's side of graphs over blocks, on torch tensors: what comparisons run through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from sotto.bundle import Signature
from sotto.export.whisper.step_caches import Graph
from sotto.graphs.whisper import MASKED

REPEATS = 4
"""How often a comparison says its sample: more tokens than a block has, so that a block looks
back at the one before."""


def run_prefill(
    graph: Graph, signature: Signature, cross: Sequence[Tensor], hidden: Tensor
) -> list[Tensor]:
    """Runs a whole text block by block.

    Args:
        graph: takes and returns tensors as ``graphs.prefill.PrefillBlock`` does.
        signature: its names and shapes.
        cross: the encoder's outputs.
        hidden: ``[n, width]``, token rows plus position rows; n is at most the cache.

    Returns:
        The caches: each layer's keys ``[1, H, C, 64]``, then values ``[1, H, 64, C]``.
    """
    caches = empty_caches(signature, len(cross) // 2)
    for start, n, padded, mask in _blocks(signature, hidden):
        _write(caches, graph(padded, mask, *caches, *cross), start, n)
    return caches


def run_alignment(
    graph: Graph, signature: Signature, cross: Sequence[Tensor], hidden: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Runs a whole text block by block, writing each block's keys and values to the caches.

    Args:
        graph: takes and returns tensors as ``graphs.alignment.AlignmentBlock`` does.
        signature: its names and shapes.
        cross: the encoder's outputs.
        hidden: ``[n, width]``, token rows plus position rows; n is at most the cache.

    Returns:
        Logits ``[n, V]`` and the alignment heads' scores ``[A, n, T]``.
    """
    caches = empty_caches(signature, len(cross) // 2)
    logits, scores = [], []
    for start, n, padded, mask in _blocks(signature, hidden):
        of_block, *new, attention = graph(padded, mask, *caches, *cross)
        _write(caches, new, start, n)
        logits.append(of_block[0, :n].numpy())
        scores.append(attention[0, :, :n].numpy())
    return np.concatenate(logits), np.concatenate(scores, axis=1)


def empty_caches(signature: Signature, layers: int) -> list[Tensor]:
    """Self caches of a graph over them, all zeros."""
    return [torch.zeros(spec.shape) for spec in signature.inputs[2 : 2 + 2 * layers]]


def _blocks(signature: Signature, hidden: Tensor) -> Iterator[tuple[int, int, Tensor, Tensor]]:
    """Where each block begins, its rows in use, and the graph's first two inputs."""
    _, block, width = signature.inputs[0].shape
    cache = signature.inputs[1].shape[-1] - block
    for start in range(0, len(hidden), block):
        rows = hidden[start : start + block]
        padded = torch.zeros(1, block, width)
        padded[0, : len(rows)] = rows
        yield start, len(rows), padded, block_mask(start, len(rows), cache, block)


def _write(caches: list[Tensor], new: Sequence[Tensor], start: int, n: int) -> None:
    layers = len(caches) // 2
    for layer in range(layers):
        caches[layer][..., start : start + n, :] = new[layer][..., :n, :]
        caches[layers + layer][..., start : start + n] = new[layers + layer][..., :n]


def block_mask(start: int, n: int, cache: int, block: int) -> Tensor:
    """``[1, 1, block, cache + block]``: ``start`` positions cached, ``n`` rows in use.

    A row in use sees the cached positions and the block up to itself; a padding row itself
    alone.
    """
    mask = torch.full((1, 1, block, cache + block), MASKED)
    mask[..., :n, :start] = 0
    mask[..., :n, cache : cache + n] = torch.full((n, n), MASKED).triu(1)
    own = torch.arange(n, block)
    mask[..., own, cache + own] = 0
    return mask
