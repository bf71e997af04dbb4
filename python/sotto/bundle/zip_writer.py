"""A zip file of stored entries whose data are aligned, so that they can be mapped into memory.

The standard library's writer can't place an entry's data, and its bytes differ by Python version.
Format: PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.3 (zip64).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

ALIGNMENT_EXTRA = 0xD935
"""Extra field that Android's zipalign pads with, too: the alignment, and zeros."""

_DATE = 1 << 5 | 1  # 1980-01-01, the earliest there is
_UTF8 = 1 << 11
_MADE_BY_UNIX = 3 << 8 | 45
_MODE = 0o100644 << 16
_LIMIT = 0xFFFFFFFF


@dataclass(frozen=True)
class _Entry:
    name: bytes
    size: int
    crc: int
    offset: int  # of the local header


class StoredZip:
    """Writes entries one after another; leaving the block writes the directory.

    Args:
        file: empty, open for writing, and seekable.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._entries: list[_Entry] = []

    def add(self, name: str, size: int, blocks: Iterable[bytes], alignment: int) -> None:
        """Adds an entry.

        Args:
            name: of the entry.
            size: of its data in bytes.
            blocks: the data.
            alignment: of where they begin, in bytes.

        Raises:
            ValueError: the data have another size.
        """
        encoded, offset = name.encode(), self._file.tell()
        zip64 = _zip64_extra([size, size]) if size >= _LIMIT else b""
        start = offset + 30 + len(encoded) + len(zip64)
        extra = zip64 + _padding(start, alignment)
        self._file.write(_local_header(encoded, size, 0, extra))
        written, crc = 0, 0
        for block in blocks:
            self._file.write(block)
            written, crc = written + len(block), zlib.crc32(block, crc)
        if written != size:
            raise ValueError(f"{name} has {written} bytes, expected {size}")
        end = self._file.tell()
        self._file.seek(offset)
        self._file.write(_local_header(encoded, size, crc, extra))
        self._file.seek(end)
        self._entries.append(_Entry(encoded, size, crc, offset))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._write_directory()

    def _write_directory(self) -> None:
        start, count = self._file.tell(), len(self._entries)
        for entry in self._entries:
            self._file.write(_central_header(entry))
        size = self._file.tell() - start
        if start >= _LIMIT or count >= 0xFFFF:
            place = self._file.tell()
            record = (44, _MADE_BY_UNIX, 45, 0, 0, count, count, size, start)
            self._file.write(struct.pack("<IQHHIIQQQQ", 0x06064B50, *record))
            self._file.write(struct.pack("<IIQI", 0x07064B50, 0, place, 1))
        shown = min(count, 0xFFFF)
        self._file.write(
            struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, shown, shown, size, min(start, _LIMIT), 0)
        )


def _padding(start: int, alignment: int) -> bytes:
    """The extra field behind which data begin at a multiple of ``alignment``; empty if they do."""
    short = -start % alignment
    if short == 0:
        return b""
    short += alignment if short < 6 else 0  # an extra field's own size
    return struct.pack("<HHH", ALIGNMENT_EXTRA, short - 4, alignment) + bytes(short - 6)


def _zip64_extra(values: list[int]) -> bytes:
    return struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values) if values else b""


def _local_header(name: bytes, size: int, crc: int, extra: bytes) -> bytes:
    shown = min(size, _LIMIT)
    version = 45 if size >= _LIMIT else 20
    fields = (version, _UTF8, 0, 0, _DATE, crc, shown, shown, len(name), len(extra))
    return struct.pack("<IHHHHHIIIHH", 0x04034B50, *fields) + name + extra


def _central_header(entry: _Entry) -> bytes:
    large = [entry.size, entry.size] if entry.size >= _LIMIT else []
    extra = _zip64_extra(large + ([entry.offset] if entry.offset >= _LIMIT else []))
    size = min(entry.size, _LIMIT)
    version = 45 if extra else 20
    fields = (_MADE_BY_UNIX, version, _UTF8, 0, 0, _DATE, entry.crc, size, size)
    sizes = (len(entry.name), len(extra), 0, 0, 0, _MODE, min(entry.offset, _LIMIT))
    header = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, *fields, *sizes)
    return header + entry.name + extra
