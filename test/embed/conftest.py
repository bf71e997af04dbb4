"""Encoders over small bundles, and over real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_encoder import write_text_bundle

from sotto.embed import TextEncoder


@pytest.fixture(scope="session")
def small_text_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of ``small_encoder``."""
    return write_text_bundle(tmp_path_factory.mktemp("embed") / "small")


@pytest.fixture(scope="session")
def small_text(small_text_bundle: Path) -> TextEncoder:
    return TextEncoder(small_text_bundle, threads=1)
