"""Audio that is read twice: first for its loudest value, then to be transcribed."""

from __future__ import annotations

import os
from io import BytesIO
from typing import Any, cast

from sotto.errors import AudioError
from sotto.preprocess import AudioSource
from sotto.preprocess.audio_array import as_array


class BufferedFile(BytesIO):
    """The whole of a stream that can't be rewound, under the name that messages give it."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def read_twice(audio: Any) -> AudioSource:
    """``audio`` as something that can be read from its start again.

    A file object that can't seek, such as a pipe or a socket, is read to its end; what holds
    samples (see ``preprocess.audio_array.as_array``) becomes an array.

    Raises:
        AudioError: the file object gives text, or reading it failed.
    """
    if hasattr(audio, "read"):
        return cast(AudioSource, audio if _can_seek(audio) else _buffered(audio))
    samples = as_array(audio)
    return cast(AudioSource, audio) if samples is None else samples


def _can_seek(file: Any) -> bool:
    try:
        return hasattr(file, "seek") and (not hasattr(file, "seekable") or file.seekable())
    except ValueError:  # closed: what reads it will say so
        return True


def _buffered(file: Any) -> BufferedFile:
    name = str(getattr(file, "name", "the file object"))
    try:
        data = file.read()
    except OSError as error:
        raise AudioError(f"{name}: reading it failed ({error}). Read it to a file first") from error
    if not isinstance(data, bytes | bytearray):
        raise AudioError(f"{name}: is open as text; expected a binary file. Open it with 'rb'")
    return BufferedFile(bytes(data), name)


def named(audio: object, error: AudioError) -> AudioError:
    """The error with the file's name, which the runtime does not know."""
    path = audio if isinstance(audio, str | os.PathLike) else getattr(audio, "name", "")
    name = os.fsdecode(path) if isinstance(path, str | os.PathLike) else ""
    return error if name in str(error) else AudioError(f"{name}: {error}")
