"""The columns of an index's tables, and records as rows of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sotto.errors import StoreError
from sotto.index.record import Record
from sotto.index.where import metadata_entry


def missing(package: str) -> StoreError:
    """The error of a package that only an index needs, and that is not installed."""
    return StoreError(f"an index needs the package {package}: pip install 'sotto[embed]'")


try:
    import pyarrow as pa
except ImportError as error:
    raise missing("pyarrow") from error

VERSION = "1"
"""Of the columns; an index of another is refused."""

Vectors = NDArray[np.float32]

PREFIX = "space-"
FILES = "files"

COLUMNS = (
    "id",
    "modality",
    "path",
    "content",
    "text",
    "first_line",
    "last_line",
    "begin_seconds",
    "end_seconds",
    "metadata",
)
"""All but the vector and its space: what a record is made from again."""

_KEY = {"lance-schema:unenforced-primary-key": "true"}
"""Of two processes that insert one key at once, Lance refuses the second, which tries again."""

FILES_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False, metadata=_KEY),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("modality", pa.string(), nullable=False),
        pa.field("models", pa.list_(pa.string()), nullable=False),
        pa.field("records", pa.int64(), nullable=False),
    ],
    metadata={"sotto.layout": VERSION},
)
"""The files whose records are all there, what their content was and which models made them."""


def table_name(space: str) -> str:
    """The table of a space: LanceDB takes letters, digits, ``_``, ``-`` and ``.`` in names.

    Raises:
        StoreError: the space is not ``NAME@HASH``.
    """
    name, at, digest = space.rpartition("@")
    if not at or not name or not re.fullmatch(r"[0-9A-Za-z]+", digest):
        raise StoreError(
            f"{space!r} names no space; expected NAME@HASH, such as encoder.space gives"
        )
    return f"{PREFIX}{re.sub(r'[^0-9A-Za-z._-]', '_', name)}-{digest}"


def vectors_schema(space: str, dimensions: int, bundle: str) -> pa.Schema:
    """The columns of one space's table.

    Args:
        space: ``NAME@HASH`` (:mod:`sotto.bundle.space`).
        dimensions: of the vectors.
        bundle: where the model was found, for searches that do not say.
    """
    fields = [
        pa.field("id", pa.string(), nullable=False, metadata=_KEY),
        pa.field("space", pa.string(), nullable=False),
        pa.field("modality", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("content", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("first_line", pa.int32()),
        pa.field("last_line", pa.int32()),
        pa.field("begin_seconds", pa.float64()),
        pa.field("end_seconds", pa.float64()),
        pa.field("metadata", pa.list_(pa.string()), nullable=False),
        pa.field("vector", pa.list_(pa.float32(), dimensions), nullable=False),
    ]
    metadata = {"sotto.layout": VERSION, "sotto.space": space, "sotto.bundle": bundle}
    return pa.schema(fields, metadata=metadata)


def to_rows(records: Sequence[Record], vectors: Vectors, schema: pa.Schema) -> pa.Table:
    """Records and their vectors, float32 ``[n, d]`` of length 1, as rows of a space's table."""
    space = schema.metadata[b"sotto.space"].decode()
    dimensions = schema.field("vector").type.list_size
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
    columns: dict[str, Any] = {
        "id": [record.id for record in records],
        "space": [space] * len(records),
        "modality": [record.modality for record in records],
        "path": [storable(record.path) for record in records],
        "content": [record.content for record in records],
        "text": [storable(record.text) for record in records],
        "first_line": [record.lines[0] if record.lines else None for record in records],
        "last_line": [record.lines[1] if record.lines else None for record in records],
        "begin_seconds": [record.seconds[0] if record.seconds else None for record in records],
        "end_seconds": [record.seconds[1] if record.seconds else None for record in records],
        "metadata": [
            [metadata_entry(name, value) for name, value in record.metadata.items()]
            for record in records
        ],
        "vector": pa.FixedSizeListArray.from_arrays(flat, dimensions),
    }
    arrays = [pa.array(columns[each.name], each.type) for each in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def from_row(row: dict[str, Any]) -> Record:
    """The record of a row with :data:`COLUMNS`."""
    lines = (row["first_line"], row["last_line"])
    seconds = (row["begin_seconds"], row["end_seconds"])
    return Record(
        modality=row["modality"],
        text=row["text"],
        path=row["path"],
        content=row["content"],
        id=row["id"],
        lines=None if lines[0] is None else lines,
        seconds=None if seconds[0] is None else seconds,
        metadata=dict(json.loads(entry) for entry in row["metadata"]),
    )


def storable(text: str) -> str:
    """Arrow takes UTF-8: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
