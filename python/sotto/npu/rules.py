"""Whether MediaTek's NPU takes a graph: rules that need no SDK.

They are those of LiteRT 2.3's MediaTek compiler plugin (its list of operations and tensor types,
``vendors/mediatek/compiler``), of NNAPI's operation contracts, and of fp16, to which the device
relaxes fp32. They are necessary, not sufficient: a device's own limits are the vendor's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sotto.bundle import Manifest
from sotto.export.tflite.graphs import Graph, Operation, Tensor, read_graphs

SUPPORTED = frozenset(
    {
        "ABS",
        "ADD",
        "AVERAGE_POOL_2D",
        "BATCH_MATMUL",
        "CAST",
        "COMPOSITE odml.l2_norm",
        "COMPOSITE odml.rms_norm",
        "CONCATENATION",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "DEQUANTIZE",
        "DIV",
        "FULLY_CONNECTED",
        "GELU",
        "GREATER",
        "HARD_SWISH",
        "L2_NORMALIZATION",
        "LEAKY_RELU",
        "LESS",
        "LOGISTIC",
        "MAXIMUM",
        "MAX_POOL_2D",
        "MEAN",
        "MINIMUM",
        "MUL",
        "PAD",
        "PADV2",
        "PRELU",
        "QUANTIZE",
        "REDUCE_MAX",
        "RELU",
        "RESHAPE",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
        "RSQRT",
        "SLICE",
        "SOFTMAX",
        "SPLIT",
        "SQRT",
        "SQUARED_DIFFERENCE",
        "STRIDED_SLICE",
        "SUB",
        "SUM",
        "TANH",
        "TRANSPOSE",
        "TRANSPOSE_CONV",
    }
)
"""Operations that the plugin legalises."""

MAX_RANK = 4

FP16_MAX = 65504.0

WITH_WEIGHTS = {"FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"}

CONSTANT_INPUTS = {
    "RESHAPE": (1, "its new shape"),
    "TRANSPOSE": (1, "its order"),
    "MEAN": (1, "its axes"),
    "SUM": (1, "its axes"),
    "REDUCE_MAX": (1, "its axes"),
    "SLICE": (1, "its begin"),
    "STRIDED_SLICE": (1, "its begin"),
    "PAD": (1, "the paddings"),
    "PADV2": (1, "the paddings"),
}
"""Inputs that a contract wants constant: their place, and what they are."""


@dataclass(frozen=True)
class Finding:
    """Something of a graph that the NPU refuses, or computes otherwise.

    Attributes:
        rule: ``operation``, ``rank``, ``shape``, ``type``, ``precision``, ``range``,
            ``constant``, ``matmul`` or ``gelu``.
        operation: place in the graph, from 0; -1 of the graph's own inputs and outputs.
        name: the operation's.
        place: the layer it is in or behind, where the bundle names its layers; else the tensor.
        reason: in words.
        refused: whether it keeps the graph off the NPU.
    """

    rule: str
    operation: int
    name: str
    place: str
    reason: str
    refused: bool = True


@dataclass(frozen=True)
class Verdict:
    """What the rules say of a signature.

    Attributes:
        signature: its name.
        counts: operation -> how often it occurs, the most frequent first.
        findings: in the order of the graph.
    """

    signature: str
    counts: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def refusals(self) -> list[Finding]:
        """The findings that keep the graph off the NPU."""
        return [finding for finding in self.findings if finding.refused]


def judge(model: Path, layer_of: dict[str, str] | None = None) -> list[Verdict]:
    """Judges each signature of a .tflite file.

    Args:
        model: the file.
        layer_of: layers by the names of the tensors that they write, from a bundle's manifest.

    Raises:
        ModelError: the file can't be read, is no .tflite file, or is damaged.
    """
    return [judge_graph(graph, layer_of or {}) for graph in read_graphs(model)]


def judge_graph(graph: Graph, layer_of: dict[str, str]) -> Verdict:
    """Judges one graph."""
    findings, place = [], ""
    for tensor in (*graph.inputs, *graph.outputs):
        findings += [Finding(rule, -1, "", tensor.name, text) for rule, text in _faulty(tensor)]
    for index, operation in enumerate(graph.operations):
        outputs = [tensor.name for tensor in operation.outputs]
        layer = next((layer_of[name] for name in outputs if name in layer_of), None)
        place = layer or place
        where = layer or (f"behind {place}" if place else ", ".join(outputs))
        findings += [
            Finding(rule, index, operation.name, where, text, refused=rule != "gelu")
            for rule, text in dict.fromkeys(_faults(operation))
        ]
    counts = Counter(operation.name for operation in graph.operations)
    return Verdict(graph.signature, dict(counts.most_common()), tuple(findings))


def layers_by_output(manifest: Manifest) -> dict[str, dict[str, str]]:
    """A bundle's layers by the names of the tensors that they write, for each of its files."""
    return {
        file: {output: layer for layer, entry in layers.items() for output in entry.outputs}
        for file, layers in manifest.layers.items()
    }


