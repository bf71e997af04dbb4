"""sha256 of files, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from sotto.errors import CheckpointError

_CHUNK = 1 << 20


def sha256_of(paths: Sequence[Path]) -> str:
    """Hex sha256 of the files' bytes, joined in order.

    Raises:
        CheckpointError: a file can't be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise CheckpointError(f"can't read {path}: {error.strerror}") from error
    return digest.hexdigest()
