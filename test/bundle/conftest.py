"""A real bundle to damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from bundle_copy import BundleCopy


@pytest.fixture(scope="session")
def whole_bundle(bundle: Callable[[str, str], Path]) -> Path:
    """tiny.en in int8."""
    return bundle("tiny.en", "int8")


@pytest.fixture
def copy(whole_bundle: Path, tmp_path: Path) -> BundleCopy:
    """A copy of the bundle that a test may damage."""
    return BundleCopy(whole_bundle, tmp_path / "copy")


@pytest.fixture
def unwritable() -> Callable[[Path], list[Path]]:
    """Paths below a folder in which nobody, root included, can make a directory."""

    def paths(folder: Path) -> list[Path]:
        (folder / "file").write_text("")
        return [folder / "file" / "below", Path("/proc/nowhere")]

    return paths
