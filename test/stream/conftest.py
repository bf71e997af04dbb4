"""What streams are tested over: real models, real recordings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from comparison.bundles import Precision
from comparison.clips import all_clips

from sotto.asr import SpeechModel
from sotto.preprocess import read_audio

RATE = 16_000


@pytest.fixture(scope="session")
def tiny_en(speech: Callable[[str, Precision], SpeechModel]) -> SpeechModel:
    """An English-only model."""
    return speech("tiny.en", "int8")


@pytest.fixture(scope="session")
def base(speech: Callable[[str, Precision], SpeechModel]) -> SpeechModel:
    """A multilingual model."""
    return speech("base", "int8")


@pytest.fixture(scope="session")
def samples() -> Callable[[str], np.ndarray]:
    """A recording by name, float32 [n], 16 kHz; skips where it is absent."""
    paths = {clip.name: clip.path for clip in all_clips()}

    def read(name: str) -> np.ndarray:
        if name not in paths:
            pytest.skip(f"no {name}: set SOTTO_TEST_AUDIO to the recordings")
        return read_audio(paths[name])

    return read
