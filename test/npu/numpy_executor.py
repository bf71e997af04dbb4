"""Neuron's operations of floats in NumPy: what ``cpp/neuron_host`` is checked against.

Products are of fp16 numbers, exactly; sums are in float32 and rounded to fp16 once, or with
``accumulate="fp16"`` rounded after every :data:`BLOCK` products.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from recorded_network import Network, Operation

from sotto.errors import ModelError
from sotto.npu.arithmetic import Arithmetic

Floats = NDArray[np.float32]
Values = Sequence[np.ndarray]

BLOCK = 32
"""Products between two roundings of a sum in fp16."""

FUSED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    0: lambda x: x,
    1: lambda x: np.maximum(x, 0),
    2: lambda x: np.clip(x, -1, 1),
    3: lambda x: np.clip(x, 0, 6),
}
"""Activations by NNAPI's code."""


class NumpyArithmetic(Arithmetic):
    """The same choices, computed."""

    def stored(self, x: np.ndarray) -> np.ndarray:
        """What is left of ``x`` when it has been stored: float32 numbers that fp16 holds."""
        if self.storage == "fp32" or x.dtype != np.float32:
            return x
        with np.errstate(over="ignore"):
            return x.astype(np.float16).astype(np.float32)

    def matmul(self, a: Floats, b: Floats) -> Floats:
        """``[…, m, k]`` by ``[…, k, n]``."""
        if self.storage == "fp32" or self.accumulate == "fp32":
            product: Floats = np.matmul(a, b)
            return product
        total = np.zeros((), np.float32)
        for start in range(0, a.shape[-1], BLOCK):
            part = np.matmul(a[..., start : start + BLOCK], b[..., start : start + BLOCK, :])
            total = self.stored(total + part)
        return total


class NumpyExecutor:
    """Runs a recorded graph.

    Args:
        network: the graph.
        arithmetic: how.

    Raises:
        ModelError: an operation is none that :data:`OPERATIONS` has.
    """

    def __init__(self, network: Network, arithmetic: NumpyArithmetic) -> None:
        self.network, self.arithmetic = network, arithmetic
        unknown = {o.name for o in network.operations} - OPERATIONS.keys()
        if unknown:
            raise ModelError(f"the simulator does not compute {', '.join(sorted(unknown))}")
        self._constants = {
            i: arithmetic.stored(np.asarray(operand.value))
            for i, operand in enumerate(network.operands)
            if operand.value is not None
        }

    def run(
        self,
        inputs: Values,
    ) -> list[np.ndarray]:
        """Outputs in the graph's order, as are the inputs."""
        values: dict[int, np.ndarray] = {}
        for index, value in zip(self.network.inputs, inputs, strict=True):
            shape = self.network.operands[index].shape
            values[index] = self.arithmetic.stored(value)
            if value.shape != shape:
                raise ModelError(f"an input has the shape {value.shape}, not {shape}")
        for operation in self.network.operations:
            given = [
                self._constants[i] if i in self._constants else values[i] for i in operation.inputs
            ]
            found = self._compute(operation, given)
            for index, value in zip(operation.outputs, found, strict=True):
                values[index] = value.reshape(self.network.operands[index].shape)
        return [values[i] for i in self.network.outputs]

    def _compute(self, operation: Operation, given: Values) -> list[np.ndarray]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = OPERATIONS[operation.name](self.arithmetic, given)
        return [self.arithmetic.stored(value) for value in found]


Compute = Callable[[NumpyArithmetic, Values], list[np.ndarray]]


