"""The layers of a .tflite file that have weights, by the names of the modules they came from.

The converter leaves no names worth having (``…_Named;132``). A layer is found by its weights:
every operation that reads them, in whatever signature, is the same layer. So a precision is
always one for all signatures, which share the weights.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema

from sotto.bundle import LayerEntry

OPERATIONS = {
    schema.BuiltinOperator.FULLY_CONNECTED: "FULLY_CONNECTED",
    schema.BuiltinOperator.CONV_2D: "CONV_2D",
}
"""Operations whose second input may be weights, which quantisation takes."""


@dataclass(frozen=True)
class Layer:
    """Weights, and the operations that read them.

    Attributes:
        name: file and module, such as ``decoder.attention.0.query``.
        operation: one of ``OPERATIONS``.
        shape: of the weights, the output channels first.
        outputs: names of the tensors that the operations write, by which the quantiser knows them.
    """

    name: str
    operation: str
    shape: tuple[int, ...]
    outputs: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many weights there are."""
        return int(np.prod(self.shape))

    def entry(self, precision: str) -> LayerEntry:
        """What the manifest says of it, without the name."""
        return LayerEntry(self.operation, self.shape, self.outputs, precision)

    @classmethod
    def of_entry(cls, name: str, entry: LayerEntry) -> Layer:
        """The layer that a manifest has under a name."""
        return cls(name, entry.operation, entry.shape, entry.outputs)


def module_weights(file: str, scripts: Iterable[Path]) -> dict[str, np.ndarray]:
    """The weights of each module of a file's TorchScript graphs, by the layer's name."""
    prefix = file.removesuffix(".tflite")
    return {
        f"{prefix}.{name.removesuffix('.weight')}": weights.numpy()
        for script in scripts
        for name, weights in torch.jit.load(str(script)).state_dict().items()
        if name.endswith(".weight") and weights.ndim > 1
    }


def find_layers(model: Path, modules: Mapping[str, np.ndarray]) -> list[Layer]:
    """The layers of a float32 .tflite file, in the order of its operations.

    Args:
        model: the file.
        modules: weights by the name of the module that has them, as torch holds them. Weights
            of the file that are not among them get the name ``FILE.weights.N``.
    """
    names = {_digest(form): name for name, weights in modules.items() for form in _forms(weights)}
    found: dict[int, Layer] = {}
    with model.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        root = schema.Model.GetRootAsModel(data, 0)
        for operation, weights, output in _operations(root):
            buffer = weights.Buffer()
            if buffer not in found:
                content = _content(root.Buffers(buffer), data)
                if not content:
                    continue  # an activation
                unnamed = f"{model.name.partition('.')[0]}.weights.{len(found)}"
                name = names.get(hashlib.sha256(content).digest(), unnamed)
                shape = tuple(int(weights.Shape(i)) for i in range(weights.ShapeLength()))
                found[buffer] = Layer(name, operation, shape, ())
            layer = found[buffer]
            outputs = (*layer.outputs, output)
            found[buffer] = Layer(layer.name, layer.operation, layer.shape, outputs)
    return list(found.values())


def _operations(root: schema.Model) -> Iterator[tuple[str, schema.Tensor, str]]:
    """Operation, weights and the output's name of whatever may be a layer."""
    codes = [root.OperatorCodes(i) for i in range(root.OperatorCodesLength())]
    # Small codes live in the older, one-byte field.
    numbers = [max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) for code in codes]
    for i in range(root.SubgraphsLength()):
        graph = root.Subgraphs(i)
        for j in range(graph.OperatorsLength()):
            operator = graph.Operators(j)
            operation = OPERATIONS.get(numbers[operator.OpcodeIndex()])
            if operation is not None:
                weights, output = operator.Inputs(1), operator.Outputs(0)
                yield operation, graph.Tensors(weights), graph.Tensors(output).Name().decode()


def _content(buffer: schema.Buffer, file: mmap.mmap) -> bytes:
    """What a buffer holds, in the flatbuffer or behind it; empty for an activation's."""
    if buffer.Size() > 1:
        return file[buffer.Offset() : buffer.Offset() + buffer.Size()]
    return b"" if buffer.DataIsNone() else bytes(buffer.DataAsNumpy())


def _forms(weights: np.ndarray) -> list[np.ndarray]:
    """A module's weights as they are, and a convolution's with the channels last."""
    return [weights] if weights.ndim == 2 else [weights, np.moveaxis(weights, 1, -1)]


def _digest(weights: np.ndarray) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(weights, dtype=np.float32).data).digest()
