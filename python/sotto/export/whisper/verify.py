"""Step 2's check: a written .tflite file against the TorchScript it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from torch import Tensor

from sotto.bundle import DecoderSpec, Graph, Signature
from sotto.export.difference import Difference, compare
from sotto.export.quantize.precision import DECIBEL
from sotto.export.whisper.text_run import run_text
from sotto.export.whisper.torch_graph import cross_of, run_of

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
    graph: Graph,
    spec: DecoderSpec,
    cross: Sequence[Tensor],
    hidden: Tensor,
    precision: str,
) -> Difference:
    """Runs both over a text, each over its own caches, and compares what they give.

    Of a prefill these are keys and values; else what it gives besides.

    Args:
        graph: a decoder's step, prefill or alignment.
        spec: the decoder's.
        cross: the encoder's outputs.
        hidden: ``[n, width]``, token rows plus position rows of a text; what the cache does not
            hold is left out.
    """
    lite = LiteRtGraph(Interpreter(str(model), num_threads=THREADS), graph)
    actual, expected = (
        run_text(
            run_of(one, graph), graph, spec, cross_of(graph, cross), hidden[: spec.cache].numpy()
        )
        for one in (lite, torch.jit.load(str(script)))
    )
    names = [name for name in expected if not name.startswith("new_")] or [*expected]
    pairs = [(actual[name], expected[name]) for name in names]
    tolerance = ALIGNMENT_TOLERANCE if graph.role == "alignment" else DECODER_TOLERANCE
    return _compare(graph.name, pairs, precision, tolerance)
