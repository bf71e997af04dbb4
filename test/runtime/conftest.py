"""What the runtime's components are compared on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def recordings() -> list[Path]:
    """Real recordings: the folder SOTTO_TEST_AUDIO, else shared/audio beside the repository."""
    repository = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("SOTTO_TEST_AUDIO", repository.parent / "shared" / "audio"))
    suffixes = {".wav", ".flac", ".aiff", ".m4a", ".mp3", ".ogg"}
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in suffixes)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `recording` runs on each, one that takes `wav_recording` on each .wav.

    Without recordings it is skipped.
    """
    if "recording" in metafunc.fixturenames:
        metafunc.parametrize("recording", recordings(), ids=lambda path: path.name)
    if "wav_recording" in metafunc.fixturenames:
        wavs = [path for path in recordings() if path.suffix == ".wav"]
        metafunc.parametrize("wav_recording", wavs, ids=lambda path: path.name)
