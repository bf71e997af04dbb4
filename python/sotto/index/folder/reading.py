"""A file read whole and unchanged, with the hash of what was read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sotto.index.folder.kinds import HEAD, decoded, kind

MEBIBYTE = 1 << 20

MAX_BYTES = {"text": 16 * MEBIBYTE, "code": 4 * MEBIBYTE, "image": 256 * MEBIBYTE}
"""Of a file: more is data rather than something to read. Recordings are read in pieces."""


class UnreadableError(Exception):
    """A file that is reported and passed by; says why."""


@dataclass(frozen=True)
class Candidate:
    """A file that could be indexed.

    Attributes:
        path: absolute.
        modality: what it is.
    """

    path: Path
    modality: str


@dataclass(frozen=True)
class Content:
    """What a file held at one moment.

    Attributes:
        sha256: in hexadecimal.
        size: bytes.
        data: all of it; None of a recording.
        stamp: size, time of change and inode at that moment.
    """

    sha256: str
    size: int
    data: bytes | None
    stamp: tuple[int, int, int]

    @property
    def text(self) -> str:
        """Of a text file. Raises UnreadableError where it is none."""
        assert self.data is not None
        try:
            return decoded(self.data)
        except UnicodeDecodeError as error:
            raise UnreadableError(
                f"is not UTF-8: byte {error.start} is 0x{self.data[error.start]:02x}"
            ) from error


def candidate(path: Path) -> Candidate | None:
    """What a file is by its first bytes and its name; None if nothing that is indexed.

    Raises:
        UnreadableError: it can't be read, or its name can't be kept.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise UnreadableError("has a name that is not UTF-8: rename it") from None
    try:
        with path.open("rb") as file:
            modality = kind(path, file.read(HEAD))
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    return None if modality is None else Candidate(path, modality)


def read(file: Candidate) -> Content:
    """Reads a file, a recording in pieces and for its hash alone.

    Raises:
        UnreadableError: it is too large, changed while it was read, or can't be read.
    """
    limit = MAX_BYTES.get(file.modality)
    try:
        before = stamp(file.path)
        if limit is not None and before[0] > limit:
            raise UnreadableError(
                f"has {before[0] / MEBIBYTE:.0f} MiB; {file.modality} is read up to "
                f"{limit // MEBIBYTE} MiB"
            )
        with file.path.open("rb") as opened:
            if limit is None:
                data = None
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            else:
                data = opened.read(limit + 1)
                digest = hashlib.sha256(data).hexdigest()
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    content = Content(digest, before[0], data, before)
    check_unchanged(file.path, content)
    return content


def check_unchanged(path: Path, content: Content) -> None:
    """Raises UnreadableError where a file is no longer what was read."""
    try:
        unchanged = stamp(path) == content.stamp
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    if not unchanged:
        raise UnreadableError("changed while it was read; the next run will take it")


def stamp(path: Path) -> tuple[int, int, int]:
    """Size, time of change in nanoseconds, and inode. Raises OSError."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino
