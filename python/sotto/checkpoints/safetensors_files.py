"""Tensors of one or more safetensors files: found, measured, and read as float32."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from sotto.checkpoints.checkpoint import Shape
from sotto.checkpoints.half import bfloat16_to_float32
from sotto.errors import CheckpointError

_FLOATS = ("F64", "F32", "F16")


class SafeTensors:
    """The tensors of a checkpoint's files under the keys that its reader knows.

    Args:
        paths: the files; of several, shards.
        stack: closes them.
        full: a stored key to the one that the reader knows, where prefixes come and go.

    Raises:
        CheckpointError: safetensors is not installed, a file is damaged, or a key is stored twice.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        stack: ExitStack,
        full: Callable[[str], str] = lambda stored: stored,
    ) -> None:
        try:
            from safetensors import safe_open
        except ImportError as error:
            raise CheckpointError(
                f"reading {paths[0]} needs safetensors: pip install 'sotto[convert]'"
            ) from error
        self._found: dict[str, tuple[Path, Any, str]] = {}
        for path in paths:
            try:
                file = stack.enter_context(safe_open(str(path), framework="np"))
            except Exception as error:  # the library's own class, or OSError
                raise CheckpointError(
                    f"{path} can't be read as safetensors: truncated or damaged. Get it again. "
                    f"The library said: {error!s:.200}"
                ) from error
            for stored in file.keys():  # noqa: SIM118 -- not a mapping
                key = full(stored)
                if key in self._found:
                    raise CheckpointError(f"{path}: {key} is stored twice")
                self._found[key] = (path, file, stored)

    def __contains__(self, key: str) -> bool:
        return key in self._found

    def rename(self, key: str, other: str) -> None:
        """Gives a tensor another key."""
        self._found[other] = self._found.pop(key)

    def shapes(self) -> dict[str, Shape]:
        """Of all tensors, without reading them."""
        return {
            key: tuple(file.get_slice(stored).get_shape())
            for key, (_, file, stored) in self._found.items()
        }

    def floats(self) -> list[str]:
        """Keys of all that are of floats, which indices of positions are not."""
        return [
            key
            for key, (_, file, stored) in self._found.items()
            if file.get_slice(stored).get_dtype() in (*_FLOATS, "BF16")
        ]

    def float32(self, key: str) -> np.ndarray:
        """A tensor, C-contiguous. Raises CheckpointError for one that is not of floats."""
        path, file, stored = self._found[key]
        part = file.get_slice(stored)
        kind = part.get_dtype()
        if kind == "BF16":
            return _read_bfloat16(path, stored, tuple(part.get_shape()))
        if kind not in _FLOATS:
            raise CheckpointError(
                f"{path}: {stored} is {kind}; float32, float16 and bfloat16 are supported"
            )
        with np.errstate(all="ignore"):  # what is not finite is reported with its key, later
            return np.ascontiguousarray(file.get_tensor(stored), dtype=np.float32)


def _read_bfloat16(path: Path, key: str, shape: Shape) -> np.ndarray:
    """Read a tensor numpy has no type for, at the offsets the library has validated."""
    with path.open("rb") as file:
        header_size = int.from_bytes(file.read(8), "little")
        begin, end = json.loads(file.read(header_size))[key]["data_offsets"]
        bits = np.fromfile(path, np.uint16, (end - begin) // 2, offset=8 + header_size + begin)
    return bfloat16_to_float32(bits).reshape(shape)
