"""What a graph does in one run: its multiply-adds, by precision, and the bytes that it moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from sotto.errors import ModelError
from sotto.export.tflite.graphs import Graph, Operation, Tensor

MATMULS = (
    "FULLY_CONNECTED",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "TRANSPOSE_CONV",
    "BATCH_MATMUL",
)
"""Operations that multiply and add; all others are counted by what they write."""

VIEWS = ("RESHAPE", "DEQUANTIZE")
"""Operations whose output costs no memory: another shape, or weights unpacked."""

_BYTES = {
    "INT4": 1,
    "INT8": 1,
    "UINT8": 1,
    "BOOL": 1,
    "INT16": 2,
    "FLOAT16": 2,
    "INT64": 8,
    "FLOAT64": 8,
}
_FLOATS = ("FLOAT32", "FLOAT16")


@dataclass(frozen=True)
class Work:
    """What one run of a graph takes.

    Attributes:
        macs: multiply-adds by precision: ``fp16`` (float of any width, which the NPU computes in
            fp16), ``int8``, ``int16`` (int16 activations), ``hybrid`` (float activations over int8
            weights, a precision for CPUs).
        stored_weights: bytes of the weights that are multiplied, as the file has them.
        weights: bytes of all constants as the NPU has them, floats in fp16.
        float_weights: of these, of the weights that are multiplied in fp16.
        boundary: bytes of the graph's inputs and outputs, as they are declared.
        activations: bytes of each tensor that is computed inside, as the NPU has it.
    """

    macs: dict[str, int] = field(default_factory=dict)
    stored_weights: int = 0
    weights: int = 0
    float_weights: int = 0
    boundary: int = 0
    activations: tuple[int, ...] = ()

    def spilled(self, on_chip: float) -> int:
        """Bytes written and read again of what does not fit in ``on_chip`` bytes."""
        return 2 * sum(size for size in self.activations if size > on_chip)


def count(graph: Graph) -> Work:
    """Counts a graph's work, each weight read once a use.

    Raises:
        ModelError: a size is dynamic, or an operation lacks operands or dimensions.
    """
    try:
        return _count(graph)
    except (IndexError, ValueError) as error:
        raise ModelError(
            f"{graph.signature} has an operation without its operands or dimensions ({error})"
        ) from error


def _count(graph: Graph) -> Work:
    unpacked = _unpacked(graph)
    ends = {id(tensor) for tensor in (*graph.inputs, *graph.outputs)}
    macs: dict[str, int] = {}
    stored = weights = floats = 0
    activations: list[int] = []
    for operation in graph.operations:
        if operation.name in MATMULS:
            precision = _precision(operation, unpacked)
            macs[precision] = macs.get(precision, 0) + _macs(operation)
            weight = unpacked.get(id(operation.inputs[1]), operation.inputs[1])
            if weight.constant is not None:
                stored += len(weight.constant)
                floats += _device_bytes(weight) if weight.type in _FLOATS else 0
        if operation.name != "DEQUANTIZE":
            weights += sum(_constant_bytes(tensor, unpacked) for tensor in operation.inputs)
        if operation.name not in VIEWS:
            activations += [_device_bytes(o) for o in operation.outputs if id(o) not in ends]
    boundary = sum(_elements(t) * element_bytes(t.type) for t in (*graph.inputs, *graph.outputs))
    return Work(macs, stored, weights, floats, boundary, tuple(activations))


def element_bytes(kind: str) -> int:
    """Bytes of an element by TFLite's name of its type; 4 of those that are not smaller."""
    return _BYTES.get(kind, 4)


def _unpacked(graph: Graph) -> dict[int, Tensor]:
    """Constants that are stored in fewer bits, by the tensor that DEQUANTIZE makes of them."""
    return {
        id(operation.outputs[0]): operation.inputs[0]
        for operation in graph.operations
        if operation.name == "DEQUANTIZE" and operation.inputs[0].constant is not None
    }


def _precision(operation: Operation, unpacked: dict[int, Tensor]) -> str:
    left, right = operation.inputs[0], operation.inputs[1]
    if operation.name == "TRANSPOSE_CONV":
        left = operation.inputs[2]
    if id(right) in unpacked:
        return "fp16"
    if left.type in _FLOATS:
        return "fp16" if right.type in _FLOATS else "hybrid"
    return "int16" if "INT16" in (left.type, right.type) else "int8"


def _macs(operation: Operation) -> int:
    left, right = operation.inputs[0], operation.inputs[1]
    outputs = _elements(operation.outputs[0])
    if operation.name == "BATCH_MATMUL":
        # batch x rows x depth, and batch x depth x columns; either may be taken transposed, and
        # have one batch for all of the other's.
        rows, columns = operation.outputs[0].shape[-2:]
        return max(_elements(left) * columns, _elements(right) * rows)
    if operation.name == "DEPTHWISE_CONV_2D":
        return outputs * prod(right.shape[1:3])
    if operation.name == "TRANSPOSE_CONV":
        return _elements(operation.inputs[2]) * prod(right.shape[:3])
    return outputs * prod(right.shape[1:])


def _constant_bytes(tensor: Tensor, unpacked: dict[int, Tensor]) -> int:
    tensor = unpacked.get(id(tensor), tensor)
    return 0 if tensor.constant is None else _device_bytes(tensor)


def _device_bytes(tensor: Tensor) -> int:
    """Of a tensor on the NPU, to which float32 is fp16."""
    return _elements(tensor) * (2 if tensor.type == "FLOAT32" else element_bytes(tensor.type))


def _elements(tensor: Tensor) -> int:
    if any(size < 0 for size in tensor.shape):
        raise ModelError(f"{tensor.name} has dynamic sizes: what it costs can't be counted")
    return prod(tensor.shape)
