"""Recordings by name, and one that is made of two."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.clips import Clip, all_clips
from sounds import silence

CLIPS = all_clips()


def two_windows() -> np.ndarray:
    """Speech, silence and other speech: two windows with little text, float32 [n]."""
    quiet = silence(20)
    return np.concatenate([recording("jfk").samples, quiet, recording("mr_quilter").samples])


def recording(name: str) -> Clip:
    """A recording by name; skips where it is absent."""
    for clip in CLIPS:
        if clip.name == name:
            return clip
    pytest.skip(f"no recording {name}: set SOTTO_TEST_AUDIO to the recordings")
