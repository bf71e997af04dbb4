"""``index.json``: what a folder of packed bundles holds."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sotto.errors import DownloadError

INDEX = "index.json"
"""Name of the file, beside the bundles."""

LARGEST_INDEX = 4 << 20
"""Bytes of an index that is read."""

LARGEST_BUNDLE = 1 << 40
"""Bytes of a bundle that an index may name."""

_VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WHISPER = "whisper-"


@dataclass(frozen=True)
class Entry:
    """One packed bundle.

    Attributes:
        file: its name in the folder.
        size: in bytes.
        sha256: hex digest of the file.
    """

    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Catalogue:
    """The bundles of a folder.

    Attributes:
        bundles: each by its name, such as ``whisper-base``.
    """

    bundles: Mapping[str, Entry]

    @classmethod
    def from_json(cls, text: bytes | str, source: str) -> Catalogue:
        """Reads an index from somewhere that is not trusted.

        Raises:
            DownloadError: it is no such index, or names what could lie outside the folder.
        """
        try:
            read = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DownloadError(
                f"{source} is not JSON ({error}): not a folder of bundles"
            ) from error
        if not isinstance(read, dict) or read.get("sotto_bundles") != _VERSION:
            raise DownloadError(
                f"{source} is not an index of bundles that this version of Sotto reads: expected "
                f'"sotto_bundles": {_VERSION}'
            )
        bundles = read.get("bundles")
        if not isinstance(bundles, dict):
            raise DownloadError(f"{source} lists no bundles")
        return cls({name: _entry(name, entry, source) for name, entry in bundles.items()})

    def to_json(self) -> str:
        """The file's text; the same bundles give the same."""
        bundles = {name: asdict(entry) for name, entry in sorted(self.bundles.items())}
        return json.dumps({"sotto_bundles": _VERSION, "bundles": bundles}, indent=1) + "\n"

    def find(self, name: str, source: str) -> tuple[str, Entry]:
        """A bundle's full name, and its entry; ``base`` stands for ``whisper-base``, too.

        Raises:
            DownloadError: there is none of that name.
        """
        for full in (name, f"{_WHISPER}{name}"):
            if full in self.bundles:
                return full, self.bundles[full]
        known = [full.removeprefix(_WHISPER) for full in sorted(self.bundles)]
        near = difflib.get_close_matches(name, known, n=3)
        guess = f"Did you mean {' or '.join(near)}? " if near else ""
        raise DownloadError(
            f"{source} has no bundle {name!r}. {guess}It has {', '.join(known) or 'none'}"
        )


def check_name(name: str, source: str) -> None:
    """Makes sure that a bundle's name can be a file's.

    Raises:
        DownloadError: it could not.
    """
    if not _NAME.fullmatch(name):
        raise DownloadError(
            f"{source}: {name!r:.60} is no name of a bundle; expected letters, digits, ., _ and -"
        )


def _entry(name: str, entry: Any, source: str) -> Entry:
    check_name(name, source)
    if not isinstance(entry, dict):
        raise DownloadError(f"{source}: {name} has no entry")
    file, size, sha256 = (entry.get(key) for key in ("file", "size", "sha256"))
    if not isinstance(file, str) or not _NAME.fullmatch(file):
        raise DownloadError(f"{source}: the file of {name}, {file!r:.60}, is not one beside it")
    if type(size) is not int or not 1 <= size <= LARGEST_BUNDLE:
        raise DownloadError(
            f"{source}: the size of {name} is {size!r:.60}, not bytes from 1 to {LARGEST_BUNDLE}"
        )
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise DownloadError(f"{source}: the sha256 of {name} is {sha256!r:.60}, not 64 digits")
    return Entry(file, size, sha256)
