"""What a compiled .tflite file holds: for each signature one call of code behind the flatbuffer.

LiteRT replaces a partition by an operation ``DISPATCH_OP`` whose options say where the code is and
what it is called there (``litert/core/dispatch_op_schema.cc``). MediaTek's code is a flatbuffer of
its own, with an entry a partition and the version of Neuron that made them
(``litert/vendors/mediatek/schema/neuron_schema.fbs``). Both are read here with bounds checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import encode, flexbuffers, packer
from flatbuffers.number_types import Int32Flags, Uint32Flags
from flatbuffers.table import Table

from sotto.bundle.manifest import NeuronCompiler
from sotto.errors import ModelError
from sotto.export.tflite.graphs import DAMAGE, Graph, Tensor, read_graphs

DISPATCH = "CUSTOM DISPATCH_OP"

MARK = b"SOTTONET"
"""What code begins with that ``cpp/neuron_host`` made, which is none for a device."""

HOST: NeuronCompiler = "sotto neuron_host"
VENDOR: NeuronCompiler = "neuron"
"""Who made code: the library that runs anywhere, which marks it; else the vendor's."""

_OFFSET_BYTES = 4


@dataclass(frozen=True)
class Compiled:
    """A compiled file.

    Attributes:
        compiler: :data:`HOST` or :data:`VENDOR`, by the code itself.
        sdk: version of Neuron that made it, such as ``8.2.24``; empty if it does not say.
        code: bytes of each signature's code.
    """

    compiler: NeuronCompiler
    sdk: str
    code: dict[str, int]


def read_compiled(path: Path, expected: tuple[Graph, ...]) -> Compiled:
    """Reads a file that the plugin compiled, and sees that it is what was to be compiled.

    Args:
        path: the file.
        expected: the signatures before.

    Raises:
        ModelError: it is damaged, lacks a signature or has another one, a signature's tensors
            differ in name, shape or type, or it is anything but one call of code.
    """
    graphs = read_graphs(path)
    _check_signatures(path, graphs, expected)
    content = np.memmap(path, np.uint8, mode="r")
    try:
        return _compiled(content, graphs)
    except DAMAGE as error:
        raise ModelError(
            f"{path}: its code is damaged ({type(error).__name__}: {error})"
        ) from error


def _check_signatures(path: Path, graphs: list[Graph], expected: tuple[Graph, ...]) -> None:
    found, wanted = ([graph.signature for graph in each] for each in (graphs, expected))
    if sorted(found) != sorted(wanted):
        raise ModelError(
            f"{path} has {', '.join(found) or 'no signature'}, not {', '.join(wanted)}"
        )
    before = {graph.signature: graph for graph in expected}
    for graph in graphs:
        if _interface(graph) != _interface(before[graph.signature]):
            raise ModelError(f"{path}: {graph.signature} has other tensors than before")
        names = [operation.name for operation in graph.operations]
        if names != [DISPATCH]:
            raise ModelError(
                f"{path}: {graph.signature} is {', '.join(names) or 'empty'}, not one call of code"
            )


def _interface(graph: Graph) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors by the signature's names: the plugin need not keep their order."""

    def described(names: tuple[str, ...], tensors: tuple[Tensor, ...]) -> dict[str, Any]:
        return {n: (t.name, t.type, t.shape) for n, t in zip(names, tensors, strict=True)}

    return described(graph.input_names, graph.inputs), described(graph.output_names, graph.outputs)


def _compiled(content: np.ndarray, graphs: list[Graph]) -> Compiled:
    model = schema.Model.GetRootAsModel(content, 0)
    compilers, versions, code = set(), set(), {}
    for graph in graphs:
        operator = model.Subgraphs(graph.index).Operators(0)
        options = flexbuffers.Loads(bytes(operator.CustomOptionsAsNumpy()))
        offset, size = int(options["bytecode_offset"]), int(options["bytecode_size"])
        if not 0 < offset < offset + size <= len(content):
            raise IndexError(f"the code of {graph.signature} reaches beyond the file")
        module = _Module(content[offset : offset + size])
        blob = module.code(str(options["name"]))
        compilers.add(HOST if bytes(blob[: len(MARK)]) == MARK else VENDOR)
        versions.add(module.version())
        code[graph.signature] = len(blob)
    if len(compilers) != 1 or len(versions) != 1:
        raise ValueError(f"it is by {sorted(compilers)} of versions {sorted(versions)}")
    return Compiled(compilers.pop(), versions.pop(), code)


class _Module:
    """The flatbuffer ``Graphs`` of ``neuron_schema.fbs``; a field's place is 4 + 2 x its index."""

    SUBGRAPHS, DATA, VERSION = 6, 8, 12
    ENTRY_POINT, COMPILED_INDEX = 4, 10
    INDEX_VALUE, BUFFER_DATA = 4, 6

    def __init__(self, content: np.ndarray) -> None:
        self.content = content
        self.root = Table(content, encode.Get(packer.uoffset, content, 0))

    def code(self, name: str) -> np.ndarray:
        """Of the entry of that name."""
        for entry in self._tables(self.root, self.SUBGRAPHS):
            if entry.String(self._field(entry, self.ENTRY_POINT)).decode() == name:
                index = Table(self.content, entry.Indirect(self._field(entry, self.COMPILED_INDEX)))
                place = index.Get(Int32Flags, self._field(index, self.INDEX_VALUE))
                buffers = self._tables(self.root, self.DATA)
                if not 0 <= place < len(buffers):
                    raise IndexError(f"entry {name} is in buffer {place} of {len(buffers)}")
                return self._bytes(buffers[place], self.BUFFER_DATA)
        raise KeyError(name)

    def version(self) -> str:
        """Of Neuron; empty where it is left out, as older plugins did."""
        field = self.root.Offset(self.VERSION)
        if not field:
            return ""
        at = self.root.Pos + field
        return ".".join(str(self.root.Get(Uint32Flags, at + 4 * i)) for i in range(3))

    def _field(self, table: Table, place: int) -> int:
        offset = table.Offset(place)
        if not offset:
            raise KeyError(f"field {place}")
        return int(table.Pos + offset)

    def _tables(self, table: Table, place: int) -> list[Table]:
        field = self._field(table, place) - table.Pos
        start, length = table.Vector(field), table.VectorLen(field)
        if start + length * _OFFSET_BYTES > len(self.content):
            raise IndexError(f"a vector of {length} entries reaches beyond the code")
        return [
            Table(self.content, table.Indirect(start + i * _OFFSET_BYTES)) for i in range(length)
        ]

    def _bytes(self, table: Table, place: int) -> np.ndarray:
        field = self._field(table, place) - table.Pos
        start, length = table.Vector(field), table.VectorLen(field)
        if start + length > len(self.content):
            raise IndexError(f"{length} bytes reach beyond the code")
        return self.content[start : start + length]
