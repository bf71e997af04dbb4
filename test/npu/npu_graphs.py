"""Graphs of one operation: each that the NPU takes, and each construct that it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from small_graph import Value, constant, write_graph

X = Value((1, 4, 4, 8))
ROWS = Value((1, 4, 8))
FILE = "graph.tflite"

Case = Callable[[Path], Path]


def options(name: str, **fields: Any) -> Any:
    """TFLite's table of an operation's options, such as ``Softmax``."""
    table = getattr(schema, f"{name}OptionsT")()
    for key, value in fields.items():
        setattr(table, key, value)
    return table


def _case(
    operation: str, inputs: list[Value], outputs: list[Value], options: Any = None, **more: Any
) -> Case:
    return lambda folder: write_graph(folder / FILE, operation, inputs, outputs, options, **more)


def _weights(*shape: int) -> Value:
    return constant(np.ones(shape), "float32")


def _binary(operation: str, name: str, out: Value = X) -> Case:
    return _case(operation, [X, X], [out], options(name))


_POOL = {"strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
_CONV = {"strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}
_INT8 = Value((1, 4, 8), "INT8", scales=(0.1,))
_REDUCER = {"keepDims": True}

TAKEN: dict[str, Case] = {
    "ABS": _case("ABS", [X], [X]),
    "ADD": _binary("ADD", "Add"),
    "AVERAGE_POOL_2D": _case(
        "AVERAGE_POOL_2D", [X], [Value((1, 2, 2, 8))], options("Pool2D", **_POOL)
    ),
    "BATCH_MATMUL": _case(
        "BATCH_MATMUL", [X, Value((1, 4, 8, 5))], [Value((1, 4, 4, 5))], options("BatchMatMul")
    ),
    "CAST": _case("CAST", [Value((4,), "INT32")], [Value((4,))], options("Cast")),
    "COMPOSITE odml.l2_norm": _case("STABLEHLO_COMPOSITE", [X], [X], composite="odml.l2_norm"),
    "CONCATENATION": _case(
        "CONCATENATION", [X, X], [Value((1, 4, 4, 16))], options("Concatenation", axis=3)
    ),
    "CONV_2D": _case(
        "CONV_2D",
        [X, _weights(5, 1, 3, 8), _weights(5)],
        [Value((1, 4, 4, 5))],
        options("Conv2D", **_CONV),
    ),
    "DEPTHWISE_CONV_2D": _case(
        "DEPTHWISE_CONV_2D",
        [X, _weights(1, 3, 3, 8), _weights(8)],
        [X],
        options("DepthwiseConv2D", depthMultiplier=1, **_CONV),
    ),
    "DEQUANTIZE": _case("DEQUANTIZE", [_INT8], [ROWS], options("Dequantize")),
    "DIV": _binary("DIV", "Div"),
    "FULLY_CONNECTED": _case(
        "FULLY_CONNECTED",
        [ROWS, _weights(5, 8), _weights(5)],
        [Value((1, 4, 5))],
        options("FullyConnected", keepNumDims=True),
    ),
    "GELU": _case("GELU", [X], [X], options("Gelu", approximate=True)),
    "GREATER": _case("GREATER", [X, X], [Value(X.shape, "BOOL")], options("Greater")),
    "HARD_SWISH": _case("HARD_SWISH", [X], [X], options("HardSwish")),
    "L2_NORMALIZATION": _case("L2_NORMALIZATION", [X], [X], options("L2Norm")),
    "LEAKY_RELU": _case("LEAKY_RELU", [X], [X], options("LeakyRelu", alpha=0.1)),
    "LESS": _case("LESS", [X, X], [Value(X.shape, "BOOL")], options("Less")),
    "LOGISTIC": _case("LOGISTIC", [X], [X]),
    "MAXIMUM": _binary("MAXIMUM", "MaximumMinimum"),
    "MAX_POOL_2D": _case("MAX_POOL_2D", [X], [Value((1, 2, 2, 8))], options("Pool2D", **_POOL)),
    "MEAN": _case(
        "MEAN", [X, constant([-1])], [Value((1, 4, 4, 1))], options("Reducer", **_REDUCER)
    ),
    "MINIMUM": _binary("MINIMUM", "MaximumMinimum"),
    "MUL": _binary("MUL", "Mul"),
    "PAD": _case(
        "PAD",
        [X, constant([[0, 0], [1, 1], [0, 0], [0, 0]])],
        [Value((1, 6, 4, 8))],
        options("Pad"),
    ),
    "PADV2": _case(
        "PADV2",
        [X, constant([[0, 0], [1, 1], [0, 0], [0, 0]]), constant([0.0], "float32")],
        [Value((1, 6, 4, 8))],
        options("PadV2"),
    ),
    "PRELU": _case("PRELU", [X, _weights(8)], [X]),
    "QUANTIZE": _case("QUANTIZE", [ROWS], [_INT8], options("Quantize")),
    "REDUCE_MAX": _case(
        "REDUCE_MAX", [X, constant([3])], [Value((1, 4, 4, 1))], options("Reducer", **_REDUCER)
    ),
    "RELU": _case("RELU", [X], [X]),
    "RESHAPE": _case(
        "RESHAPE",
        [X, constant([1, 16, 8])],
        [Value((1, 16, 8))],
        options("Reshape", newShape=[1, 16, 8]),
    ),
    "RESIZE_BILINEAR": _case(
        "RESIZE_BILINEAR",
        [X, constant([8, 8])],
        [Value((1, 8, 8, 8))],
        options("ResizeBilinear"),
    ),
    "RESIZE_NEAREST_NEIGHBOR": _case(
        "RESIZE_NEAREST_NEIGHBOR",
        [X, constant([8, 8])],
        [Value((1, 8, 8, 8))],
        options("ResizeNearestNeighbor"),
    ),
    "RSQRT": _case("RSQRT", [X], [X]),
    "SLICE": _case(
        "SLICE",
        [ROWS, constant([0, 1, 0]), constant([1, 2, 8])],
        [Value((1, 2, 8))],
        options("Slice"),
    ),
    "SOFTMAX": _case("SOFTMAX", [X], [X], options("Softmax", beta=1.0)),
    "SPLIT": _case(
        "SPLIT",
        [constant(2), ROWS],
        [Value((1, 4, 4)), Value((1, 4, 4))],
        options("Split", numSplits=2),
    ),
    "SQRT": _case("SQRT", [X], [X]),
    "SQUARED_DIFFERENCE": _case("SQUARED_DIFFERENCE", [X, X], [X], options("SquaredDifference")),
    "STRIDED_SLICE": _case(
        "STRIDED_SLICE",
        [ROWS, constant([0, 0, 0]), constant([1, 4, 8]), constant([1, 2, 1])],
        [Value((1, 2, 8))],
        options("StridedSlice"),
    ),
    "SUB": _binary("SUB", "Sub"),
    "SUM": _case("SUM", [X, constant([3])], [Value((1, 4, 4, 1))], options("Reducer", **_REDUCER)),
    "TANH": _case("TANH", [X], [X]),
    "TRANSPOSE": _case(
        "TRANSPOSE", [ROWS, constant([0, 2, 1])], [Value((1, 8, 4))], options("Transpose")
    ),
    "TRANSPOSE_CONV": _case(
        "TRANSPOSE_CONV",
        [constant([1, 8, 8, 5]), _weights(5, 2, 2, 8), X],
        [Value((1, 8, 8, 5))],
        options("TransposeConv", strideW=2, strideH=2),
    ),
}
"""By operation. ``COMPOSITE odml.rms_norm`` is missing: its attributes are another format's."""

