"""The files below a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

LEFT_OUT = frozenset({"node_modules", "__pycache__", "__pypackages__", "bower_components"})
"""Folders of what was fetched or made."""

MARKS = ("pyvenv.cfg", "CACHEDIR.TAG")
"""A folder with one of these holds an environment or a cache."""

Problem = Callable[[Path, str], None]


@dataclass(frozen=True)
class WalkOptions:
    """Which files are looked at.

    Attributes:
        hidden: also those whose name begins with a dot, and in such folders.
        follow: also what symbolic links to folders lead to.
        exclude: patterns such as ``*.log`` or ``build/*``, of a name or of the path below the
            folder.
    """

    hidden: bool = False
    follow: bool = False
    exclude: Sequence[str] = ()


def walk(
    root: Path, options: WalkOptions, problem: Problem, skip: Path | None = None
) -> Iterator[Path]:
    """Regular files below ``root``, or itself, by name; each folder once, whatever leads to it.

    Args:
        root: a folder or a file, absolute.
        options: which files.
        problem: called with what can't be read, and why.
        skip: a folder that is passed by: the index's own.
    """
    pending = [root]
    seen: set[tuple[int, int]] = set()
    while pending:
        path = pending.pop()
        try:
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                yield path
                continue
            # A symbolic link can lead back to a folder above it.
            if not stat.S_ISDIR(status.st_mode) or (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            if path == skip or (path != root and _is_left_out(path)):
                continue
            with os.scandir(path) as entries:
                kept = [entry for entry in entries if _is_kept(entry, root, options)]
        except OSError as error:
            # Gone since its folder was read, or not ours to read.
            problem(path, error.strerror or str(error))
            continue
        pending += sorted((Path(entry.path) for entry in kept), reverse=True)


def _is_kept(entry: os.DirEntry[str], root: Path, options: WalkOptions) -> bool:
    if entry.name.startswith(".") and not options.hidden:
        return False
    below = os.path.relpath(entry.path, root)
    if any(fnmatch(entry.name, pattern) or fnmatch(below, pattern) for pattern in options.exclude):
        return False
    if not entry.is_symlink() or options.follow:
        return True
    return not entry.is_dir()


def _is_left_out(folder: Path) -> bool:
    return folder.name in LEFT_OUT or any((folder / mark).exists() for mark in MARKS)
