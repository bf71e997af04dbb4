"""What a file is, by its first bytes and, where these do not say, by its name."""

from __future__ import annotations

import codecs
from pathlib import Path

HEAD = 8192
"""Bytes that are looked at."""

_IMAGE_STARTS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
)
_AUDIO_STARTS = (b"fLaC", b"OggS", b"ID3", b"caff", b"\x1aE\xdf\xa3", b"#!AMR")


def _suffixes(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


_IMAGES = _suffixes("png jpg jpeg jpe jfif gif bmp tif tiff webp heic avif")
_SOUNDS = _suffixes(
    "wav flac ogg oga opus mp3 m4a aac aif aiff aifc caf wma amr mp4 m4v mov mkv webm avi mpg mpeg"
)
_TEXTS = _suffixes("txt md markdown rst adoc org tex html htm xml csv tsv log srt vtt po")
_CODE = _suffixes(
    "py pyi c h cc cpp cxx hh hpp hxx cu m mm java kt kts scala groovy gradle js mjs cjs jsx ts "
    "tsx vue svelte css scss less go rs rb php pl pm lua r jl swift dart cs fs vb hs ml mli ex "
    "exs erl clj lisp el scm sh bash zsh fish ps1 bat cmd sql proto thrift cmake mk bazel bzl nix "
    "zig nim v sv vhd asm s json jsonl yaml yml toml ini cfg conf tf dockerfile ipynb"
)
_CODE_NAMES = frozenset(
    {"makefile", "dockerfile", "cmakelists.txt", "build", "rakefile", "gemfile"}
)


def kind(path: Path, head: bytes) -> str | None:
    """``text``, ``code``, ``image``, ``audio``, or None of what is none of them.

    Args:
        path: for its name.
        head: its first :data:`HEAD` bytes.
    """
    suffix = path.suffix.lower()
    if _is_image(head):
        return "image"
    if _is_sound(head):
        return "audio"
    # A file that claims to be what its content is not is one that is damaged: what reads it
    # will say so.
    if suffix in _IMAGES:
        return "image"
    if suffix in _SOUNDS:
        return "audio"
    if suffix in _CODE or path.name.lower() in _CODE_NAMES:
        return None if suffix == ".ts" and not _is_text(head) else "code"
    if suffix in _TEXTS:
        return "text"
    if not _is_text(head):
        return None
    return "code" if head.startswith(b"#!") else "text"


def _is_image(head: bytes) -> bool:
    return (
        head.startswith(_IMAGE_STARTS)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == b"\0\0\0\0")
        or (head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"avif"))
    )


def _is_sound(head: bytes) -> bool:
    return (
        head.startswith(_AUDIO_STARTS)
        or (head[:4] in (b"RIFF", b"RF64") and head[8:12] in (b"WAVE", b"AVI "))
        or (head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"))
        or head[4:8] == b"ftyp"
    )


def _is_text(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    if b"\0" in head:
        return False
    try:
        # Not final: the head may end within a character.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def decoded(data: bytes) -> str:
    """A text file's text: UTF-8, or UTF-16 that begins with its mark.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")
