"""Graphs of one operation on int8 and int16 tensors, as statically quantised models have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from npu_graphs import FILE, options
from small_graph import Value, constant, write_graph

Case = Callable[[Path], Path]

_random = np.random.default_rng(0)


def _real(kind: str, *shape: int, scale: float = 0.04, zero: int = 5) -> Value:
    """A tensor that is computed: int16 has no zero point, and a finer scale."""
    if kind == "INT16":
        return Value(shape, kind, scales=(scale / 200,))
    return Value(shape, kind, scales=(scale,), zero_point=zero)


def _exactly(kind: str, int8: tuple[float, int], int16: float, *shape: int) -> Value:
    """A tensor whose scale the operation prescribes."""
    if kind == "INT16":
        return Value(shape, kind, scales=(int16,))
    return Value(shape, kind, scales=(int8[0],), zero_point=int8[1])


def _weights(*shape: int, channel_scales: bool = True) -> Value:
    data = _random.integers(-127, 128, shape, dtype=np.int8)
    scales = tuple(0.01 + 0.002 * i for i in range(shape[0])) if channel_scales else (0.01,)
    return Value(shape, "INT8", data, scales)


def _bias(kind: str, given: Value, weights: Value) -> Value:
    scales = tuple(given.scales[0] * scale for scale in weights.scales)
    wide = np.int64 if kind == "INT16" else np.int32
    data = (_random.normal(0, 1, weights.shape[0]) / np.array(scales)[: weights.shape[0]]).astype(
        wide
    )
    return Value((weights.shape[0],), "INT64" if kind == "INT16" else "INT32", data, scales)


def _case(operation: str, inputs: list[Value], outputs: list[Value], given: Any = None) -> Case:
    return lambda folder: write_graph(folder / FILE, operation, inputs, outputs, given)


def _pair(operation: str, kind: str, **more: Any) -> Case:
    name = operation.title().replace("_", "")
    inputs = [_real(kind, 1, 6, 8), _real(kind, 1, 6, 8, scale=0.03, zero=-7)]
    return _case(
        operation, inputs, [_real(kind, 1, 6, 8, scale=0.07, zero=-2)], options(name, **more)
    )


def _dense(kind: str, channel_scales: bool) -> Case:
    given, weights = _real(kind, 1, 6, 40), _weights(9, 40, channel_scales=channel_scales)
    return _case(
        "FULLY_CONNECTED",
        [given, weights, _bias(kind, given, weights)],
        [_real(kind, 1, 6, 9, scale=0.2, zero=-11)],
        options("FullyConnected", keepNumDims=True),
    )


def _convolution(kind: str) -> Case:
    given, weights = _real(kind, 1, 1, 12, 8), _weights(5, 1, 3, 8)
    return _case(
        "CONV_2D",
        [given, weights, _bias(kind, given, weights)],
        [_real(kind, 1, 1, 6, 5, scale=0.1, zero=4)],
        options("Conv2D", strideW=2, strideH=1, dilationWFactor=1, dilationHFactor=1),
    )


def _product(kind: str, turned: bool) -> Case:
    right = (1, 2, 7, 8) if turned else (1, 2, 8, 7)
    return _case(
        "BATCH_MATMUL",
        [_real(kind, 1, 2, 5, 8), _real(kind, *right, scale=0.05, zero=-3)],
        [_real(kind, 1, 2, 5, 7, scale=0.2, zero=9)],
        options("BatchMatMul", adjY=turned),
    )


def _same(operation: str, kind: str, given: Any = None, scale: float = 0.04, zero: int = 5) -> Case:
    return _case(
        operation,
        [_real(kind, 1, 6, 8, zero=5)],
        [_real(kind, 1, 6, 8, scale=scale, zero=zero)],
        given,
    )


def _reduction(operation: str, kind: str, scale: float) -> Case:
    given = _real(kind, 1, 6, 8)
    taken = _real(kind, 1, 6, 1, scale=scale)
    if operation == "REDUCE_MAX":
        taken = replace(given, shape=(1, 6, 1))
    return _case(operation, [given, constant([-1])], [taken], options("Reducer", keepDims=True))


def _of_both(kind: str) -> dict[str, Case]:
    """What LiteRT's CPU kernels compute in int8 and in int16."""
    x = _real(kind, 1, 6, 8)
    return {
        "ADD": _pair("ADD", kind, potScaleInt16=False),
        "SUB": _pair("SUB", kind, potScaleInt16=False),
        "MUL": _pair("MUL", kind),
        "FULLY_CONNECTED": _dense(kind, channel_scales=True),
        "FULLY_CONNECTED of one scale": _dense(kind, channel_scales=False),
        "CONV_2D": _convolution(kind),
        "BATCH_MATMUL": _product(kind, turned=False),
        "BATCH_MATMUL turned": _product(kind, turned=True),
        "SOFTMAX": _case(
            "SOFTMAX",
            [x],
            [_exactly(kind, (1 / 256, -128), 1 / 32768, 1, 6, 8)],
            options("Softmax", beta=1.0),
        ),
        "LOGISTIC": _case("LOGISTIC", [x], [_exactly(kind, (1 / 256, -128), 1 / 32768, 1, 6, 8)]),
        "TANH": _case("TANH", [x], [_exactly(kind, (1 / 128, 0), 1 / 32768, 1, 6, 8)]),
        "MEAN": _reduction("MEAN", kind, 0.03),
        "SUM": _reduction("SUM", kind, 0.3),
        "REDUCE_MAX": _reduction("REDUCE_MAX", kind, 0.04),
        "MAXIMUM": _case("MAXIMUM", [x, x], [x], options("MaximumMinimum")),
        "MINIMUM": _case("MINIMUM", [x, x], [x], options("MaximumMinimum")),
        "RESHAPE": _case(
            "RESHAPE",
            [x, constant([2, 24])],
            [replace(x, shape=(2, 24))],
            options("Reshape", newShape=[2, 24]),
        ),
        "TRANSPOSE": _case(
            "TRANSPOSE",
            [x, constant([0, 2, 1])],
            [replace(x, shape=(1, 8, 6))],
            options("Transpose"),
        ),
        "SLICE": _case(
            "SLICE",
            [x, constant([0, 1, 2]), constant([1, 3, -1])],
            [replace(x, shape=(1, 3, 6))],
            options("Slice"),
        ),
        "STRIDED_SLICE": _case(
            "STRIDED_SLICE",
            [x, constant([0, 1, 0]), constant([1, 6, 8]), constant([1, 2, 3])],
            [replace(x, shape=(1, 3, 3))],
            options("StridedSlice"),
        ),
        "SPLIT": _case(
            "SPLIT",
            [constant(2), x],
            [replace(x, shape=(1, 6, 4))] * 2,
            options("Split", numSplits=2),
        ),
        "CONCATENATION": _case(
            "CONCATENATION",
            [x, x],
            [replace(x, shape=(1, 6, 16))],
            options("Concatenation", axis=2),
        ),
        "PAD": _case(
            "PAD",
            [x, constant([[0, 0], [1, 2], [0, 0]])],
            [replace(x, shape=(1, 9, 8))],
            options("Pad"),
        ),
        "QUANTIZE": _case("QUANTIZE", [Value((1, 6, 8))], [x], options("Quantize")),
        "DEQUANTIZE": _case("DEQUANTIZE", [x], [Value((1, 6, 8))], options("Dequantize")),
        "QUANTIZE anew": _case(
            "QUANTIZE", [x], [_real("INT8", 1, 6, 8, scale=0.06, zero=1)], options("Quantize")
        ),
        "RELU": _same("RELU", kind),
    }


def _of_int8() -> dict[str, Case]:
    """What they compute in int8 alone."""
    picture = _real("INT8", 1, 4, 4, 8)
    pool = {"strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    return {
        "GELU": _same("GELU", "INT8", options("Gelu", approximate=True), 0.03, -100),
        "HARD_SWISH": _same("HARD_SWISH", "INT8", options("HardSwish"), 0.03, -100),
        "ABS": _same("ABS", "INT8", None, 0.04, -100),
        "SQUARED_DIFFERENCE": _pair("SQUARED_DIFFERENCE", "INT8"),
        "L2_NORMALIZATION": _case(
            "L2_NORMALIZATION",
            [_real("INT8", 1, 6, 8)],
            [_exactly("INT8", (1 / 128, 0), 0, 1, 6, 8)],
            options("L2Norm"),
        ),
        "AVERAGE_POOL_2D": _case(
            "AVERAGE_POOL_2D",
            [picture],
            [replace(picture, shape=(1, 2, 2, 8))],
            options("Pool2D", **pool),
        ),
        "MAX_POOL_2D": _case(
            "MAX_POOL_2D",
            [picture],
            [replace(picture, shape=(1, 2, 2, 8))],
            options("Pool2D", **pool),
        ),
    }


QUANTIZED: dict[str, Case] = {
    **{f"{name}, int8": case for name, case in _of_both("INT8").items()},
    **{f"{name}, int16": case for name, case in _of_both("INT16").items()},
    **{f"{name}, int8": case for name, case in _of_int8().items()},
}
"""By operation and type."""
