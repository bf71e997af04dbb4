"""A folder into an index: what is new or changed is embedded, the rest is left as it is."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sotto.errors import BundleError, DeviceError, OptionError, SottoError, StoreError
from sotto.index.collection import Collection
from sotto.index.folder.embedding import Part, embed
from sotto.index.folder.models import Models
from sotto.index.folder.reading import Candidate, UnreadableError, candidate, read
from sotto.index.folder.walk import WalkOptions, walk
from sotto.index.record import MODALITIES, Record
from sotto.index.store import Index, IndexedFile
from sotto.index.where import Where

HELD_RECORDS = 256
"""Texts that are embedded and written together: many small files make one commit."""

HELD_SECONDS = 5.0
"""After so long what is done is written, however little: an interruption loses no more."""

_FATAL = (BundleError, DeviceError, StoreError, OptionError)
"""Errors that are not the file's: every other one would fail, too."""


@dataclass(frozen=True)
class FolderOptions:
    """What of a folder is indexed.

    Attributes:
        walk: which files are looked at.
        modalities: of them, these.
        prune: remove from the index what is gone from the folder.
    """

    walk: WalkOptions = field(default_factory=WalkOptions)
    modalities: Sequence[str] = MODALITIES
    prune: bool = False

    def validate(self) -> None:
        """Raises OptionError where a modality is unknown."""
        Where(modalities=self.modalities).validate()


class Watcher(Protocol):
    """Who is told of the work while it is done."""

    def begin(self, files: int) -> None:
        """So many files will be looked at."""

    def file(self, path: str) -> None:
        """This one is next."""

    def seconds(self, done: float, duration: float) -> None:
        """So much of this recording is transcribed."""

    def problem(self, path: str, reason: str) -> None:
        """This one is passed by."""


@dataclass
class Outcome:
    """What came of a folder.

    Attributes:
        added, changed, unchanged: files, by modality.
        unnamed: files of no modality, or of one without a model, by what they are.
        gone: files of the index that the folder no longer has.
        removed: whether these were removed.
        records: passages, pictures and stretches of sound that were written.
        problems: files that were reported and passed by.
    """

    added: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)
    gone: int = 0
    removed: bool = False
    records: int = 0
    problems: int = 0


def add_folder(
    index: Index,
    folder: str | os.PathLike[str],
    models: Models,
    options: FolderOptions,
    watcher: Watcher,
) -> Outcome:
    """Indexes the files below a folder, or one file. Safe to break off and to run again.

    A file counts as done once all its records are written: what is under way when the process
    ends is done again by the next run.

    Raises:
        StoreError: the index can't be written.
        BundleError: a model that the folder's files need is missing.
        OptionError: there is no such folder.
    """
    options.validate()
    root = Path(folder).resolve()
    if not root.exists():
        raise OptionError(f"{folder} does not exist; expected a folder, or a file")
    run = _Run(index, models, watcher)
    found = run.find(root, options)
    known = {file.path: file for file in index.files(under=str(root))}
    # Every model that is needed is looked for now: a missing one ends the run before its work.
    wanted = {each: models.spaces(each) for each in {file.modality for file in found}}
    watcher.begin(len(found))
    for file in found:
        watcher.file(str(file.path))
        if wanted[file.modality]:
            run.take(file, known.get(str(file.path)), wanted[file.modality])
        else:
            run.outcome.unnamed[file.modality] += 1
    run.write()
    run.drop_gone(known.values(), options.prune)
    return run.outcome


@dataclass
class _Pending:
    """Records of several files for one collection, and whether their vectors are there."""

    records: list[Record] = field(default_factory=list)
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


class _Run:
    """One folder's indexing."""

    def __init__(self, index: Index, models: Models, watcher: Watcher) -> None:
        self.outcome = Outcome()
        self._index, self._models, self._watcher = index, models, watcher
        self._collections: dict[str, Collection] = {}
        self._pending: dict[tuple[str, bool], _Pending] = {}
        self._files: list[IndexedFile] = []
        self._written = time.monotonic()

    def find(self, root: Path, options: FolderOptions) -> list[Candidate]:
        """The files to look at, by name."""
        own = self._index.folder
        found = []
        skip = own.resolve() if own else None
        for path in walk(root, options.walk, self._problem, skip):
            try:
                file = candidate(path)
            except UnreadableError as error:
                self._problem(path, str(error))
                continue
            if file is None:
                self.outcome.unnamed["other"] += 1
            elif file.modality in options.modalities:
                found.append(file)
        return found

    def take(self, file: Candidate, known: IndexedFile | None, wanted: list[str]) -> None:
        """Embeds a file, unless it is as it was."""
        try:
            content = read(file)
            # What it went through before may be more: a run without those models leaves it.
            if known and known.sha256 == content.sha256 and set(wanted) <= set(known.models):
                self.outcome.unchanged[file.modality] += 1
                return
            parts = embed(file, content, self._models, self._watcher.seconds)
        except _FATAL:
            raise
        except (UnreadableError, SottoError) as error:
            self._problem(file.path, str(error))
            return
        path = str(file.path)
        for part in parts:
            self._hold(part, path)
        if known and set(known.models) != set(wanted):
            self._forget_others(path, wanted)
        records = sum(len(part.records) for part in parts)
        self._files.append(
            IndexedFile(path, content.sha256, content.size, file.modality, wanted, records)
        )
        (self.outcome.changed if known else self.outcome.added)[file.modality] += 1
        held = sum(len(each.records) for each in self._pending.values())
        if held >= HELD_RECORDS or time.monotonic() - self._written > HELD_SECONDS:
            self.write()

    def write(self) -> None:
        """Writes what is held: first the records, then that these files are done."""
        for (space, _), pending in self._pending.items():
            vectors = np.concatenate(pending.vectors) if pending.vectors else None
            collection = self._collections[space]
            collection.upsert(pending.records, vectors, instead_of=pending.paths)
            self.outcome.records += len(pending.records)
        self._index.record_files(self._files)
        self._pending, self._files = {}, []
        self._written = time.monotonic()

    def drop_gone(self, known: Iterable[IndexedFile], prune: bool) -> None:
        """Removes what the folder no longer has, or counts it."""
        gone = [file.path for file in known if not Path(file.path).is_file()]
        self.outcome.gone, self.outcome.removed = len(gone), prune
        if prune:
            self._index.remove_files(gone)

    def _hold(self, part: Part, path: str) -> None:
        space = part.encoder.space
        if space not in self._collections:
            bundle = str(part.encoder.directory.resolve())
            self._collections[space] = self._index.collection(part.encoder, bundle=bundle)
        # One space may take texts, which are embedded together, and pictures, which are already.
        pending = self._pending.setdefault((space, part.vectors is None), _Pending())
        pending.paths.append(path)
        pending.records += part.records
        if part.vectors is not None:
            pending.vectors.append(part.vectors)

    def _forget_others(self, path: str, models: list[str]) -> None:
        """Removes what other models made of a file that now goes through these."""
        for collection in self._index.collections():
            if collection.space not in models:
                collection.delete(Where(paths=[path]))

    def _problem(self, path: Path, reason: str) -> None:
        self.outcome.problems += 1
        self._watcher.problem(str(path), reason)
