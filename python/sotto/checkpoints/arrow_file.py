"""Tensors as an Arrow table, in a Parquet file or an Arrow IPC file.

A row is a tensor: ``name``, ``shape``, ``dtype`` and ``data``, its bytes, C-contiguous and
little-endian. The schema's metadata says as JSON what model they are of. An IPC file is mapped
into memory and its tensors are views of that, so that loading takes no memory; Parquet, which more
tools read, is decoded a tensor at a time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sotto.bundle import replacing_file
from sotto.checkpoints.checkpoint import Shape
from sotto.errors import CheckpointError, OutputError

KEY = b"sotto.checkpoint"
"""Of the metadata's entry."""

VERSION = 1

PARQUET, IPC = b"PAR1", b"ARROW1"
"""How the files begin."""

SUFFIXES = (".parquet", ".arrow")
"""Of the files that are written."""

DTYPES = ("float32", "float16", "float64")

KINDS = ("whisper", "encoder", "vad")
"""Of models. The names of a Whisper's tensors are openai-whisper's, of a VAD's those of
:data:`sotto.checkpoints.silero.SHAPES`; an encoder's are as its own checkpoint stores them."""

MAX_RANK = 8


def is_arrow(path: Path) -> bool:
    """Whether a file begins as one of the two kinds does. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(IPC)).startswith((PARQUET, IPC))


def write_tensors(
    tensors: Iterable[tuple[str, np.ndarray]], path: Path, kind: str, described: Mapping[str, Any]
) -> None:
    """Writes tensors of floats, whole or not at all.

    Args:
        tensors: names with arrays of :data:`DTYPES`.
        path: ``.parquet`` or ``.arrow`` (IPC), which says what is written; replaced if there.
        kind: of model, one of :data:`KINDS`.
        described: what the metadata says beside it, as JSON.

    Raises:
        OutputError: another suffix, the file can't be written, or pyarrow is not installed.
    """
    if path.suffix not in SUFFIXES:
        raise OutputError(f"{path}: weights are written as {' or '.join(SUFFIXES)}")
    pa = _pyarrow(OutputError, f"writing {path}")
    metadata = json.dumps({"version": VERSION, "kind": kind, **described}).encode()
    schema = _schema(pa).with_metadata({KEY: metadata})
    with (
        replacing_file(path) as partial,
        _writer(pa, partial, path.suffix, schema) as writer,
    ):
        for name, array in tensors:
            writer.write_batch(_row(pa, schema, name, array))


class ArrowTensors:
    """The tensors of a file that :func:`write_tensors` wrote, under the keys of their reader.

    Args:
        path: the file.
        stack: closes it.
        full: a stored name to the key that the reader knows.

    Attributes:
        kind: of model.
        described: what the metadata says.

    Raises:
        CheckpointError: pyarrow is not installed, or the file is damaged or another table.
    """

    def __init__(
        self, path: Path, stack: ExitStack, full: Callable[[str], str] = lambda stored: stored
    ) -> None:
        self._path, self._pa = path, _pyarrow(CheckpointError, f"reading {path}")
        with self._reading():
            self._table = _open(self._pa, path, stack)
            self.described = _described(self._table.schema, self._pa, str(path))
            self.kind = str(self.described["kind"])
            self._found: dict[str, tuple[int, _Entry]] = {}
            for row in range(self._table.rows):
                entry = _entry(self._table.head(row), str(path))
                if full(entry.name) in self._found:
                    raise CheckpointError(f"{path}: {entry.name} is stored twice")
                self._found[full(entry.name)] = (row, entry)

    def __contains__(self, key: str) -> bool:
        return key in self._found

    def rename(self, key: str, other: str) -> None:
        """Gives a tensor another key."""
        self._found[other] = self._found.pop(key)

    def shapes(self) -> dict[str, Shape]:
        """Of all tensors, without reading them."""
        return {key: entry.shape for key, (_, entry) in self._found.items()}

    def floats(self) -> list[str]:
        """All keys: a file holds nothing else."""
        return list(self._found)

    def float32(self, key: str) -> np.ndarray:
        """A tensor, C-contiguous; of an IPC file a view of it, where it is stored so."""
        row, entry = self._found[key]
        with self._reading():
            return _array(self._table.data(row), entry, str(self._path))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (self._pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise CheckpointError(
                f"{self._path} can't be read as Arrow: truncated or damaged. Write it again. The "
                f"library said: {error!s:.200}"
            ) from error


@dataclass(frozen=True)
class _Entry:
    name: str
    shape: Shape
    dtype: str


@dataclass(frozen=True)
class _Table:
    """Either kind of file, a row a record batch or row group of its own."""

    schema: Any
    rows: int
    head: Callable[[int], dict[str, Any]]  # name, shape and dtype of a row
    data: Callable[[int], Any]  # a buffer of its bytes


def _open(pa: Any, path: Path, stack: ExitStack) -> _Table:
    with path.open("rb") as file:
        is_parquet = file.read(len(PARQUET)) == PARQUET
    if is_parquet:
        import pyarrow.parquet as pq

        parquet = stack.enter_context(pq.ParquetFile(path, memory_map=True))
        described = ["name", "shape", "dtype"]
        return _Table(
            parquet.schema_arrow,
            parquet.num_row_groups,
            lambda row: _one(parquet.read_row_group(row, columns=described)),
            lambda row: _bytes(parquet.read_row_group(row, columns=["data"])),
        )
    # Not closed: arrays are views of the mapping, which lives as long as they do.
    reader = pa.ipc.open_file(pa.memory_map(str(path)))

    def batch(row: int) -> Any:
        found = reader.get_batch(row)
        found.validate(full=True)  # offsets are the file's own, and may point anywhere
        return found

    return _Table(
        reader.schema,
        reader.num_record_batches,
        lambda row: _one(batch(row).select(["name", "shape", "dtype"])),
        lambda row: _bytes(batch(row)),
    )


def _one(table: Any) -> dict[str, Any]:
    """The only row of a batch or row group."""
    if table.num_rows != 1:
        raise ValueError(f"a part has {table.num_rows} rows, not one")
    row: dict[str, Any] = table.to_pylist()[0]
    return row


def _bytes(table: Any) -> Any:
    """A buffer of the only row's data, where it lies."""
    column = table.column("data")
    chunk = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    if len(chunk) != 1 or chunk.null_count:
        raise ValueError(f"a part has {len(chunk)} rows of data, not one")
    _, offsets, data = chunk.buffers()
    start, end = np.frombuffer(offsets, np.int64)[chunk.offset : chunk.offset + 2].tolist()
    return data.slice(start, end - start)


