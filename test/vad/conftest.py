"""The bundle of Silero VAD, and the package silero-vad as its reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from comparison.clips import Clip, all_clips

from sotto._runtime import VoiceActivityDetector
from sotto.runtime.locate import find_litert

RATE = 16_000

CLIPS = all_clips()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every recording, for a test that takes a ``clip``."""
    if "clip" in metafunc.fixturenames:
        metafunc.parametrize("clip", CLIPS, ids=[clip.name for clip in CLIPS])


@pytest.fixture(scope="session")
def silero() -> ModuleType:
    """The package's functions; none of them needs torchaudio."""
    pytest.importorskip("silero_vad", reason="the reference: pip install 'sotto[weights]'")
    import torch

    threads = torch.get_num_threads()
    from silero_vad import utils_vad

    torch.set_num_threads(threads)  # the package sets 1 for the whole process
    return utils_vad


@pytest.fixture(scope="session")
def vad_bundle(silero: ModuleType, vad: Path) -> Path:
    """Of the package's weights."""
    return vad


@pytest.fixture(scope="session")
def detector(vad_bundle: Path) -> VoiceActivityDetector:
    return VoiceActivityDetector(vad_bundle, library=find_litert())


@pytest.fixture(scope="session")
def expected(silero: ModuleType) -> Callable[[Clip], np.ndarray]:
    """The probabilities of the package's own model, chunk by chunk."""
    import torch
    from silero_vad import load_silero_vad

    threads = torch.get_num_threads()
    model = load_silero_vad()
    torch.set_num_threads(threads)
    known: dict[Path, np.ndarray] = {}

    @torch.no_grad()
    def of(clip: Clip) -> np.ndarray:
        if clip.path not in known:
            samples = torch.from_numpy(clip.samples.copy())[None]
            known[clip.path] = model.audio_forward(samples, sr=RATE)[0].numpy()
        return known[clip.path]

    return of
