"""The vectors of one model, and the records that they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sotto.errors import OptionError, StoreError
from sotto.index import layout, nearest
from sotto.index.database import Database
from sotto.index.record import Hit, Record, Scalar
from sotto.index.where import Where, in_batches, metadata_entry

if TYPE_CHECKING:
    from lancedb.table import Table

Vectors = NDArray[np.float32]


_ASKED = ("query",)
_KEPT = ("passage", "document")
"""The prompts that models of retrieval are trained with, for what is looked for and looked into."""


class Encoder(Protocol):
    """What gives the vectors: any of :mod:`sotto.embed`."""

    @property
    def space(self) -> str:
        """``NAME@HASH``: vectors of one space can be compared (:mod:`sotto.bundle.space`)."""

    @property
    def dimensions(self) -> int:
        """Of the vectors."""

    def encode(self, items: Any, **options: Any) -> Any:
        """float32 ``[n, d]`` of n items."""


class Collection:
    """One space of an index: :meth:`sotto.index.Index.collection` opens it.

    Searches may run in any number of threads and processes while one writes. What a method that
    writes has returned from is kept, whatever happens to the process.

    Attributes:
        space: ``NAME@HASH`` of the model that made its vectors.
        dimensions: of the vectors.
        bundle: where the model was when the collection was made; empty if not known.
    """

    def __init__(self, database: Database, table: Table, encoder: Encoder | None = None) -> None:
        self._database, self._table, self._encoder = database, table, encoder
        self.space: str = table.schema.metadata[b"sotto.space"].decode()
        self.bundle: str = table.schema.metadata[b"sotto.bundle"].decode()
        self.dimensions: int = table.schema.field("vector").type.list_size

    # ---- writing ------------------------------------------------------------------------

    def add(self, records: Sequence[Record], vectors: ArrayLike | None = None) -> int:
        """Adds records, which must be new.

        Args:
            records: any number.
            vectors: ``[n, dimensions]``, of this space, kept at length 1; None embeds the
                records' texts, or files of pictures and sounds, with the encoder that the
                collection was opened with.

        Returns:
            How many were added.

        Raises:
            StoreError: one is there already, the vectors are not of this space, or can't be
                written; then none is added.
        """
        self._check_distinct(records)
        if not records:
            return 0
        known = self._known([record.id for record in records])
        if known:
            raise StoreError(
                f"{len(known)} of {len(records)} records are in the index already, such as "
                f"{sorted(known)[0]}; upsert replaces them"
            )
        rows = self._rows(records, vectors)
        self._database.commit(lambda: self._merge(rows, replace=False))
        return len(records)

    def upsert(
        self,
        records: Sequence[Record],
        vectors: ArrayLike | None = None,
        *,
        instead_of: Sequence[str] | None = None,
    ) -> int:
        """Adds records, or replaces those of the same id, in one commit.

        Args:
            records: any number.
            vectors: as for :meth:`add`. Where None, only texts that the collection does not hold
                yet are embedded.
            instead_of: paths: whatever else the collection has of them is removed in the same
                commit. It is how a file that changed is replaced.

        Returns:
            How many records were embedded; of vectors that are given, all.

        Raises:
            StoreError: as :meth:`add`.
        """
        self._check_distinct(records)
        if not records:
            if instead_of:
                self.delete(Where(paths=instead_of))
            return 0
        embedded = len(records)
        if vectors is None:
            vectors, embedded = self._vectors_of(records)
        rows = self._rows(records, vectors)
        stale = None if instead_of is None else Where(paths=instead_of).sql()
        self._database.commit(lambda: self._merge(rows, replace=True, stale=stale))
        return embedded

    def update(
        self,
        where: Where,
        *,
        path: str | None = None,
        metadata: Mapping[str, Scalar] | None = None,
    ) -> int:
        """Changes what is known of records; what they are embedded from stays.

        Args:
            where: which records.
            path: their file's new name.
            metadata: instead of what they have.

        Returns:
            How many records it was.
        """
        values: dict[str, Any] = {}
        if path is not None:
            values["path"] = layout.storable(path)
        if metadata is not None:
            values["metadata"] = [metadata_entry(name, value) for name, value in metadata.items()]
        if not values:
            raise OptionError("update changes nothing; give path or metadata")
        condition = where.sql()
        done = self._database.commit(lambda: self._table.update(where=condition, values=values))
        return int(done.rows_updated)

    def delete(self, where: Where) -> int:
        """Removes records.

        Returns:
            How many.

        Raises:
            OptionError: ``where`` has no condition: all records would go.
        """
        condition = where.some_sql()
        gone = self.count(where)
        if gone:
            self._database.commit(lambda: self._table.delete(condition))
        return gone

    def optimize(self) -> None:
        """Joins small files, brings the indexes up to date, and drops old versions' files.

        Worth calling after many writes: searches see all that was written in any case.
        """
        nearest.optimize(self._table, self._database)

    # ---- reading ------------------------------------------------------------------------

    def count(self, where: Where | None = None) -> int:
        """How many records there are."""
        condition = None if where is None else where.sql()
        with self._database.errors("read"):
            return int(self._table.count_rows(condition))

    def is_approximate(self) -> bool:
        """Whether searches use an index of the vectors instead of comparing with every one."""
        with self._database.errors("read"):
            return nearest.is_approximate(self._table)

    def records(self, where: Where | None = None, limit: int | None = None) -> list[Record]:
        """Records without their order."""
        query = self._table.search().select(list(layout.COLUMNS)).limit(limit)
        condition = None if where is None else where.sql()
        if condition is not None:
            query = query.where(condition)
        with self._database.errors("read"):
            return [layout.from_row(row) for row in query.to_arrow().to_pylist()]

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """float32 ``[n, dimensions]`` of length 1, in the order of ``ids``.

        Raises:
            StoreError: one of them is not there.
        """
        found = self._stored("id", ids)
        missing = [each for each in ids if each not in found]
        if missing:
            raise StoreError(f"the index has no record {missing[0]}")
        return np.stack([found[each] for each in ids])

    def search(
        self,
        query: Any = None,
        *,
        words: str | None = None,
        top: int = 10,
        where: Where | None = None,
        encoder: Encoder | None = None,
        exact: bool = False,
    ) -> list[Hit]:
        """The records nearest to a vector or an item, by its words, or by both.

        Args:
            query: a vector ``[dimensions]`` of this space, or anything that the encoder takes: a
                text, a picture, a recording. None searches by words alone.
            words: also look for these in the records' texts; both rankings are fused.
            top: how many results there are at most.
            where: among which records.
            encoder: of an item; None is the one that the collection was opened with.
            exact: compare with every vector, also where there is an index of them.

        Returns:
            The best first.

        Raises:
            StoreError: the query is of another space, or the index can't be read.
            OptionError: an option is out of range.
        """
        if isinstance(top, bool) or not isinstance(top, int) or not 1 <= top <= 10_000:
            raise OptionError(f"top is {top!r}; expected 1 to 10000")
        if query is None and not (words or "").strip():
            return []
        vector = None if query is None else self._query_vector(query, encoder)
        condition = None if where is None else where.sql()
        with self._database.errors("searched"):
            rows = nearest.search(self._table, vector, words, top, condition, exact)
        return [
            Hit(layout.from_row(row), row["score"], row["similarity"], self.space) for row in rows
        ]

    # ---- inside -------------------------------------------------------------------------

    def _query_vector(self, query: Any, encoder: Encoder | None) -> Vectors:
        if isinstance(query, np.ndarray) and encoder is None and query.ndim == 1:
            vectors: Any = query[np.newaxis]
        else:
            vectors = np.atleast_2d(_encoded(self._encoding(encoder), [query], _ASKED))
        unit: Vectors = self._unit(vectors)[0]
        return unit

    def _encoding(self, encoder: Encoder | None = None) -> Encoder:
        encoder = encoder or self._encoder
        if encoder is None:
            raise StoreError(
                f"the collection of {self.space} was opened without an encoder; give one, or "
                "vectors"
            )
        if encoder.space != self.space:
            raise StoreError(
                f"the encoder's space is {encoder.space}, the collection's {self.space}: their "
                "vectors can't be compared. Use the bundle that made the collection, or index "
                "again with this one"
            )
        return encoder

    def _rows(self, records: Sequence[Record], vectors: ArrayLike | None) -> Any:
        if vectors is None:
            vectors, _ = self._vectors_of(records)
        unit = self._unit(vectors)
        if len(unit) != len(records):
            raise StoreError(f"there are {len(unit)} vectors for {len(records)} records")
        return layout.to_rows(records, unit, self._table.schema)

    def _unit(self, vectors: ArrayLike) -> Vectors:
        array = np.asarray(vectors, np.float32)
        if array.ndim != 2 or array.shape[1] != self.dimensions:
            raise StoreError(
                f"the vectors have shape {list(array.shape)}, expected [n, {self.dimensions}] of "
                f"{self.space}. Vectors of another model need a collection of their own"
            )
        lengths = np.linalg.norm(array.astype(np.float64), axis=1)
        bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
        if bad.size:
            raise StoreError(
                f"vector {bad[0]} has length {lengths[bad[0]]}; expected finite values, not all 0"
            )
        unit: Vectors = (array / lengths[:, np.newaxis]).astype(np.float32)
        return unit

    def _vectors_of(self, records: Sequence[Record]) -> tuple[Vectors, int]:
        """Vectors ``[n, d]`` of the records' texts or files, and how many had to be computed."""
        encoder = self._encoding()
        items = {record.content: _item(record, encoder) for record in records}
        known = self._stored("content", [each.content for each in records if each.is_text])
        new = [content for content in items if content not in known]
        if new:
            encoded = self._unit(_encoded(encoder, [items[content] for content in new], _KEPT))
            known.update(zip(new, encoded, strict=True))
        return np.stack([known[record.content] for record in records]), len(new)

    def _stored(self, column: str, values: Sequence[str]) -> dict[str, Vectors]:
        """The vectors of records that have one of these values, by it."""
        known: dict[str, Vectors] = {}
        for found in self._rows_with(column, values, "vector"):
            flat = found["vector"].combine_chunks().flatten().to_numpy()
            rows = flat.reshape(-1, self.dimensions)
            known.update(zip(found[column].to_pylist(), rows, strict=True))
        return known

    def _known(self, ids: Sequence[str]) -> set[str]:
        return {each for found in self._rows_with("id", ids) for each in found["id"].to_pylist()}

    def _rows_with(self, column: str, values: Sequence[str], *more: str) -> Iterator[Any]:
        """Arrow tables of a column, and of more, where it has one of these values."""
        for some in in_batches(values):
            where = Where(ids=some) if column == "id" else Where(contents=some)
            condition = where.some_sql()
            with self._database.errors("read"):
                query = self._table.search().where(condition).select([column, *more])
                yield query.limit(None).to_arrow()

    def _check_distinct(self, records: Sequence[Record]) -> None:
        seen: set[str] = set()
        for record in records:
            Where(modalities=[record.modality]).validate()
            if record.id in seen:
                raise StoreError(
                    f"two of the records have the id {record.id} (of {record.path or 'no path'})"
                )
            seen.add(record.id)

    def _merge(self, rows: Any, *, replace: bool, stale: str | None = None) -> None:
        merge = self._table.merge_insert("id")
        if replace:
            merge = merge.when_matched_update_all()
        merge = merge.when_not_matched_insert_all()
        if stale is not None:
            merge = merge.when_not_matched_by_source_delete(stale)
        merge.execute(rows)


def _encoded(encoder: Encoder, items: list[Any], prompts: Sequence[str]) -> Any:
    """Vectors ``[n, d]`` of items, with the first of these prompts that the model knows."""
    known = getattr(encoder, "prompts", {})
    prompt = next((name for name in prompts if name in known), None)
    return encoder.encode(items) if prompt is None else encoder.encode(items, prompt=prompt)


def _item(record: Record, encoder: Encoder) -> str:
    """What an encoder is given of a record: its text, or the path of its file."""
    if record.is_text:
        return record.text
    if not record.path or getattr(encoder, "modality", "text") == "text":
        raise StoreError(
            f"a record of modality {record.modality} has no text, and "
            + ("its encoder takes nothing else" if record.path else "no path")
            + ": give its vector"
        )
    return record.path
