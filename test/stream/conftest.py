"""What streams are tested over: real models, real recordings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from comparison.bundles import ensure_vad_bundle
from comparison.clips import all_clips

from sotto.asr import SpeechModel, load_model
from sotto.preprocess import read_audio

RATE = 16_000


@pytest.fixture(scope="session")
def tiny_en(bundle: Callable[[str, str], Path]) -> SpeechModel:
    """An English-only model."""
    return load_model(bundle("tiny.en", "int8"))


@pytest.fixture(scope="session")
def base(bundle: Callable[[str, str], Path]) -> SpeechModel:
    """A multilingual model."""
    return load_model(bundle("base", "int8"))


@pytest.fixture(scope="session")
def vad() -> Path:
    """The bundle of Silero VAD, made where it is missing."""
    pytest.importorskip("silero_vad", reason="its weights: pip install 'sotto[weights]'")
    return ensure_vad_bundle()


@pytest.fixture(scope="session")
def samples() -> Callable[[str], np.ndarray]:
    """A recording by name, float32 [n], 16 kHz; skips where it is absent."""
    paths = {clip.name: clip.path for clip in all_clips()}

    def read(name: str) -> np.ndarray:
        if name not in paths:
            pytest.skip(f"no {name}: set SOTTO_TEST_AUDIO to the recordings")
        return read_audio(paths[name])

    return read
