"""A decoder's graphs over a known text, whoever computes them.

The runtime drives them (``cpp/src/decode``): it fills the mask and writes the caches, as it does on
the device. Two forms of a graph that are compared so are compared on the inputs that occur. That
these are the right ones is not shown here but by step 1's comparison (``reference.py``):
openai-whisper reads the whole text at once, without mask or caches of ours.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sotto._runtime import KvCache
from sotto.bundle import DecoderSpec, Signature

Tensors = dict[str, NDArray[np.float32]]
Run = Callable[[str, Tensors], Tensors]
"""A signature and its inputs by name, to its outputs by name."""

REPEATS = 4
"""How often a comparison says its sample: more tokens than a block has, so that a block looks
back at the one before."""

_POSITIONS = {"logits": 1, "new_k": 2, "new_v": 3, "attention": 2}
"""Axis of an output's positions, by its name without a layer's number."""


def run_text(
    run: Run,
    graph: Signature,
    spec: DecoderSpec,
    cross: Tensors,
    hidden: NDArray[np.float32],
) -> Tensors:
    """Runs a whole text through one graph, block by block where it takes blocks.

    Args:
        run: computes the graph.
        graph: a decoder's step, prefill or alignment.
        spec: the decoder's.
        cross: the encoder's outputs by name.
        hidden: ``[n, width]``, token rows plus position rows; n is at most the cache.

    Returns:
        What the graph gives, by name, of all n positions: logits ``[1, n, V]``, each layer's new
        keys ``[1, H, n, 64]`` and values ``[1, H, 64, n]``, attention scores ``[1, A, n, T]``.
    """
    runs: list[Tensors] = []

    def keep(signature: str, inputs: Tensors) -> Tensors:
        runs.append(run(signature, inputs))
        return runs[-1]

    KvCache(spec, cross, keep).advance(graph, hidden)
    found = {}
    for name in (output.name for output in graph.outputs):
        axis = _POSITIONS[name.rstrip("_0123456789")]
        whole = np.concatenate([outputs[name] for outputs in runs], axis)
        found[name] = whole.take(range(len(hidden)), axis)  # without the last block's padding
    return found
