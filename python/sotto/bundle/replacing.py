"""Directories and files that are written whole or not at all.

What is new goes to a hidden place beside the target, which takes the target's place in one rename.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sotto.errors import OutputError


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
        with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}."):
            pass
    except OSError as error:
        raise OutputError(
            f"can't write in {directory.parent} ({error.strerror}); choose another --out"
        ) from error


@dataclass(frozen=True)
class _Replacement:
    """A directory being made, and where the one that it replaces goes meanwhile."""

    target: Path
    partial: Path
    replaced: Path

    def settle(self) -> None:
        """Wherever it was left: the new directory stays in place, or the old one is again."""
        if self.replaced.exists() and not self.target.exists():
            self.replaced.rename(self.target)
        for leftover in (self.partial, self.replaced):
            shutil.rmtree(leftover, ignore_errors=True)


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
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.partial-"))
    replaced = partial.with_name(partial.name.replace(".partial-", ".replaced-"))
    replacement = _Replacement(target, partial, replaced)
    try:
        with _settled(replacement.settle):
            partial.chmod(0o755)
            yield partial
            if target.exists():
                target.rename(replaced)
            partial.rename(target)
    except OSError as error:
        raise OutputError(f"can't write {target}: {error}") from error


@contextmanager
def replacing_file(target: Path) -> Iterator[Path]:
    """Yields a path to write, which takes the place of the file ``target`` if the block succeeds.

    What is there and no file, such as a pipe or ``/dev/null``, is written to itself. If the block
    raises, ``target`` stays as it was.

    Raises:
        OutputError: it can't be written, for example because the disk is full.
    """
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")

    def discard() -> None:
        with suppress(OSError):
            partial.unlink(missing_ok=True)

    try:
        if target.exists() and not target.is_file():
            yield target
            return
        with _settled(discard):
            yield partial
            partial.replace(target)
    except OSError as error:
        raise OutputError(f"can't write {target} ({error.strerror or error})") from error