def _arithmetic(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Compute:
    return lambda a, x: [FUSED[int(x[2])](function(x[0], x[1]))]


def _elementwise(function: Callable[[np.ndarray], np.ndarray]) -> Compute:
    return lambda a, x: [function(x[0])]


def _gelu(a: NumpyArithmetic, x: Values) -> list[np.ndarray]:
    value = x[0]
    if a.gelu == "erf":
        root = np.float32(math.sqrt(0.5))
        erf = np.array([math.erf(v) for v in (value * root).reshape(-1)], np.float32)
        return [0.5 * value * (1 + erf.reshape(value.shape))]
    inner = np.float32(math.sqrt(2 / math.pi)) * (value + np.float32(0.044715) * value**3)
    return [0.5 * value * (1 + np.tanh(inner))]


def _softmax(a: NumpyArithmetic, x: Values) -> list[np.ndarray]:
    scaled = x[0] * x[1]
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return [powers / powers.sum(axis=-1, keepdims=True)]


def _reduction(function: Callable[..., np.ndarray]) -> Compute:
    def compute(a: NumpyArithmetic, x: Values) -> list[np.ndarray]:
        axes = tuple(int(axis) for axis in x[1].reshape(-1))
        return [function(x[0], axis=axes, keepdims=bool(x[2]))]

    return compute


def _slice(a: NumpyArithmetic, x: Values) -> list[np.ndarray]:
    places = zip(x[1].reshape(-1), x[2].reshape(-1), x[0].shape, strict=True)
    return [x[0][tuple(slice(b, n if s == -1 else b + s) for b, s, n in places)]]


def _split(a: NumpyArithmetic, x: Values) -> list[np.ndarray]:
    return np.split(x[0], int(x[2]), axis=int(np.ravel(x[1])[0]))


def _fully_connected(a: NumpyArithmetic, x: Values) -> list[np.ndarray]:
    rows = x[0].reshape(-1, x[1].shape[1])
    return [FUSED[int(x[3])](a.matmul(rows, x[1].T) + x[2])]


def _batch_matmul(a: NumpyArithmetic, x: Values) -> list[np.ndarray]:
    left = np.swapaxes(x[0], -1, -2) if x[2] else x[0]
    right = np.swapaxes(x[1], -1, -2) if x[3] else x[1]
    return [a.matmul(left, right)]


def _conv_2d(a: NumpyArithmetic, x: Values) -> list[np.ndarray]:
    """Input, filter ``[out, h, w, in]``, bias, padding, stride w, h, activation, layout, dilation
    w, h; padding 1 is SAME.
    """
    picture, kernel, bias = x[:3]
    strides, dilations = (int(x[5]), int(x[4])), (int(x[9]), int(x[8]))
    if dilations != (1, 1) or bool(x[7]):
        raise ModelError("the simulator computes convolutions without dilation, channels last")
    sizes = kernel.shape[1:3]
    if int(x[3]) == 1:
        pads = [(0, 0)]
        for axis in (0, 1):
            given = picture.shape[axis + 1]
            needed = (-(-given // strides[axis]) - 1) * strides[axis] + sizes[axis] - given
            pads.append((max(needed, 0) // 2, max(needed, 0) - max(needed, 0) // 2))
        picture = np.pad(picture, [*pads, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(picture, sizes, axis=(1, 2))
    windows = windows[:, :: strides[0], :: strides[1]].transpose(0, 1, 2, 4, 5, 3)
    columns = np.ascontiguousarray(windows).reshape(*windows.shape[:3], -1)
    return [FUSED[int(x[6])](a.matmul(columns, kernel.reshape(len(kernel), -1).T) + bias)]


OPERATIONS: dict[str, Compute] = {
    "ABS": _elementwise(np.abs),
    "ADD": _arithmetic(np.add),
    "BATCH_MATMUL": _batch_matmul,
    "CONCATENATION": lambda a, x: [np.concatenate(x[:-1], axis=int(x[-1]))],
    "CONV_2D": _conv_2d,
    "DIV": _arithmetic(np.divide),
    "FULLY_CONNECTED": _fully_connected,
    "GELU_V2": _gelu,
    "LOGISTIC": _elementwise(lambda x: 1 / (1 + np.exp(-x))),
    "MAXIMUM": lambda a, x: [np.maximum(x[0], x[1])],
    "MEAN": _reduction(np.mean),
    "MINIMUM": lambda a, x: [np.minimum(x[0], x[1])],
    "MUL": _arithmetic(np.multiply),
    "PAD": lambda a, x: [np.pad(x[0], x[1].reshape(-1, 2))],
    "REDUCE_MAX": _reduction(np.max),
    "REDUCE_SUM": _reduction(np.sum),
    "RELU": _elementwise(FUSED[1]),
    "RESHAPE": lambda a, x: [x[0]],  # the output's shape is the graph's
    "RSQRT": _elementwise(lambda x: 1 / np.sqrt(x)),
    "SLICE": _slice,
    "SOFTMAX": _softmax,
    "SPLIT": _split,
    "SQRT": _elementwise(np.sqrt),
    "SUB": _arithmetic(np.subtract),
    "TANH": _elementwise(np.tanh),
    "TRANSPOSE": lambda a, x: [np.transpose(x[0], x[1].reshape(-1))],
}
"""By Neuron's name: those of float graphs."""
