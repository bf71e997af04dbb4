"""Where in a decoder.tflite the token embedding's rows are.

Whisper's output layer has the token embedding's weights, so that a bundle needs no table of its
own: the host reads rows from the middle of the .tflite file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from sotto.bundle import DecoderSpec, TokenTable
from sotto.bundle.graph import TableType
from sotto.export.quantize.token_table import TABLE_SCALES

_TYPES: dict[int, TableType] = {
    schema.TensorType.FLOAT32: "fp32",
    schema.TensorType.FLOAT16: "fp16",
    schema.TensorType.INT8: "int8",
}
_DATA = 4  # of the table Buffer in the flatbuffer: its field "data"


@dataclass(frozen=True)
class TokenRows:
    """A table inside a file.

    Attributes:
        kind: ``fp32``, ``fp16`` or ``int8``.
        offset: bytes from the file's beginning.
        scales: float32 ``[V]``, of int8: row = int8 row * scale.
    """

    kind: TableType
    offset: int
    scales: np.ndarray | None


def share_token_rows(
    directory: Path, spec: DecoderSpec, report: Callable[[str], None]
) -> TokenTable | None:
    """Has the host read token rows from the decoder's output layer.

    Args:
        directory: of the bundle; gets the rows' scales, where they have any.
        spec: of the decoder.
        report: called with a line of text.

    Returns:
        Where the rows are; None where the host can't read these weights.
    """
    model, rows = directory / "decoder.tflite", None
    if model.exists():
        rows = find_token_rows(model, spec.vocabulary, spec.width)
    if rows is None:
        return None
    report(f"token rows are those of the output layer ({rows.kind})")
    if rows.scales is None:
        return TokenTable(model.name, rows.kind, rows.offset)
    np.save(directory / TABLE_SCALES, rows.scales)
    return TokenTable(model.name, rows.kind, rows.offset, TABLE_SCALES)


def find_token_rows(model: Path, vocabulary: int, width: int) -> TokenRows | None:
    """The weights ``[vocabulary, width]`` of the output layer, or None.

    None if no tensor has this shape, or it is stored in another way than a row after another:
    quantised by blocks, in four bits, or with a zero point.
    """
    content = np.memmap(model, np.uint8, mode="r")
    root = schema.Model.GetRootAs(content, 0)
    for index in range(root.SubgraphsLength()):
        subgraph = root.Subgraphs(index)
        for position in range(subgraph.TensorsLength()):
            tensor = subgraph.Tensors(position)
            if tensor.ShapeLength() != 2 or tensor.ShapeAsNumpy().tolist() != [vocabulary, width]:
                continue
            rows = _rows(root, tensor, vocabulary * width)
            if rows is not None:
                return rows
    return None


def _rows(root: Any, tensor: Any, elements: int) -> TokenRows | None:
    kind = _TYPES.get(tensor.Type())
    buffer = root.Buffers(tensor.Buffer())
    offset, size = _place(buffer)
    if kind is None or size != elements * {"fp32": 4, "fp16": 2, "int8": 1}[kind]:
        return None
    if kind != "int8":
        return TokenRows(kind, offset, None)
    quantization = tensor.Quantization()
    if quantization is None or quantization.ScaleLength() != tensor.Shape(0):
        return None
    if quantization.ZeroPointLength() and np.any(quantization.ZeroPointAsNumpy()):
        return None
    return TokenRows(kind, offset, np.array(quantization.ScaleAsNumpy(), np.float32))


def _place(buffer: Any) -> tuple[int, int]:
    """Where its data begin and how many bytes they are: in the flatbuffer, or behind it."""
    if buffer.Offset() > 1:
        return int(buffer.Offset()), int(buffer.Size())
    field = buffer._tab.Offset(_DATA)
    if field == 0:
        return 0, 0
    return int(buffer._tab.Vector(field)), int(buffer.DataLength())
