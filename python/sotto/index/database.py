"""The LanceDB database below an index: opened, its errors told, its conflicts tried again."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sotto.errors import StoreError
from sotto.index.layout import VERSION, missing

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.db import DBConnection
    from lancedb.table import Table

_T = TypeVar("_T")

TRIES = 12
"""Of a write that another process got ahead of: some ten seconds of pauses."""

_LANCE_ERRORS = (RuntimeError, OSError, ValueError, KeyError)
"""What LanceDB raises: it has no classes of its own for most of them."""


class Database:
    """The tables of one index.

    Args:
        uri: a folder, made if need be; or a bucket such as ``s3://…``, ``gs://…``, ``az://…``.
        storage_options: of a bucket: its keys, region and endpoint, as LanceDB takes them.
        create: False: a folder that is not there is an error.

    Raises:
        StoreError: it can't be opened, or LanceDB is not installed.
    """

    def __init__(
        self,
        uri: str | os.PathLike[str],
        storage_options: Mapping[str, str] | None = None,
        create: bool = True,
    ) -> None:
        self.uri = os.fspath(uri)
        path = self.uri.removeprefix("file://")
        self.local = None if "://" in path else Path(path)
        if self.local is not None:
            self._check_folder(self.local, create)
        # Its native code would print warnings past Python's logging.
        os.environ.setdefault("LANCE_LOG", "error")
        try:
            import lancedb
        except ImportError as error:
            raise missing("lancedb") from error
        with self.errors("opened"):
            # Interval 0: every search sees what other processes have written by then.
            self._connection: DBConnection = lancedb.connect(
                self.uri,
                read_consistency_interval=timedelta(0),
                storage_options=dict(storage_options or {}),
            )

    @staticmethod
    def _check_folder(folder: Path, create: bool) -> None:
        try:
            if folder.exists() and not folder.is_dir():
                raise StoreError(f"{folder} is not a folder; an index is one. Give another path")
            if not create and not folder.is_dir():
                raise StoreError(f"there is no index at {folder}; make one: sotto index add FOLDER")
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"can't make the index {folder} ({error.strerror}); give another path"
            ) from error

    @contextmanager
    def errors(self, done: str) -> Iterator[None]:
        """Turns LanceDB's errors into StoreError: the index can't be ``done``."""
        try:
            yield
        except _LANCE_ERRORS as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                f"the index {self.uri} can't be {done}: {_first_line(error)}"
            ) from error

    def names(self) -> list[str]:
        """Of the tables, without those whose making was broken off: they are made again."""
        with self.errors("read"):
            listed = self._connection.list_tables(limit=10_000).tables
            return sorted(name for name in listed if self._was_made(name))

    def _was_made(self, name: str) -> bool:
        """Whether a first version of a table was begun to be written: its folder comes before."""
        if self.local is None:
            return True  # where there are no folders
        folder = self.local / f"{name}.lance"
        return any(any(folder.glob(f"{part}/*")) for part in ("_versions", "data"))

    def open(self, name: str) -> Table:
        """A table, checked to be of this layout.

        Raises:
            StoreError: it is damaged, or of another layout.
        """
        with self.errors(
            f"read (table {name}; remove the folder and index again if it is damaged)"
        ):
            table = self._connection.open_table(name)
            metadata = table.schema.metadata or {}
        layout = metadata.get(b"sotto.layout", b"").decode()
        if layout != VERSION:
            raise StoreError(
                f"the table {name} of {self.uri} has layout {layout!r}, this Sotto reads "
                f"{VERSION!r}. Remove {self.uri} and index again"
            )
        return table

    def open_or_create(self, name: str, schema: pa.Schema) -> Table:
        """A table, made with ``schema`` if it is not there."""
        if name not in self.names():
            with self.errors("written"):
                try:
                    self._connection.create_table(name, schema=schema)
                except (ValueError, RuntimeError, OSError) as error:
                    # Another process made it in between.
                    if "already exists" not in str(error) and not is_conflict(error):
                        raise
        return self.open(name)

    def drop(self, name: str) -> None:
        """Removes a table."""
        with self.errors("written"):
            self._connection.drop_table(name)

    def commit(self, write: Callable[[], _T]) -> _T:
        """Runs a write, again where another process's commit got ahead of it.

        LanceDB's commits are atomic, and exclude one another by the number of the version.

        Raises:
            StoreError: it failed, or others were always faster.
        """
        for attempt in range(TRIES):
            try:
                return write()
            except _LANCE_ERRORS as error:
                if not is_conflict(error):
                    raise StoreError(
                        f"the index {self.uri} can't be written: {_first_line(error)}"
                    ) from error
                # In case they keep in step; the last pause is some three seconds.
                time.sleep(random.uniform(0.5, 1.0) * 0.02 * 1.6**attempt)
        raise StoreError(
            f"the index {self.uri} was written by other processes {TRIES} times while this write "
            "was tried; let them finish and try again"
        )


def is_conflict(error: Exception) -> bool:
    """Whether LanceDB refused a commit because another came first."""
    text = str(error).lower()
    return "conflict" in text or "concurrent" in text


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:500]
