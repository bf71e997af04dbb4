"""The container of a CTranslate2 ``model.bin``: an index of named arrays, and their bytes.

Format (little-endian), from ``ctranslate2/specs/model_spec.py: ModelSpec._serialize`` and
``src/models/model.cc: Model::load``, binary versions 4 to 6:

    u32 version, string spec, u32 revision
    u32 count, then for each variable: string name, u8 rank, u32 dims[rank], u8 type,
        u32 byte count, bytes
    u32 count, then for each alias: string alias, string name
    string: u16 length with its NUL, UTF-8, NUL

The file is not trusted: every length is checked against the bytes that remain before
anything of that length is read or made.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from itertools import accumulate
from pathlib import Path
from types import TracebackType

import numpy as np

from sotto.checkpoints.checkpoint import Shape
from sotto.checkpoints.half import bfloat16_to_float32
from sotto.errors import CheckpointError

VERSIONS = range(4, 7)
MAX_RANK = 4
SMALLEST_VARIABLE = 2 + 1 + 1 + 1 + 4
"""Bytes of a nameless scalar without its value."""

_TYPES = ("float32", "int8", "int16", "int32", "float16", "bfloat16")
_NUMPY = {name: np.dtype("<u2" if name == "bfloat16" else name) for name in _TYPES}


@dataclass(frozen=True)
class Variable:
    """One array in the file: its shape, type, and where its bytes are."""

    shape: Shape
    type: str
    offset: int
    size: int


class JoinedFiles:
    """Files read as one, in order: where a file was split is invisible."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.source = " + ".join(str(path) for path in paths)
        self._files: list[BufferedReader] = []
        try:
            for path in paths:
                self._files.append(path.open("rb"))
        except OSError as error:
            self.close()
            raise CheckpointError(f"can't read {error.filename}: {error.strerror}") from error
        sizes = [path.stat().st_size for path in paths]
        self.size = sum(sizes)
        self._starts = [0, *accumulate(sizes)][:-1]

    def __enter__(self) -> JoinedFiles:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        for file in self._files:
            file.close()

    def read(self, offset: int, size: int) -> bytearray:
        """``size`` bytes from ``offset`` on; the caller has checked both against :attr:`size`."""
        buffer = bytearray(size)
        view = memoryview(buffer)
        index = bisect_right(self._starts, offset) - 1
        while len(view):
            if index == len(self._files):
                raise CheckpointError(f"{self.source} became shorter while it was read")
            file = self._files[index]
            file.seek(offset - self._starts[index])
            count = file.readinto(view)
            view, offset = view[count:], offset + count
            index += not count
        return buffer


class _Cursor:
    """Reads forward through the header fields, never past the end."""

    def __init__(self, files: JoinedFiles) -> None:
        self._files = files
        self._at = 0

    @property
    def remaining(self) -> int:
        return self._files.size - self._at

    def fail(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self._files.source} is damaged at byte {self._at}: {what}")

    def skip(self, size: int, what: str) -> int:
        """Step over ``size`` bytes; returns the offset they start at."""
        if size > self.remaining:
            raise CheckpointError(
                f"{self._files.source} is truncated: {what} needs {size} bytes at byte "
                f"{self._at}, {self.remaining} are left. Get the file again; if it was split, "
                "pass all of its parts"
            )
        start = self._at
        self._at += size
        return start

    def number(self, form: str, what: str) -> int:
        size = struct.calcsize(form)
        value: int = struct.unpack(form, self._files.read(self.skip(size, what), size))[0]
        return value

    def string(self, what: str) -> str:
        size = self.number("<H", f"the length of {what}")
        text = self._files.read(self.skip(size, what), size)
        if not text.endswith(b"\0"):
            raise self.fail(f"{what} does not end in NUL")
        try:
            return text[:-1].decode()
        except UnicodeDecodeError as error:
            raise self.fail(f"{what} is not UTF-8") from error


