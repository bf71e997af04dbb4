"""Files told apart by their content, and by their names where that does not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sotto.index.folder.kinds import HEAD, decoded, kind


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("photo.dat", b"\xff\xd8\xff\xe0\0\x10JFIF", "image"),
        ("photo", b"\x89PNG\r\n\x1a\n\0\0", "image"),
        ("x.txt", b"GIF89a\1\0\1\0", "image"),
        ("x", b"RIFF\x24\0\0\0WEBPVP8 ", "image"),
        ("x", b"\0\0\0\x18ftypheic\0\0", "image"),
        ("x", b"RIFF\x24\0\0\0WAVEfmt ", "audio"),
        ("x", b"fLaC\0\0\0\x22", "audio"),
        ("x", b"OggS\0\2", "audio"),
        ("x", b"\0\0\0\x18ftypM4A \0\0", "audio"),
        ("x", b"FORM\0\0\0\0AIFF", "audio"),
        ("song.mp3", b"\xff\xfb\x90\x44\0\0", "audio"),
        # What claims to be a picture and is none is told as a damaged picture.
        ("fake.jpg", b"Dear diary", "image"),
        ("fake.wav", b"", "audio"),
        ("a.py", b"import os\n", "code"),
        ("Makefile", b"all:\n", "code"),
        ("script", b"#!/bin/sh\n", "code"),
        ("a.ts", b"const x = 1;", "code"),
        ("a.ts", b"G\x40\0\x10\0\0\xb0", None),
        ("a.md", b"# Title", "text"),
        ("README", b"Hello", "text"),
        ("notes.xyz", "Grüße, 世界".encode(), "text"),
        ("cut", "世界".encode() * 3000, "text"),
        ("data.bin", b"\0\1\2\3", None),
        ("latin", b"caf\xe9 au lait", None),
        # By its name it is text, and reading it will say that it is not UTF-8.
        ("latin.txt", b"caf\xe9 au lait", "text"),
        ("utf16", "hello".encode("utf-16"), "text"),
    ],
)
def test_a_file_is_told_apart(name: str, head: bytes, expected: str | None) -> None:
    assert kind(Path(name), head[:HEAD]) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_in_utf_8_and_with_a_mark_in_utf_16(encoding: str) -> None:
    assert decoded("Grüße, 世界 🙂".encode(encoding)) == "Grüße, 世界 🙂"


def test_other_text_is_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        decoded(b"caf\xe9")
