"""A bundle in one file: a zip whose entries are stored, and aligned so that they can be mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from sotto.bundle.files import write_text
from sotto.bundle.manifest import MANIFEST, Manifest
from sotto.bundle.reader import open_bundle
from sotto.bundle.replacing import replacing_directory, replacing_file
from sotto.bundle.zip_writer import StoredZip
from sotto.errors import BundleError, OptionError

ALIGNMENT = 64
"""Bytes: a cache line."""

GRAPH_ALIGNMENT = 16384
"""Bytes, of .tflite files: the largest page of the systems that map them."""

Progress = Callable[[str, int, int], object]
"""Called with a file's name, the bytes that are done, and all there are."""


def pack(bundle: Path, out: Path, progress: Progress | None = None) -> Manifest:
    """Writes a bundle as one file. The same bundle gives the same bytes, wherever it is packed.

    What step 1 left is not packed: no device reads it.

    Args:
        bundle: a directory, or an archive.
        out: file to make or replace, whole or not at all.
        progress: called as bytes are written.

    Returns:
        The packed manifest.

    Raises:
        BundleError: the bundle is missing or damaged, or has no graphs yet.
        OutputError: ``out`` can't be written.
    """
    reader = open_bundle(bundle)
    manifest = packed(reader.manifest)
    if not manifest.graphs:
        raise BundleError(f"{bundle} holds no graphs that run, only step 1's: run step 2")
    text = manifest.to_json().encode()
    report = _counted(progress, sum(entry.size for entry in manifest.files.values()))
    with replacing_file(out) as partial, partial.open("wb") as file, StoredZip(file) as archive:
        archive.add(MANIFEST, len(text), [text], ALIGNMENT)
        for name, entry in sorted(manifest.files.items()):
            alignment = GRAPH_ALIGNMENT if name.endswith(".tflite") else ALIGNMENT
            archive.add(name, entry.size, report(name, reader.blocks(name)), alignment)
    return manifest


def packed(manifest: Manifest) -> Manifest:
    """The manifest of an archive: without step 1's files."""
    scripts = manifest.torchscript
    if scripts is None:
        return manifest
    used = {file for one in manifest.components for file in one.files}
    files = {
        name: entry
        for name, entry in manifest.files.items()
        if name in used or not (name in scripts.files or name.startswith("torchscript/"))
    }
    return replace(manifest, torchscript=None, files=files)


def unpack(archive: Path, out: Path, progress: Progress | None = None) -> Manifest:
    """Writes an archive's bundle as a directory; each file is checked as it is written.

    Args:
        archive: the file.
        out: directory to make or replace, whole or not at all.
        progress: called as bytes are written.

    Returns:
        The bundle's manifest.

    Raises:
        BundleError: the archive is damaged.
        OptionError: it is a directory.
        OutputError: ``out`` can't be written.
    """
    if archive.is_dir():
        raise OptionError(f"{archive} is a directory, not an archive")
    reader = open_bundle(archive)
    manifest = reader.manifest
    total = sum(entry.size for entry in manifest.files.values())
    report = _counted(progress, total)
    with replacing_directory(out) as directory:
        for name in sorted(manifest.files):
            target = directory / name  # inside: the manifest's names were checked
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                for block in report(name, reader.blocks(name)):
                    file.write(block)
        write_text(directory, manifest)
    return manifest


def faults(bundle: Path, progress: Progress | None = None) -> list[str]:
    """All that is wrong with a bundle's files; empty where nothing is.

    Args:
        bundle: a directory, or an archive.
        progress: called as bytes are read.

    Raises:
        BundleError: the manifest is missing or not valid.
    """
    reader, found = open_bundle(bundle), []
    report = _counted(progress, sum(entry.size for entry in reader.manifest.files.values()))
    for name in sorted(reader.manifest.files):
        try:
            for _ in report(name, reader.blocks(name)):
                pass
        except BundleError as error:
            found.append(str(error))
    return found


def _counted(
    progress: Progress | None, total: int
) -> Callable[[str, Iterator[bytes]], Iterator[bytes]]:
    done = 0

    def counted(name: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal done
        for block in blocks:
            yield block
            done += len(block)
            if progress is not None:
                progress(name, done, total)

    return counted