class CTranslate2File:
    """The index of one model file; arrays are read on demand.

    Attributes:
        spec: name of the model class, ``WhisperSpec`` for Whisper.
        revision: revision of that class's layout.
        variables: name -> :class:`Variable`; an alias maps to what it names.
        real_names: name -> the name it is stored under (another one for an alias).

    Raises:
        CheckpointError: damaged, truncated, or of a version that is not supported.
    """

    def __init__(self, files: JoinedFiles) -> None:
        self._files = files
        cursor = _Cursor(files)
        version = cursor.number("<I", "the version")
        if version not in VERSIONS:
            raise CheckpointError(
                f"{files.source} has CTranslate2 binary version {version}; "
                f"{VERSIONS.start} to {VERSIONS.stop - 1} are supported. Convert the model again"
            )
        self.spec = cursor.string("the spec name")
        self.revision = cursor.number("<I", "the revision")
        self.variables: dict[str, Variable] = {}
        self.real_names: dict[str, str] = {}
        self._read_variables(cursor)
        self._read_aliases(cursor)
        if cursor.remaining:
            raise cursor.fail(f"{cursor.remaining} bytes after the end of the model")

    def _read_variables(self, cursor: _Cursor) -> None:
        count = cursor.number("<I", "the number of variables")
        if count * SMALLEST_VARIABLE > cursor.remaining:
            raise cursor.fail(f"{count} variables can't fit")
        for _ in range(count):
            name = cursor.string("a variable's name")
            if name in self.variables:
                raise cursor.fail(f"variable {name:.100} is stored twice")
            self.variables[name] = _read_variable(cursor, name)
            self.real_names[name] = name

    def _read_aliases(self, cursor: _Cursor) -> None:
        for _ in range(cursor.number("<I", "the number of aliases")):
            alias = cursor.string("an alias")
            name = cursor.string(f"what {alias:.100} names")
            if alias in self.variables or name not in self.variables:
                raise cursor.fail(f"alias {alias:.100} of {name:.100} clashes or names nothing")
            self.variables[alias] = self.variables[name]
            self.real_names[alias] = self.real_names[name]

    def scalar(self, name: str) -> int | None:
        """The value of an integer scalar, or None where the file has no such scalar."""
        variable = self.variables.get(name)
        if variable is None or variable.shape != () or not variable.type.startswith("int"):
            return None
        return int(self._raw(variable)[()])

    def float32(self, name: str) -> np.ndarray:
        """The array stored as ``name``, in float32; quantised ones divided by their scale.

        int8 has one scale a row of the first axis, int16 one for the whole array: see
        ``LayerSpec._quantize``.
        """
        variable = self.variables[name]
        raw = self._raw(variable)
        if variable.type == "bfloat16":
            return bfloat16_to_float32(raw)
        with np.errstate(all="ignore"):  # what is not finite is reported with its key, later
            array = np.asarray(raw, np.float32)
            if variable.type.startswith("int"):
                scale = self._scale(self.real_names[name], variable)
                array /= scale.reshape(-1, *(1 for _ in variable.shape[1:]))
        return array

    def _scale(self, name: str, quantised: Variable) -> np.ndarray:
        scale = self.variables.get(f"{name}_scale")
        rows = quantised.shape[:1]
        if scale is None or scale.type.startswith("int") or scale.shape not in ((), (1,), rows):
            raise CheckpointError(
                f"{self._files.source} is damaged: {name:.100} is {quantised.type} without a "
                "scale for each row"
            )
        values = self.float32(f"{name}_scale")
        if not (np.isfinite(values).all() and (values > 0).all()):
            raise CheckpointError(
                f"{self._files.source} is damaged: a scale of {name:.100} is not positive"
            )
        return values

    def _raw(self, variable: Variable) -> np.ndarray:
        buffer = self._files.read(variable.offset, variable.size)
        return np.frombuffer(buffer, _NUMPY[variable.type]).reshape(variable.shape)


def _read_variable(cursor: _Cursor, name: str) -> Variable:
    rank = cursor.number("<B", f"the rank of {name:.100}")
    if rank > MAX_RANK:
        raise cursor.fail(f"{name:.100} has rank {rank}, at most {MAX_RANK} is possible")
    shape = tuple(cursor.number("<I", f"a dimension of {name:.100}") for _ in range(rank))
    kind = cursor.number("<B", f"the type of {name:.100}")
    if kind >= len(_TYPES):
        raise cursor.fail(f"{name:.100} has type {kind}, {len(_TYPES) - 1} is the last known")
    size = cursor.number("<I", f"the byte count of {name:.100}")
    expected = math.prod(shape) * _NUMPY[_TYPES[kind]].itemsize
    if size != expected:
        raise cursor.fail(f"{name:.100} has {size} bytes, its shape needs {expected}")
    return Variable(shape, _TYPES[kind], cursor.skip(size, name[:100]), size)
