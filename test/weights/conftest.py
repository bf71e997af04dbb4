"""Bench's modules are importable here, as its programs have them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "bench"), str(ROOT / "test" / "checkpoints")]

from small_whisper import SMALL, random_state  # noqa: E402

from sotto.checkpoints import Checkpoint  # noqa: E402


@pytest.fixture(scope="session")
def small_checkpoint() -> Checkpoint:
    """Random weights; the width of 64 is two blocks."""
    return Checkpoint("small", SMALL, random_state(SMALL), "openai", "random", "")
