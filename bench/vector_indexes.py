"""The vector indexes that bench/index.py measures, behind one face."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sotto.index import layout, nearest
from sotto.index.database import Database

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]

SPACE = "bench@0"
BATCH = 20_000


class Contender(Protocol):
    """One way to find the nearest vectors."""

    name: str
    exhaustive: bool

    def build(self, vectors: Vectors) -> None:
        """Makes what searching needs, of float32 ``[n, d]``: this is timed."""

    def stored(self) -> int:
        """Bytes of it, the vectors themselves included."""

    def search(self, query: Vectors, top: int) -> Ids:
        """The positions of the nearest to float32 ``[d]``."""


class NumpyBruteForce:
    """One matrix-vector product, in memory."""

    name = "numpy, brute force"
    exhaustive = True

    def build(self, vectors: Vectors) -> None:
        self.vectors = vectors

    def stored(self) -> int:
        return self.vectors.nbytes

    def search(self, query: Vectors, top: int) -> Ids:
        similar = self.vectors @ query
        best = np.argpartition(similar, -top)[-top:]
        return best[np.argsort(-similar[best])]


@dataclass
class Faiss:
    """An index of FAISS, in memory, by its factory string.

    Attributes:
        factory: such as ``IVF1024,PQ48``.
        asked: parameters of the search, as FAISS's ParameterSpace takes them.
        exhaustive: compares with every vector.
    """

    factory: str
    asked: str = ""
    exhaustive: bool = False

    @property
    def name(self) -> str:
        return f"FAISS {self.factory}" + (f", {self.asked}" if self.asked else "")

    def build(self, vectors: Vectors) -> None:
        import faiss

        self.index = faiss.index_factory(vectors.shape[1], self.factory)
        # k-means over a sample, as FAISS itself does with more than 256 vectors a cell.
        sample = np.random.default_rng(0).permutation(len(vectors))[:100_000]
        self.index.train(vectors[np.sort(sample)])
        self.index.add(vectors)
        if self.asked:
            faiss.ParameterSpace().set_index_parameters(self.index, self.asked)

    def stored(self) -> int:
        import faiss

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            faiss.write_index(self.index, str(path))
            return path.stat().st_size

    def search(self, query: Vectors, top: int) -> Ids:
        return self.index.search(query[np.newaxis], top)[1][0]


class LanceTable:
    """A table with a collection's columns, on disk, which LanceDB's contenders share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder)

    def write(self, vectors: Vectors) -> None:
        """Writes rows whose ids are their positions."""
        schema = layout.vectors_schema(SPACE, vectors.shape[1], "")
        self.table: Any = self.database.open_or_create(layout.table_name(SPACE), schema)
        # As many rows a file as `sotto index` has after it compacted them.
        reader = pa.RecordBatchReader.from_batches(schema, _batches(vectors, schema))
        self.table.add(reader, write_parallelism=1)

    def replace_index(self, make: Callable[[Any], object]) -> None:
        """Makes an index of the vectors, which has no other then."""
        for index in self.table.list_indices():
            self.table.drop_index(index.name)
        make(self.table)

    def bytes_below(self, name: str) -> int:
        """Of the files in its folders of that name."""
        return sum(
            file.stat().st_size
            for folder in self.folder.rglob(name)
            for file in folder.rglob("*")
            if file.is_file()
        )


def _batches(vectors: Vectors, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(vectors), BATCH):
        block = vectors[start : start + BATCH]
        count = len(block)
        columns: dict[str, Any] = {
            "id": [str(each) for each in range(start, start + count)],
            "space": [SPACE] * count,
            "modality": ["text"] * count,
            "path": [f"/bench/{each // 10}.txt" for each in range(start, start + count)],
            "content": [f"{each:064x}" for each in range(start, start + count)],
            "text": [""] * count,
            "metadata": [[]] * count,
            "vector": pa.FixedSizeListArray.from_arrays(
                pa.array(block.reshape(-1)), block.shape[1]
            ),
        }
        arrays = [pa.array(columns.get(each.name, [None] * count), each.type) for each in schema]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


@dataclass
class Lance:
    """An index of LanceDB, on disk.

    Attributes:
        table: with the vectors.
        kind: class of ``lancedb.index``; empty is brute force.
        built: its parameters.
        asked: methods of the query and their arguments.
    """

    table: LanceTable
    kind: str = ""
    built: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        if not self.kind:
            return "LanceDB, brute force"
        shown = {k: v for k, v in self.built.items() if k not in nearest.TRAINING}
        options = {**shown, **self.asked}
        return f"LanceDB {self.kind} " + ", ".join(f"{k}={v}" for k, v in options.items())

    @property
    def exhaustive(self) -> bool:
        return not self.kind

    def build(self, vectors: Vectors) -> None:
        import lancedb.index

        if self.kind:
            config = getattr(lancedb.index, self.kind)(distance_type=nearest.DISTANCE, **self.built)
            self.table.replace_index(lambda table: table.create_index("vector", config=config))

    def stored(self) -> int:
        newest = self._newest_index() if self.kind else None
        index = sum(file.stat().st_size for file in newest.rglob("*")) if newest else 0
        return self.table.bytes_below("data") + index

    def search(self, query: Vectors, top: int) -> Ids:
        found = self.table.table.search(query).distance_type(nearest.DISTANCE)
        if not self.kind:
            found = found.bypass_vector_index()
        for option, value in self.asked.items():
            found = getattr(found, option)(value)
        return _positions(found.select(["id", "_distance"]).limit(top).to_arrow()["id"])

    def _newest_index(self) -> Path:
        folders = [each for each in self.table.folder.rglob("_indices/*") if each.is_dir()]
        return max(folders, key=lambda folder: folder.stat().st_mtime)


@dataclass
class Sotto:
    """What ``sotto.index`` chooses for so many vectors, through its own query."""

    table: LanceTable
    rows: int

    @property
    def name(self) -> str:
        return "Sotto's choice"

    @property
    def exhaustive(self) -> bool:
        return self.rows <= nearest.BRUTE_FORCE_ROWS

    def build(self, vectors: Vectors) -> None:
        if not self.exhaustive:
            database = self.table.database
            self.table.replace_index(lambda table: nearest.build(table, database, self.rows))

    def stored(self) -> int:
        return Lance(self.table, "" if self.exhaustive else "any").stored()

    def search(self, query: Vectors, top: int) -> Ids:
        rows = nearest.search(self.table.table, query, None, top, None, False)
        return np.array([int(row["id"]) for row in rows], np.int64)


def _positions(ids: pa.ChunkedArray) -> Ids:
    return np.array([int(each) for each in ids.to_pylist()], np.int64)
