"""Alters .tflite files: bytes anywhere, or what a valid file says of its graph."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

SIZES = (0, 1, 2, 3, 5, 64, 65536, 2**31 - 1, -1)
SCALES = ([], [0.0], [float("nan")], [0.1, 0.2], [1e-30] * 8)
OPERATIONS = sorted(v for v in vars(schema.BuiltinOperator).values() if isinstance(v, int))


def altered_bytes(content: bytes, random: np.random.Generator) -> bytes:
    """One to five bytes of it anew."""
    altered = np.frombuffer(content, np.uint8).copy()
    places = random.integers(0, len(altered), random.integers(1, 6))
    altered[places] = random.choice([0, 1, 4, 127, 128, 255], len(places))
    return altered.tobytes()


def altered_graph(content: bytes, random: np.random.Generator) -> bytes:
    """One to three statements about its first graph anew; still a valid flatbuffer.

    A reader that only checks offsets takes it: shapes, types, indices, quantisation, options and
    constants may be such that no converter writes them.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for _ in range(random.integers(1, 4)):
        change = _CHANGES[random.integers(len(_CHANGES))]
        change(model, model.subgraphs[0], random)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _any(values: Any, random: np.random.Generator) -> Any:
    return values[random.integers(len(values))]


def _size(_: Any, graph: Any, random: np.random.Generator) -> None:
    tensor = _any(graph.tensors, random)
    shape = list(tensor.shape) or [1]
    shape[random.integers(len(shape))] = _any(SIZES, random)
    tensor.shape = shape


def _rank(_: Any, graph: Any, random: np.random.Generator) -> None:
    tensor = _any(graph.tensors, random)
    shape = [int(size) for size in tensor.shape]
    tensor.shape = shape[1:] if random.integers(2) else [1, *shape]


def _type(_: Any, graph: Any, random: np.random.Generator) -> None:
    _any(graph.tensors, random).type = int(random.integers(0, 18))


def _buffer(model: Any, graph: Any, random: np.random.Generator) -> None:
    _any(graph.tensors, random).buffer = int(random.integers(len(model.buffers)))


def _constant(model: Any, _: Any, random: np.random.Generator) -> None:
    buffer = _any(model.buffers, random)
    if buffer.data is None or not len(buffer.data):
        return
    data = np.array(buffer.data, np.uint8)
    if random.integers(2):
        data[random.integers(len(data))] = random.integers(256)
    else:
        data = data[: random.integers(1, len(data) + 1)]
    buffer.data = data


def _inputs(_: Any, graph: Any, random: np.random.Generator) -> None:
    operator = _any(graph.operators, random)
    inputs = [int(index) for index in operator.inputs]
    match random.integers(3):
        case 0:
            inputs = inputs[:-1]
        case 1:
            inputs.append(int(random.integers(-1, len(graph.tensors))))
        case _ if inputs:
            inputs[random.integers(len(inputs))] = int(random.integers(-1, len(graph.tensors)))
    operator.inputs = inputs


def _outputs(_: Any, graph: Any, random: np.random.Generator) -> None:
    operator = _any(graph.operators, random)
    operator.outputs = [int(random.integers(len(graph.tensors))) for _ in range(random.integers(3))]


def _interface(_: Any, graph: Any, random: np.random.Generator) -> None:
    indices = [int(random.integers(len(graph.tensors))) for _ in range(random.integers(3))]
    if random.integers(2):
        graph.inputs = indices
    else:
        graph.outputs = indices


def _operation(model: Any, _: Any, random: np.random.Generator) -> None:
    code = _any(model.operatorCodes, random)
    code.builtinCode = _any(OPERATIONS, random)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def _quantisation(_: Any, graph: Any, random: np.random.Generator) -> None:
    tensor = _any(graph.tensors, random)
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale = _any(SCALES, random)
    tensor.quantization.zeroPoint = [int(random.integers(-300, 300))] * int(random.integers(3))
    tensor.quantization.quantizedDimension = int(random.integers(-2, 6))


def _options(_: Any, graph: Any, random: np.random.Generator) -> None:
    options = _any(graph.operators, random).builtinOptions
    fields = [k for k, v in vars(options).items() if type(v) is int] if options else []
    if fields:  # small enough for the narrowest, a byte
        setattr(options, _any(fields, random), _any((0, 1, 2, 5, 127), random))


_CHANGES = (
    *(_size, _rank, _type, _buffer, _constant, _inputs),
    *(_outputs, _interface, _operation, _quantisation, _options),
)
