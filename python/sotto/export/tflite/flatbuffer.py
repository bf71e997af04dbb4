"""TFLite's flatbuffer read into objects, and written again with equal bytes stored once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

FILE_IDENTIFIER = b"TFL3"
ALIGNMENT = 64
"""Bytes. What kernels read best; TFLite itself asks for 16."""


def read_model(path: Path) -> Any:
    """A .tflite file as a ``ModelT``, each buffer's bytes in its ``data``.

    The bytes are mapped, not read: the file must stay as it is while the model is used.
    """
    content = np.memmap(path, np.uint8, mode="r")
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.offset > 1:  # behind the flatbuffer
            buffer.data = content[buffer.offset : buffer.offset + buffer.size]
            buffer.offset = buffer.size = 0
    return model


def write_model(model: Any, path: Path) -> None:
    """Writes a ``ModelT``, its buffers behind the flatbuffer, which ends at 2 GB.

    Strings, shapes and scales that are equal are stored once, and so are buffers; one that
    another begins with is a part of it: a short window's positions are the first of a long one's.

    Args:
        model: from :func:`read_model`; its buffers' ``data`` are empty afterwards.
        path: file to write; not the one that ``model`` was read from.
    """
    contents = [_content(buffer) for buffer in model.buffers]
    places, size = _arrange(contents)
    for buffer, content, place in zip(model.buffers, contents, places, strict=True):
        buffer.data = None
        # Any offset makes room for the real one, which the flatbuffer's own size decides.
        buffer.offset, buffer.size = (place + 2, len(content)) if len(content) else (0, 0)
    start = _aligned(len(_packed(model)))
    for buffer in model.buffers:
        if buffer.size:
            buffer.offset += start - 2
    with path.open("wb") as file:
        file.write(_packed(model))
        _write_contents(file, start, contents, places)
        file.truncate(start + size)


def _content(buffer: Any) -> np.ndarray:
    if buffer.data is None:
        return np.empty(0, np.uint8)
    return np.frombuffer(memoryview(buffer.data), np.uint8)


def _arrange(contents: list[np.ndarray]) -> tuple[list[int], int]:
    """Where each goes, from 0 on, and where the last one ends."""
    places, end = [0] * len(contents), 0
    by_beginning: dict[bytes, list[int]] = {}
    for index in sorted(range(len(contents)), key=lambda i: (-len(contents[i]), i)):
        content = contents[index]
        alike = by_beginning.setdefault(bytes(content[:ALIGNMENT]), [])
        for other in alike:
            if np.array_equal(contents[other][: len(content)], content):
                places[index] = places[other]
                break
        else:
            alike.append(index)
            places[index] = end
            end = _aligned(end + len(content))
    return places, end


def _write_contents(
    file: BinaryIO, start: int, contents: list[np.ndarray], places: list[int]
) -> None:
    for content, place in zip(contents, places, strict=True):
        file.seek(start + place)
        file.write(content.data)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _packed(model: Any) -> bytes:
    builder = _SharingBuilder(1 << 20)
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


class _SharingBuilder(flatbuffers.Builder):  # type: ignore[misc]  # it has no types
    """Refers to a vector or a string that it has already written."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._known: dict[Any, int] = {}

    def CreateNumpyVector(self, values: np.ndarray) -> int:
        key = (values.dtype.str, values.tobytes())
        if key not in self._known:
            self._known[key] = super().CreateNumpyVector(values)
        return self._known[key]

    def CreateString(self, text: Any, *options: Any) -> int:
        if text not in self._known:
            self._known[text] = super().CreateString(text, *options)
        return self._known[text]
