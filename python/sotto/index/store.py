"""An index: one collection for each model's vectors, and the files that they are from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from sotto.errors import StoreError
from sotto.index import layout, nearest
from sotto.index.collection import Collection, Encoder
from sotto.index.database import Database
from sotto.index.where import Where, in_batches


@dataclass(frozen=True)
class IndexedFile:
    """A file whose records are all in the index.

    Attributes:
        path: absolute.
        sha256: of its content when it was indexed, in hexadecimal.
        size: bytes.
        modality: ``text``, ``code``, ``image`` or ``audio``.
        models: what made its records: the spaces, and the model that transcribed it.
        records: how many.
    """

    path: str
    sha256: str
    size: int
    modality: str
    models: Sequence[str]
    records: int


class Index:
    """Vectors of any number of models over LanceDB, embedded: a folder, or a bucket.

    Each model's vectors are in a collection of their own, which never mixes with another's: a
    space is a model's name and a hash of what makes its vectors what they are.

        index = Index("memory")
        notes = index.collection(encoder)
        notes.upsert([Record("text", "The meeting is on Monday.")])
        notes.search("when do we meet?", top=3)

    Safe among threads; among processes there may be many readers, and writers take turns.

    Args:
        uri: a folder, made if need be; or a bucket such as ``s3://bucket/memory``.
        storage_options: of a bucket: keys, region, endpoint, as LanceDB takes them.
        create: False: a folder that is not there is an error.

    Raises:
        StoreError: it can't be opened, is of another layout, or LanceDB is not installed.
    """

    def __init__(
        self,
        uri: str | os.PathLike[str],
        *,
        storage_options: Mapping[str, str] | None = None,
        create: bool = True,
    ) -> None:
        self._database = Database(uri, storage_options, create)
        self.uri = self._database.uri
        self._database.names()

    @property
    def folder(self) -> Path | None:
        """Where it is; None in a bucket."""
        return self._database.local

    def spaces(self) -> list[str]:
        """``NAME@HASH`` of each collection."""
        return [each.space for each in self.collections()]

    def collections(self) -> list[Collection]:
        """All of them, without encoders."""
        names = [name for name in self._database.names() if name.startswith(layout.PREFIX)]
        return [Collection(self._database, self._database.open(name)) for name in names]

    def collection(
        self,
        encoder: Encoder | str,
        dimensions: int | None = None,
        *,
        create: bool = True,
        bundle: str = "",
    ) -> Collection:
        """The collection of a model's vectors, made if need be.

        Args:
            encoder: an encoder of :mod:`sotto.embed`, or a space ``NAME@HASH`` of vectors that
                come from elsewhere.
            dimensions: of a space's vectors that is given by name and not there yet.
            create: False: one that is not there is an error.
            bundle: where the model is, kept for searches that do not say.

        Raises:
            StoreError: it is not there, or its vectors have other dimensions.
        """
        space = encoder if isinstance(encoder, str) else encoder.space
        width = dimensions if isinstance(encoder, str) else encoder.dimensions
        name = layout.table_name(space)
        if not create:
            if name not in self._database.names():
                raise StoreError(self._absent(space))
            table = self._database.open(name)
        elif name in self._database.names():
            table = self._database.open(name)
            nearest.prepare(table, self._database)
        elif width is None or width < 1:
            raise StoreError(f"{space} is not in the index {self.uri}; give its dimensions")
        else:
            schema = layout.vectors_schema(space, width, bundle)
            table = self._database.open_or_create(name, schema)
            nearest.prepare(table, self._database)
        found = Collection(self._database, table, None if isinstance(encoder, str) else encoder)
        if found.space != space:
            raise StoreError(f"{space} and {found.space} would share a table; rename the model")
        if width is not None and found.dimensions != width:
            raise StoreError(
                f"{space} has {found.dimensions} dimensions in the index {self.uri}, not {width}"
            )
        return found

    def drop(self, space: str) -> None:
        """Removes a collection with all its records, and the files that it was made from."""
        name = layout.table_name(space)
        if name not in self._database.names():
            raise StoreError(self._absent(space))
        stale = [file.path for file in self.files() if space in file.models]
        self.forget_files(stale)
        self._database.drop(name)

    def optimize(self) -> None:
        """:meth:`Collection.optimize` of every collection."""
        for each in self.collections():
            each.optimize()
        if layout.FILES in self._database.names():
            nearest.compact(self._database.open(layout.FILES), self._database)

    def _absent(self, space: str) -> str:
        spaces = self.spaces()
        held = f"has vectors of {', '.join(spaces)}" if spaces else "is empty"
        return (
            f"the index {self.uri} has no vectors of {space}: it {held}. Search with a bundle "
            "that made it, or add what is to be found with this one"
        )

    # ---- files --------------------------------------------------------------------------

    def files(self, under: str | None = None) -> list[IndexedFile]:
        """The files that were indexed, by path; those of a folder if it is given."""
        if layout.FILES not in self._database.names():
            return []
        query = self._database.open(layout.FILES).search().limit(None)
        condition = Where(under=under).sql()
        if condition is not None:
            query = query.where(condition)
        with self._database.errors("read"):
            rows: list[dict[str, Any]] = query.to_arrow().to_pylist()
        return sorted((IndexedFile(**row) for row in rows), key=lambda file: file.path)

    def record_files(self, files: Sequence[IndexedFile]) -> None:
        """Remembers files whose records are all written: call it after them, never before."""
        if not files:
            return
        table = self._database.open_or_create(layout.FILES, layout.FILES_SCHEMA)
        rows = pa.Table.from_pylist([vars(file) for file in files], schema=layout.FILES_SCHEMA)
        merge = table.merge_insert("path").when_matched_update_all().when_not_matched_insert_all()
        self._database.commit(lambda: merge.execute(rows))

    def forget_files(self, paths: Iterable[str]) -> None:
        """Forgets files: the next run over them starts anew. Their records stay."""
        if layout.FILES in self._database.names():
            table = self._database.open(layout.FILES)
            for some in in_batches(list(paths)):
                self._database.commit(partial(table.delete, Where(paths=some).some_sql()))

    def remove_files(self, paths: Sequence[str]) -> int:
        """Removes files and all their records.

        Returns:
            How many records.
        """
        if not paths:
            return 0
        # A process that ends in between leaves files that look new, and not half-removed ones.
        self.forget_files(paths)
        return sum(
            each.delete(Where(paths=some))
            for each in self.collections()
            for some in in_batches(paths)
        )