_FIVE = Value((1, 1, 1, 4, 4))
_LONG = Value((1, 4), "INT64")

REFUSED: dict[str, tuple[str, Case]] = {
    "exp": ("operation", _case("EXP", [X], [X], options("Exp"))),
    "masked_fill": (
        "operation",
        _case("SELECT_V2", [Value(X.shape, "BOOL"), X, X], [X], options("SelectV2")),
    ),
    "an embedding": (
        "operation",
        _case("EMBEDDING_LOOKUP", [Value((4,), "INT32"), _weights(9, 8)], [Value((4, 8))]),
    ),
    "a gather": (
        "operation",
        _case("GATHER", [_weights(9, 8), Value((4,), "INT32")], [Value((4, 8))], options("Gather")),
    ),
    "an argmax": (
        "operation",
        _case(
            "ARG_MAX",
            [ROWS, constant(2)],
            [Value((1, 4), "INT32")],
            options("ArgMax", outputType=schema.TensorType.INT32),
        ),
    ),
    "index_copy": (
        "operation",
        _case(
            "DYNAMIC_UPDATE_SLICE",
            [ROWS, Value((1, 1, 8)), Value((3,), "INT32")],
            [ROWS],
            options("DynamicUpdateSlice"),
        ),
    ),
    "another composite": (
        "operation",
        _case("STABLEHLO_COMPOSITE", [X], [X], composite="odml.group_norm", body="EXP"),
    ),
    "rank 5": ("rank", _case("ADD", [_FIVE, _FIVE], [_FIVE], options("Add"))),
    "a mask of -inf": (
        "range",
        _case("ADD", [X, constant([-np.inf] * 8, "float32")], [X], options("Add")),
    ),
    "a mask of -1e9": (
        "range",
        _case("ADD", [X, constant([-1e9] * 8, "float32")], [X], options("Add")),
    ),
    "a dynamic shape": (
        "shape",
        _case("ABS", [Value((1, -1, 8))], [Value((1, -1, 8))]),
    ),
    "int64 that is computed": ("type", _case("ADD", [_LONG, _LONG], [_LONG], options("Add"))),
    "int8 without a scale": (
        "type",
        _case("ABS", [Value((1, 4), "INT8")], [Value((1, 4), "INT8")]),
    ),
    "dynamic-range int8": (
        "precision",
        _case(
            "FULLY_CONNECTED",
            [
                ROWS,
                Value((5, 8), "INT8", np.ones((5, 8), np.int8), (0.1,) * 5),
                _weights(5),
            ],
            [Value((1, 4, 5))],
            options("FullyConnected", keepNumDims=True),
        ),
    ),
    "a shape that is computed": (
        "constant",
        _case("RESHAPE", [X, Value((3,), "INT32")], [Value((1, 16, 8))], options("Reshape")),
    ),
    "a product of two ranks": (
        "matmul",
        _case("BATCH_MATMUL", [X, Value((8, 5))], [Value((1, 4, 4, 5))], options("BatchMatMul")),
    ),
}
"""By what it is: the rule that refuses it, and the graph."""
