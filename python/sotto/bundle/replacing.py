"""Directories and files that are written whole or not at all.

What is new goes to a hidden place beside the target, and takes the target's place in one step. A
process that is killed leaves the hidden place behind, and no lock on it: the next one that writes
the same target removes it.
"""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sotto.bundle.file_system import exchange, lock
from sotto.errors import OutputError


@dataclass(frozen=True)
class _Replacement:
    """A file or directory being made, and where a directory that it replaces goes meanwhile."""

    target: Path
    partial: Path
    replaced: Path

    @classmethod
    def of(cls, target: Path, word: str) -> _Replacement:
        """The hidden places beside a target, told apart by ``word``."""
        partial = target.with_name(f".{target.name}.partial-{word}")
        return cls(target, partial, target.with_name(f".{target.name}.replaced-{word}"))

    @classmethod
    def unfinished(cls, target: Path) -> Iterator[_Replacement]:
        """Those of a target that other processes have begun, whether or not they still run."""
        for hidden in ("partial", "replaced"):
            pattern = f".{glob.escape(target.name)}.{hidden}-*"
            for path in target.parent.glob(pattern):
                yield cls.of(target, path.name.rpartition("-")[2])

    def put(self) -> None:
        """Gives the new content the target's place, and what was there the partial's."""
        if not self.target.is_dir() or self.target.is_symlink():
            self.partial.replace(self.target)
        elif not exchange(self.partial, self.target):
            # In between there is no target; settle, if there is none for good.
            self.target.rename(self.replaced)
            self.partial.rename(self.target)

    def settle(self) -> None:
        """Wherever it was left: the new content stays in place, or the old one is again."""
        if self.replaced.exists() and not self.target.exists():
            self.replaced.rename(self.target)
        for leftover in (self.partial, self.replaced):
            shutil.rmtree(leftover, ignore_errors=True)
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


def _settle_killed(target: Path) -> None:
    """Settles what processes that were killed have left beside a target."""
    for replacement in list(_Replacement.unfinished(target)):
        left = replacement.partial if replacement.partial.exists() else replacement.replaced
        with suppress(OSError):
            if (held := lock(left)) is not None:
                replacement.settle()
                os.close(held)


def _begin(target: Path, make: Callable[[Path], object]) -> tuple[_Replacement, int | None]:
    """A replacement whose partial ``make`` has made, and what locks it, where there are locks."""
    while True:
        replacement = _Replacement.of(target, secrets.token_hex(4))
        make(replacement.partial)
        try:
            held = lock(replacement.partial)
        except OSError:
            return replacement, None
        if held is not None:
            return replacement, held
        # Another process found it before it was locked, and has taken it for a killed one's.


@contextmanager
def _begun(target: Path, make: Callable[[Path], object]) -> Iterator[_Replacement]:
    """A replacement that ``make`` has begun, and that is settled at the end of the block."""
    _settle_killed(target)
    replacement, held = _begin(target, make)
    try:
        with _settled(replacement.settle):
            yield replacement
    finally:
        if held is not None:
            os.close(held)


_unfinished: list[Callable[[], None]] = []
"""What settles each replacement that is under way."""


def settle_replacements() -> None:
    """Ends every replacement as an error would, for a process about to exit."""
    for settle in _unfinished:
        settle()


@contextmanager
def _settled(settle: Callable[[], None]) -> Iterator[None]:
    """Calls ``settle`` at the end of the block, or of the process."""
    _unfinished.append(settle)
    try:
        yield
    finally:
        settle()
        _unfinished.remove(settle)


def check_writable(directory: Path) -> None:
    """Makes sure that ``directory`` can be made or replaced, before hours of work.

    Raises:
        OutputError: it can't, with the reason.
    """
    if directory.exists() and not directory.is_dir():
        raise OutputError(f"{directory} exists and is not a directory; choose another --out")
    directory = directory.resolve()
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with _begun(directory, Path.mkdir):
            pass
    except OSError as error:
        raise OutputError(
            f"can't write in {directory.parent} ({error.strerror}); choose another --out"
        ) from error


@contextmanager
def replacing_directory(target: Path) -> Iterator[Path]:
    """Yields an empty directory that takes the place of ``target`` if the block succeeds.

    If the block raises (Ctrl-C included), the directory is removed and ``target`` stays as
    it was.

    Raises:
        OutputError: a file can't be written, for example because the disk is full.
    """
    check_writable(target)
    target = target.resolve()  # "." can't be renamed
    try:
        with _begun(target, Path.mkdir) as replacement:
            replacement.partial.chmod(0o755)
            yield replacement.partial
            replacement.put()
    except OSError as error:
        raise OutputError(f"can't write {target}: {error}") from error


@contextmanager
def replacing_file(target: Path) -> Iterator[Path]:
    """Yields an empty file to write, which takes the place of ``target`` if the block succeeds.

    What is there and no file, such as a pipe or ``/dev/null``, is written to itself. If the block
    raises, ``target`` stays as it was.

    Raises:
        OutputError: it can't be written, for example because the disk is full.
    """
    try:
        if target.exists() and not target.is_file():
            yield target
            return
        with _begun(target, Path.touch) as replacement:
            yield replacement.partial
            replacement.put()
    except OSError as error:
        raise OutputError(f"can't write {target} ({error.strerror or error})") from error