def _described(schema: Any, pa: Any, source: str) -> dict[str, Any]:
    if not schema.equals(_schema(pa), check_metadata=False):
        columns = ", ".join(f"{field.name}: {field.type}" for field in list(schema)[:8])
        raise CheckpointError(
            f"{source} has the columns {columns:.300}; weights have {_columns(pa)}. It is "
            "another table, not what Sotto writes"
        )
    try:
        value = json.loads((schema.metadata or {})[KEY])
    except (KeyError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{source} has no metadata {KEY.decode()} of a checkpoint") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{source}: its metadata {KEY.decode()} is no object")
    if value.get("version") != VERSION or value.get("kind") not in KINDS:
        raise CheckpointError(
            f"{source} holds weights of version {value.get('version')!r:.20}, kind "
            f"{value.get('kind')!r:.40}; this Sotto reads version {VERSION}, kinds "
            f"{', '.join(KINDS)}"
        )
    return dict(value)


def _entry(row: dict[str, Any], source: str) -> _Entry:
    name, shape, dtype = row["name"], row["shape"], row["dtype"]
    if not isinstance(name, str) or not isinstance(shape, list) or dtype not in DTYPES:
        raise CheckpointError(
            f"{source}: {name!r:.100} is {dtype!r:.40}; expected {', '.join(DTYPES)}"
        )
    if len(shape) > MAX_RANK or not all(type(side) is int and side >= 0 for side in shape):
        raise CheckpointError(f"{source}: {name:.100} has the shape {shape!r:.100}")
    return _Entry(name, tuple(shape), dtype)


def _array(data: Any, entry: _Entry, source: str) -> np.ndarray:
    kind = np.dtype(entry.dtype).newbyteorder("<")
    expected = math.prod(entry.shape) * kind.itemsize
    if data is None or data.size != expected:
        raise CheckpointError(
            f"{source}: {entry.name} {list(entry.shape)} has {data.size if data else 0} bytes, "
            f"expected {expected}"
        )
    with np.errstate(all="ignore"):  # what is not finite is reported with its key, later
        return np.asarray(np.frombuffer(data, kind).reshape(entry.shape), dtype=np.float32)


def _schema(pa: Any) -> Any:
    return pa.schema(
        [
            pa.field("name", pa.string(), nullable=False),
            pa.field("shape", pa.list_(pa.int64()), nullable=False),
            pa.field("dtype", pa.string(), nullable=False),
            pa.field("data", pa.large_binary(), nullable=False),
        ]
    )


def _columns(pa: Any) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in _schema(pa))


def _row(pa: Any, schema: Any, name: str, array: np.ndarray) -> Any:
    """A record batch of one tensor, over its memory."""
    array = np.ascontiguousarray(array)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    offsets = pa.py_buffer(np.array([0, array.nbytes], np.int64))
    data = pa.Array.from_buffers(
        pa.large_binary(), 1, [None, offsets, pa.py_buffer(array.reshape(-1))]
    )
    columns = [
        pa.array([name], pa.string()),
        pa.array([list(array.shape)], pa.list_(pa.int64())),
        pa.array([array.dtype.name], pa.string()),
        data,
    ]
    return pa.record_batch(columns, schema=schema)


def _writer(pa: Any, path: Path, suffix: str, schema: Any) -> Any:
    if suffix == ".arrow":
        return pa.ipc.new_file(str(path), schema)
    import pyarrow.parquet as pq

    # Weights neither repeat nor compress, and nobody filters by their least byte.
    return pq.ParquetWriter(
        str(path), schema, compression="none", use_dictionary=False, write_statistics=False
    )


def _pyarrow(error: type[CheckpointError] | type[OutputError], purpose: str) -> Any:
    try:
        import pyarrow
    except ImportError as missing:
        raise error(f"{purpose} needs pyarrow: pip install 'sotto[embed]'") from missing
    return pyarrow
