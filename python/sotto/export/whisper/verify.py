"""Step 2's check: a written .tflite file against the TorchScript it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from torch import Tensor

from sotto.bundle import Signature
from sotto.export.difference import Difference, compare
from sotto.export.quantize.precision import DECIBEL
from sotto.export.whisper.block_caches import run_alignment, run_prefill
from sotto.export.whisper.step_caches import StepCaches

ENCODER_TOLERANCE = 5e-3
"""Absolute, on values of order 10, for fp32. XNNPACK sums one by one what torch sums in
blocks: on base it is 1.9e-3 from a float64 encoder where openai-whisper is 4e-4."""

DECODER_TOLERANCE = 2e-3
"""Absolute, on logits of order 10, for fp32; some 1e-4 is usual."""

ALIGNMENT_TOLERANCE = 5e-3
"""Absolute, on attention scores and logits up to 70, for fp32; summed as in the encoder."""

THREADS = 2


class LiteRtGraph:
    """A signature of a .tflite file as a callable over torch tensors, in manifest order."""

    def __init__(self, interpreter: Interpreter, signature: Signature) -> None:
        self._runner = interpreter.get_signature_runner(signature.name)
        self._inputs = [spec.name for spec in signature.inputs]
        self._outputs = [spec.name for spec in signature.outputs]

    def __call__(self, *tensors: Tensor) -> list[Tensor]:
        feeds = {name: tensor.numpy() for name, tensor in zip(self._inputs, tensors, strict=True)}
        outputs = self._runner(**feeds)
        return [torch.from_numpy(np.array(outputs[name])) for name in self._outputs]


def _compare(
    stage: str, pairs: list[tuple[np.ndarray, np.ndarray]], precision: str, tolerance: float
) -> Difference:
    if precision == "fp32":
        return compare(stage, pairs, largest=tolerance)
    return compare(stage, pairs, decibel=DECIBEL[precision])


def verify_encoder(
    model: Path, script: Path, signature: Signature, log_mel: np.ndarray, precision: str
) -> tuple[Difference, list[Tensor]]:
    """Runs both over the start of ``log_mel [1, n_mels, frames]``.

    Returns the difference and TorchScript's outputs, which the decoder's check starts from.
    """
    frames = signature.inputs[0].shape[-1]
    window = torch.from_numpy(np.ascontiguousarray(log_mel[..., :frames]))
    expected = list(torch.jit.load(str(script))(window))
    actual = LiteRtGraph(Interpreter(str(model), num_threads=THREADS), signature)(window)
    pairs = [(a.numpy(), e.numpy()) for a, e in zip(actual, expected, strict=True)]
    return _compare(signature.name, pairs, precision, ENCODER_TOLERANCE), expected


def verify_decoder(
    model: Path,
    script: Path,
    signature: Signature,
    cross: Sequence[Tensor],
    hidden: Tensor,
    precision: str,
) -> Difference:
    """Runs both step by step, each over its own caches, and compares all logits.

    Args:
        cross: the encoder's outputs.
        hidden: ``[n, width]``, token rows plus position rows of a real transcript.
    """
    layers = len(cross) // 2
    cache = signature.inputs[1].shape[-1] - 1
    graph = LiteRtGraph(Interpreter(str(model), num_threads=THREADS), signature)
    script_caches = StepCaches(layers, torch.jit.load(str(script)), cross, cache)
    graph_caches = StepCaches(layers, graph, cross, cache)
    actual = np.stack([graph_caches.advance(row) for row in hidden[:cache]])
    expected = np.stack([script_caches.advance(row) for row in hidden[:cache]])
    return _compare(signature.name, [(actual, expected)], precision, DECODER_TOLERANCE)


def verify_prefill(
    model: Path,
    script: Path,
    signature: Signature,
    cross: Sequence[Tensor],
    hidden: Tensor,
    precision: str,
) -> Difference:
    """Runs both block by block, each over its own caches, and compares these.

    Args:
        cross: the encoder's outputs.
        hidden: ``[n, width]``, token rows plus position rows of a text.
    """
    cache = signature.inputs[2].shape[-2]
    graph = LiteRtGraph(Interpreter(str(model), num_threads=THREADS), signature)
    actual = run_prefill(graph, signature, cross, hidden[:cache])
    expected = run_prefill(torch.jit.load(str(script)), signature, cross, hidden[:cache])
    pairs = [(a.numpy(), e.numpy()) for a, e in zip(actual, expected, strict=True)]
    return _compare(signature.name, pairs, precision, DECODER_TOLERANCE)


def verify_alignment(
    model: Path,
    script: Path,
    signature: Signature,
    cross: Sequence[Tensor],
    hidden: Tensor,
    precision: str,
) -> Difference:
    """Runs both block by block, each over its own caches, and compares scores and logits.

    Args:
        cross: the encoder's outputs.
        hidden: ``[n, width]``, token rows plus position rows of a text.
    """
    cache = signature.inputs[2].shape[-2]
    graph = LiteRtGraph(Interpreter(str(model), num_threads=THREADS), signature)
    actual = run_alignment(graph, signature, cross, hidden[:cache])
    expected = run_alignment(torch.jit.load(str(script)), signature, cross, hidden[:cache])
    pairs = list(zip(actual, expected, strict=True))
    return _compare(signature.name, pairs, precision, ALIGNMENT_TOLERANCE)