def _faults(operation: Operation) -> Iterator[tuple[str, str]]:
    """Rule and reason of each fault."""
    if operation.name not in SUPPORTED:
        yield "operation", "the operation is not on the plugin's list"
        return
    for tensor in (*operation.inputs, *operation.outputs):
        yield from _faulty(tensor)
    for name, rule in _RULES.items():
        if (reason := rule(operation)) is not None:
            yield name, reason


def _faulty(tensor: Tensor) -> Iterator[tuple[str, str]]:
    if tensor.rank > MAX_RANK:
        shape = list(tensor.shape)
        yield "rank", f"a tensor has {tensor.rank} dimensions, {shape}; {MAX_RANK} at most"
    if any(size < 0 for size in tensor.shape):
        yield "shape", f"a shape is dynamic: {list(tensor.shape)}"
    if (reason := _type_fault(tensor)) is not None:
        yield "type", reason


def _type_fault(tensor: Tensor) -> str | None:
    """What the plugin's ``GetNeuronTensorType`` refuses."""
    if tensor.blockwise:
        return "weights have a scale for each block; a scale a channel or a tensor is taken"
    match tensor.type:
        case "FLOAT32" | "FLOAT16" | "UINT8" | "BOOL":
            return None
        case "INT32" if tensor.scales > 1 and any(tensor.zero_points):
            return "an int32 tensor has a zero point for each channel"
        case "INT32":
            return None
        case "INT64" if tensor.constant is not None:
            return None
        case "INT16" | "UINT16" if tensor.scales == 1:
            return None
        case "INT8" | "INT4" if tensor.scales >= 1:
            return None
    quantised = f"with {tensor.scales} scales" if tensor.scales else "without a scale"
    return f"a tensor has the type {tensor.type} {quantised}"


def _hybrid(operation: Operation) -> str | None:
    if operation.name not in WITH_WEIGHTS or len(operation.inputs) < 2:
        return None
    activations, weights = operation.inputs[:2]
    if activations.type.startswith("FLOAT") and not weights.type.startswith("FLOAT"):
        return (
            "float activations meet int8 weights: dynamic-range quantisation is a precision for "
            "CPUs"
        )
    return None


def _beyond_fp16(operation: Operation) -> str | None:
    for tensor in operation.inputs:
        if tensor.constant is None or tensor.type != "FLOAT32":
            continue
        values = np.frombuffer(tensor.constant[: len(tensor.constant) // 4 * 4], np.float32)
        if not bool(np.all(np.abs(values) <= FP16_MAX)):
            return f"a constant is beyond what fp16 holds (±{FP16_MAX:.0f}), or not finite"
    return None


def _constant_inputs(operation: Operation) -> str | None:
    if operation.name not in CONSTANT_INPUTS:
        return None
    place, what = CONSTANT_INPUTS[operation.name]
    if len(operation.inputs) <= place or operation.inputs[place].constant is None:
        return f"{what} is not a constant input"
    return None


def _matmul_ranks(operation: Operation) -> str | None:
    if operation.name != "BATCH_MATMUL":
        return None
    left, right = operation.inputs[0].rank, operation.inputs[1].rank
    return None if left == right >= 2 else f"operands of rank {left} and {right}; the same, 2 to 4"


def _gelu(operation: Operation) -> str | None:
    if operation.approximate is not False:
        return None
    return "the NPU computes GELU's tanh form, this graph asks for the exact one"


_RULES: dict[str, Callable[[Operation], str | None]] = {
    "precision": _hybrid,
    "range": _beyond_fp16,
    "constant": _constant_inputs,
    "matmul": _matmul_ranks,
    "gelu": _gelu,
}
