"""The recordings of real speech, and files made for one test."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def manifest_clip() -> Callable[[str], Path]:
    """The path of a recording by its file name; skips where the recordings are absent."""
    repository = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("SOTTO_TEST_AUDIO", repository.parent / "shared" / "audio"))

    def find(name: str) -> Path:
        if not (folder / name).is_file():
            pytest.skip(f"no {name} in {folder}: set SOTTO_TEST_AUDIO to the recordings")
        return folder / name

    return find
