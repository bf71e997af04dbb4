"""Graphs over torch tensors as what the runtime drives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sotto.bundle import Signature
from sotto.export.whisper.text_run import Run, Tensors

Graph = Callable[..., Sequence[Tensor]]
"""Takes and returns tensors in the order of its signature."""


def run_of(graph: Graph, signature: Signature) -> Run:
    """Computes a signature by name."""

    def run(name: str, inputs: Tensors) -> Tensors:
        outputs = graph(*(torch.from_numpy(inputs[spec.name]) for spec in signature.inputs))
        named = zip(signature.outputs, outputs, strict=True)
        return {spec.name: tensor.numpy() for spec, tensor in named}

    return run


def cross_of(signature: Signature, cross: Sequence[Tensor]) -> Tensors:
    """The encoder's outputs by the names that a decoder's graph has for them."""
    names = [spec.name for spec in signature.inputs if spec.name.startswith("cross_")]
    return {name: tensor.numpy() for name, tensor in zip(names, cross, strict=True)}
