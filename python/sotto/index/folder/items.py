"""Texts, pictures and recordings that a command is given one by one: files, or lines of text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sotto.index.folder.reading import Candidate, UnreadableError, candidate, read


@dataclass(frozen=True)
class Item:
    """Something that an encoder takes.

    Attributes:
        name: of the file, or the line itself.
        modality: ``text``, ``image`` or ``audio``.
        value: as the encoder of that modality takes it.
    """

    name: str
    modality: str
    value: Any


def items_of(name: str) -> Iterator[Item]:
    """What a command's argument stands for: a file's content; of ``-``, a text a line of input.

    Raises:
        UnreadableError: it can't be read, or is neither text nor a picture nor a recording.
    """
    if name == "-":
        yield from _standard_input()
        return
    path = Path(name)
    file = candidate(path)
    if file is None:
        raise UnreadableError("is neither text nor a picture nor a recording")
    if file.modality == "audio":
        yield Item(name, "audio", path)
        return
    content = read(Candidate(path, file.modality))
    if file.modality == "image":
        yield Item(name, "image", content.data)
    else:
        yield Item(name, "text", content.text)


def _standard_input() -> Iterator[Item]:
    data = sys.stdin.buffer.read() if sys.stdin else b""
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UnreadableError(f"standard input is not UTF-8 ({error})") from error
    yield from (Item(line, "text", line) for line in lines)
