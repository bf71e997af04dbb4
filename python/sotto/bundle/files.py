"""Writing a bundle's directory: the manifest, with what it lists of the files."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

from sotto.bundle.manifest import MANIFEST, FileEntry, Manifest
from sotto.bundle.replacing import replacing_file


def file_entry(path: Path) -> FileEntry:
    """Size in bytes and sha256 of a file, which is opened once.

    Raises:
        OSError: it can't be read, or is no regular file.
    """
    file, size = open_regular(path)
    with file:
        return FileEntry(size, hashlib.file_digest(file, "sha256").hexdigest())


def open_regular(path: Path) -> tuple[BufferedReader, int]:
    """A regular file, and its size in bytes.

    Raises:
        OSError: it can't be read, or is no regular file.
    """
    # A pipe would be waited for, and a device read for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        file.close()
        raise OSError(f"{path.name} is not a regular file")
    return file, status.st_size


def write_manifest(directory: Path, manifest: Manifest, files: Iterable[str]) -> Manifest:
    """Writes ``manifest.json`` with an entry for each of ``files`` (relative to the bundle).

    Returns:
        What was written.
    """
    entries = {name: file_entry(directory / name) for name in sorted(set(files))}
    manifest = replace(manifest, files=entries)
    write_text(directory, manifest)
    return manifest


def write_text(directory: Path, manifest: Manifest) -> None:
    """Writes ``manifest.json`` as the manifest is, in one rename.

    Raises:
        OutputError: it can't be written.
    """
    with (
        replacing_file(directory / MANIFEST) as partial,
        partial.open("w", encoding="utf-8") as file,
    ):
        file.write(manifest.to_json())
        file.flush()
        os.fsync(file.fileno())


def link_files(source: Path, destination: Path, names: Iterable[str]) -> None:
    """Puts files of one bundle into another: a hard link where possible, else a copy."""
    for name in names:
        target = destination / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source / name, target)
        except OSError:
            shutil.copy2(source / name, target)
