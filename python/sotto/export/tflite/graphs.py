"""What a .tflite file says of its graphs, read with bounds checks."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from sotto.errors import ModelError

_OPERATIONS = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}
_TYPES = {value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)}

DAMAGE = (
    *(struct.error, IndexError, KeyError, OverflowError, TypeError, ValueError, AttributeError),
    RecursionError,
)
"""What reading a damaged flatbuffer raises, wherever it first goes wrong."""

COMPOSITES = ("odml.l2_norm", "odml.rms_norm")
"""That the plugin legalises. LiteRT gives it the bodies of others."""

MIN_TABLE_BYTES = 4
"""Of the file, that each entry of a vector takes: a vector's length says no more than fits."""


@dataclass(frozen=True)
class Tensor:
    """An input, an output or a constant of an operation.

    Attributes:
        name: as the converter wrote it.
        type: TFLite's name, such as ``FLOAT32``.
        shape: with -1 where a size is dynamic.
        scales: how many scales quantisation has: 0 if the tensor isn't quantised.
        zero_points: as many as scales, or fewer.
        blockwise: whether a scale is for a block of weights.
        constant: the elements' bytes, or None for a tensor that is computed.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    scales: int
    zero_points: tuple[int, ...]
    blockwise: bool
    constant: np.ndarray | None

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)


@dataclass(frozen=True)
class Operation:
    """A node of a graph.

    Attributes:
        name: TFLite's, such as ``FULLY_CONNECTED``; of a custom operation ``CUSTOM name``, of a
            composite that the plugin knows ``COMPOSITE name``.
        inputs: without those that are left out.
        outputs: in order.
        approximate: of GELU, whether it is the tanh form; None of others.
    """

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    approximate: bool | None = None


@dataclass(frozen=True)
class Graph:
    """A signature, or a subgraph that has none.

    Attributes:
        signature: its name; ``subgraph N`` where there is none.
        index: of the subgraph.
        operations: in the order of execution.
        inputs: of the graph.
        outputs: of the graph.
        input_names: the signature's, in the graph's order; empty where there is no signature.
        output_names: likewise.
    """

    signature: str
    index: int
    operations: tuple[Operation, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()


def read_graphs(path: Path) -> list[Graph]:
    """Reads the graphs of a .tflite file, in the order of its subgraphs.

    Raises:
        ModelError: the file can't be read, is no .tflite file, or is damaged.
    """
    try:
        content = np.memmap(path, np.uint8, mode="r")
    except (OSError, ValueError) as error:
        raise ModelError(f"can't read {path}: {error}") from error
    if bytes(content[4:8]) != b"TFL3":
        raise ModelError(f"{path} is no .tflite file: its identifier is {bytes(content[4:8])!r}")
    try:
        return _Reader(content).graphs()
    except DAMAGE as error:
        raise ModelError(f"{path} is damaged ({type(error).__name__}: {error})") from error


class _Reader:
    def __init__(self, content: np.ndarray) -> None:
        self.content = content
        self.bodies: dict[int, tuple[Operation, ...]] = {}
        self.inlined = 0
        self.model = schema.Model.GetRootAsModel(content, 0)
        self.codes = [
            self._name(self.model.OperatorCodes(i))
            for i in self._range(self.model.OperatorCodesLength())
        ]

    def graphs(self) -> list[Graph]:
        definitions = [
            self.model.SignatureDefs(i) for i in self._range(self.model.SignatureDefsLength())
        ]
        signatures = {definition.SubgraphIndex(): definition for definition in definitions}
        # A composite's body is a subgraph of its own, which the NPU does not see.
        bodies = set(self._composites())
        return [
            self._graph(i, signatures.get(i))
            for i in self._range(self.model.SubgraphsLength())
            if i not in bodies
        ]

    def _composites(self) -> list[int]:
        found = []
        for i in self._range(self.model.SubgraphsLength()):
            graph = self.model.Subgraphs(i)
            for j in self._range(graph.OperatorsLength()):
                if (options := self._composite(graph.Operators(j))) is not None:
                    found.append(options.DecompositionSubgraphIndex())
        return found

    def _graph(self, index: int, signature: Any) -> Graph:
        graph = self.model.Subgraphs(index)
        inputs = [graph.Inputs(i) for i in self._range(graph.InputsLength())]
        outputs = [graph.Outputs(i) for i in self._range(graph.OutputsLength())]
        names: list[tuple[str, ...]] = [(), ()]
        if signature is not None:
            names[0] = self._names(signature.Inputs, signature.InputsLength(), inputs)
            names[1] = self._names(signature.Outputs, signature.OutputsLength(), outputs)
        tensors = [self._tensor(graph.Tensors(i)) for i in self._range(graph.TensorsLength())]
        return Graph(
            f"subgraph {index}" if signature is None else _text(signature.SignatureKey()),
            index,
            tuple(
                operation
                for i in self._range(graph.OperatorsLength())
                for operation in self._operations(graph.Operators(i), tensors, index)
            ),
            tuple(tensors[i] for i in inputs),
            tuple(tensors[i] for i in outputs),
            *names,
        )

    def _names(self, at: Any, length: int, order: list[int]) -> tuple[str, ...]:
        """The signature's names of tensors, in the graph's order."""
        entries = [at(i) for i in self._range(length)]
        name_of = {entry.TensorIndex(): _text(entry.Name()) for entry in entries}
        return tuple(name_of.get(index, "") for index in order)

    def _operations(
        self, operator: Any, tensors: list[Tensor], index: int
    ) -> tuple[Operation, ...]:
        """The operation; in a composite's place its body's, unless the plugin knows it."""
        composite = self._composite(operator)
        if composite is None or _text(composite.Name()) in COMPOSITES:
            return (self._operation(operator, tensors),)
        body = composite.DecompositionSubgraphIndex()
        if not index < body < self.model.SubgraphsLength():  # so that none is within itself
            raise IndexError(f"a composite's body is subgraph {body}")
        if body not in self.bodies:
            self.bodies[body] = self._graph(body, None).operations
        # Bodies of bodies double with each level: a small file may stand for endless work.
        self.inlined += len(self.bodies[body])
        self._range(self.inlined)
        return self.bodies[body]

    def _operation(self, operator: Any, tensors: list[Tensor]) -> Operation:
        name = self.codes[operator.OpcodeIndex()]
        approximate = None
        if (composite := self._composite(operator)) is not None:
            name = f"COMPOSITE {_text(composite.Name())}"
        elif name == "GELU":
            options = schema.GeluOptions()
            table = operator.BuiltinOptions()
            if table is not None:
                options.Init(table.Bytes, table.Pos)
            approximate = table is not None and bool(options.Approximate())
        inputs = [operator.Inputs(i) for i in self._range(operator.InputsLength())]
        outputs = [operator.Outputs(i) for i in self._range(operator.OutputsLength())]
        if any(i < -1 for i in inputs) or any(i < 0 for i in outputs):
            raise IndexError("an operation names a tensor below 0")
        return Operation(
            name,
            tuple(tensors[i] for i in inputs if i != -1),
            tuple(tensors[i] for i in outputs),
            approximate,
        )

    def _composite(self, operator: Any) -> Any:
        kind = schema.BuiltinOptions2.StableHLOCompositeOptions
        if operator.BuiltinOptions2Type() != kind:
            return None
        table = operator.BuiltinOptions2()
        options = schema.StableHLOCompositeOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def _tensor(self, tensor: Any) -> Tensor:
        length = tensor.ShapeSignatureLength()
        at = tensor.ShapeSignature if length else tensor.Shape
        shape = tuple(int(at(i)) for i in self._range(length or tensor.ShapeLength()))
        quantization = tensor.Quantization()
        zero_points: tuple[int, ...] = ()
        scales, blockwise = 0, False
        if quantization is not None:
            scales = len(self._range(quantization.ScaleLength()))
            count = self._range(quantization.ZeroPointLength())
            zero_points = tuple(int(quantization.ZeroPoint(i)) for i in count)
            blockwise = (
                quantization.DetailsType() == schema.QuantizationDetails.BlockwiseQuantization
            )
        return Tensor(
            _text(tensor.Name()),
            _TYPES[tensor.Type()],
            shape,
            scales,
            zero_points,
            blockwise,
            self._constant(tensor.Buffer()),
        )

    def _constant(self, index: int) -> np.ndarray | None:
        if not 0 <= index < len(self._range(self.model.BuffersLength())):
            raise IndexError(f"buffer {index} is not there")
        buffer = self.model.Buffers(index)
        offset, size = buffer.Offset(), buffer.Size()
        if offset > 1:  # behind the flatbuffer
            if offset + size > len(self.content):
                raise IndexError(f"buffer {index} reaches beyond the file")
            return self.content[offset : offset + size]
        if buffer.DataLength() == 0:
            return None
        self._range(buffer.DataLength(), 1)
        data: np.ndarray = buffer.DataAsNumpy()
        return data

    def _range(self, length: int, entry: int = MIN_TABLE_BYTES) -> range:
        if length * entry > len(self.content):
            raise IndexError(f"a vector of {length} entries reaches beyond the file")
        return range(length)

    def _name(self, code: Any) -> str:
        # Small codes live in the older, one-byte field.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = _OPERATIONS.get(number, f"operator {number}")
        return f"CUSTOM {_text(code.CustomCode())}" if name == "CUSTOM" else name


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode(errors="replace")
