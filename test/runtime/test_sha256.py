"""The C++ SHA-256 against hashlib."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from sotto import _runtime
from sotto.errors import BundleError


@pytest.mark.parametrize(
    "size", [*range(130), 4095, 4096, 4097, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20 + 17]
)
def test_a_files_digest_is_hashlibs(tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    path = tmp_path / "file"
    path.write_bytes(data)
    assert _runtime.sha256_of_file(path) == hashlib.sha256(data).hexdigest()


def test_a_file_that_cannot_be_read_is_a_bundle_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="can't be opened"):
        _runtime.sha256_of_file(tmp_path / "none")
    with pytest.raises(BundleError, match="is not a regular file"):
        _runtime.sha256_of_file(tmp_path)
