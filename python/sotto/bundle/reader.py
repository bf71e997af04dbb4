"""A bundle's manifest and files, wherever they are: in a directory, or in an archive."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from sotto.bundle.codec import Fault
from sotto.bundle.files import open_regular
from sotto.bundle.manifest import MANIFEST, SCHEMA, Manifest
from sotto.errors import BundleError

REBUILD = "Make it again: sotto convert NAME."

LARGEST_MANIFEST = 1 << 26
"""Bytes. That of the largest Whisper has less than a hundredth."""

BLOCK = 1 << 20


class BundleReader(ABC):
    """A bundle that can be read.

    Attributes:
        path: the directory, or the archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def open(self, name: str) -> tuple[IO[bytes], int]:
        """A file of the bundle, and its size in bytes.

        Raises:
            KeyError: it is not there.
            OSError, zipfile.BadZipFile: it can't be read.
        """

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest, read once.

        Raises:
            BundleError: there is none, or it is not valid.
        """
        place = self.path / MANIFEST
        with self._readable(f"{self.path} holds no {MANIFEST}: it is not a bundle"):
            file, _ = self.open(MANIFEST)
            with file:
                text = file.read(LARGEST_MANIFEST + 1)
        if len(text) > LARGEST_MANIFEST:
            raise BundleError(f"{place} has more than {LARGEST_MANIFEST} bytes. {REBUILD}")
        return parse_manifest(text, place)

    def read(self, name: str) -> bytes:
        """The bytes of a file, which are those that the manifest says.

        Raises:
            BundleError: it is not listed, not there, or damaged.
        """
        if name not in self.manifest.files:
            raise BundleError(f"{self.path}: the manifest does not list {name}. {REBUILD}")
        return b"".join(self.blocks(name))

    def blocks(self, name: str) -> Iterator[bytes]:
        """A listed file's bytes, block by block; the last one comes only if all are right.

        Raises:
            BundleError: the file is not there, or is damaged.
        """
        expected, digest, pending = self.manifest.files[name], hashlib.sha256(), b""
        with self._readable(f"{self.path} lacks {name}, which its manifest lists"):
            file, size = self.open(name)
            with file:
                if size != expected.size:
                    raise BundleError(
                        f"{self.path / name} has {size} bytes, its manifest says {expected.size}: "
                        f"it is incomplete or another file. {REBUILD}"
                    )
                while block := file.read(BLOCK):
                    digest.update(block)
                    if pending:
                        yield pending
                    pending = block
        if digest.hexdigest() != expected.sha256:
            raise BundleError(
                f"{self.path / name} is damaged: its sha256 differs from its manifest's. {REBUILD}"
            )
        if pending:
            yield pending

    def check(self) -> None:
        """Reads all files. Raises BundleError for the first that is missing or damaged."""
        for name in self.manifest.files:
            for _ in self.blocks(name):
                pass

    @contextmanager
    def _readable(self, absent: str) -> Iterator[None]:
        """Turns what goes wrong with a file into BundleError."""
        try:
            yield
        except (KeyError, FileNotFoundError):
            raise BundleError(f"{absent}. {REBUILD}") from None
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise BundleError(f"{self.path} can't be read ({error}). {REBUILD}") from error


class _Directory(BundleReader):
    def open(self, name: str) -> tuple[IO[bytes], int]:
        return open_regular(self.path / name)


class _Archive(BundleReader):
    """Of stored entries, as :func:`sotto.bundle.archive.pack` writes it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with self._readable(f"{path} is not there"):
            try:
                self._zip = zipfile.ZipFile(path)
            except zipfile.BadZipFile as error:
                raise BundleError(f"{path} is no bundle's archive ({error}). {REBUILD}") from error
        names = self._zip.namelist()
        if len(set(names)) != len(names):
            raise BundleError(f"{path} holds two files of one name. {REBUILD}")

    def open(self, name: str) -> tuple[IO[bytes], int]:
        info = self._zip.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise OSError(f"{name} is compressed or encrypted, a bundle's archive stores its files")
        return self._zip.open(info), info.file_size


def open_bundle(path: str | os.PathLike[str]) -> BundleReader:
    """The reader of a directory or an archive.

    Raises:
        BundleError: it is neither.
    """
    path = Path(path)
    return _Archive(path) if path.is_file() else _Directory(path)


def read_manifest(directory: Path, verify: bool = True) -> Manifest:
    """The manifest of a directory whose files a tool goes on to open by name.

    Args:
        directory: the bundle.
        verify: whether size and sha256 of all its files are checked, which takes a second for a
            gigabyte.

    Raises:
        BundleError: there is no manifest, it is not valid, it has another schema, or a file
            is missing or differs from its entry.
    """
    if directory.is_file():
        raise BundleError(f"{directory} is a file; of an archive: sotto bundle unpack {directory}")
    reader = open_bundle(directory)
    if verify:
        reader.check()
    return reader.manifest


def parse_manifest(text: bytes, path: Path) -> Manifest:
    """The manifest of a text.

    Args:
        text: of ``manifest.json``.
        path: for messages.

    Raises:
        BundleError: it is not valid, or has another schema.
    """
    content = parse_object(text, path)
    schema = content.get("schema")
    if schema == 2 and type(schema) is int:
        raise BundleError(
            f"{path} has schema 2, this Sotto reads {SCHEMA}. Run: sotto bundle upgrade "
            f"{path.parent}"
        )
    if type(schema) is not int or schema != SCHEMA:
        raise BundleError(f"{path} has schema {schema!r:.60}, this Sotto reads {SCHEMA}. {REBUILD}")
    try:
        return Manifest.from_json(content)
    except Fault as fault:
        raise BundleError(f"{path}: {fault}. {REBUILD}") from fault


def parse_object(text: bytes, path: Path) -> dict[str, Any]:
    """A JSON object of any schema.

    Raises:
        BundleError: it is none.
    """
    try:
        content = json.loads(text.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not valid JSON ({error}). {REBUILD}") from error
    if not isinstance(content, dict):
        raise BundleError(f"{path} is not a bundle's manifest. {REBUILD}")
    return content


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
