"""Writes .tflite files of a single operation, of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


@dataclass(frozen=True)
class Value:
    """A tensor of the graph: an input or output, or with ``data`` a constant.

    Attributes:
        shape: with -1 for a size that is not known.
        type: TFLite's name.
        data: elements of a constant.
        scales: of quantisation, one or one a channel.
        zero_point: of quantisation, the same for all channels.
    """

    shape: tuple[int, ...]
    type: str = "FLOAT32"
    data: np.ndarray | None = None
    scales: tuple[float, ...] = ()
    zero_point: int = 0


def constant(data: Any, dtype: str = "int32") -> Value:
    """A constant of numbers."""
    array = np.array(data, dtype=dtype)
    name = {"int32": "INT32", "float32": "FLOAT32"}[dtype]
    return Value(array.shape, name, array)


def write_graph(
    path: Path,
    operation: str,
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    options: Any = None,
    composite: str | None = None,
    body: str = "ABS",
) -> Path:
    """Writes a file whose one signature ``main`` is one operation.

    Args:
        path: file to write.
        operation: TFLite's name, such as ``FULLY_CONNECTED``.
        inputs: in the operation's order; constants are no inputs of the graph.
        outputs: in order.
        options: such as ``schema.GeluOptionsT``, the table's name without its T naming it.
        composite: name of a ``STABLEHLO_COMPOSITE``.
        body: its only operation.
    """
    model = schema.ModelT()
    model.version = 3
    model.buffers = [schema.BufferT()]
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, operation)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    model.operatorCodes = [code]
    graph = schema.SubGraphT()
    graph.name = "main"
    graph.tensors = [_tensor(model, f"t{i}", v) for i, v in enumerate([*inputs, *outputs])]
    operator = schema.OperatorT()
    operator.opcodeIndex = 0
    operator.inputs = list(range(len(inputs)))
    operator.outputs = list(range(len(inputs), len(inputs) + len(outputs)))
    if options is not None:
        operator.builtinOptions = options
        name = type(options).__name__.removesuffix("T")
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
    graph.operators = [operator]
    graph.inputs = [i for i, value in enumerate(inputs) if value.data is None]
    graph.outputs = operator.outputs
    model.subgraphs = [graph]
    if composite is not None:
        model.subgraphs.append(_body(model, inputs[0], outputs[0], body))
        named = schema.StableHLOCompositeOptionsT()
        named.name, named.decompositionSubgraphIndex = composite, 1
        operator.builtinOptions2 = named
        operator.builtinOptions2Type = schema.BuiltinOptions2.StableHLOCompositeOptions
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "main", 0
    signature.inputs = [_named(f"in{i}", i) for i in graph.inputs]
    signature.outputs = [_named(f"out{i}", i) for i in graph.outputs]
    model.signatureDefs = [signature]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())
    return path


def _tensor(model: Any, name: str, value: Value) -> Any:
    tensor = schema.TensorT()
    tensor.name = name
    tensor.type = getattr(schema.TensorType, value.type)
    tensor.shape = [abs(size) for size in value.shape]
    if any(size < 0 for size in value.shape):
        tensor.shapeSignature = list(value.shape)
    tensor.buffer = 0
    if value.data is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(value.data.tobytes(), np.uint8)
        model.buffers.append(buffer)
        tensor.buffer = len(model.buffers) - 1
    if value.scales:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = list(value.scales)
        tensor.quantization.zeroPoint = [value.zero_point] * len(value.scales)
        tensor.quantization.quantizedDimension = 0
    return tensor


def _body(model: Any, given: Value, taken: Value, operation: str) -> Any:
    graph = schema.SubGraphT()
    graph.name = "body"
    graph.tensors = [_tensor(model, "given", given), _tensor(model, "taken", taken)]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, operation)
    model.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 1, [0], [1]
    graph.operators, graph.inputs, graph.outputs = [operator], [0], [1]
    return graph


def _named(name: str, index: int) -> Any:
    tensor_map = schema.TensorMapT()
    tensor_map.name, tensor_map.tensorIndex = name, index
    return tensor_map
