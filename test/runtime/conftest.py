"""What the runtime's components are compared on."""

from __future__ import annotations

import pytest
from comparison.clips import audio_folder

SUFFIXES = {".wav", ".flac", ".aiff", ".m4a", ".mp3", ".ogg"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `each_recording` runs on each, `each_wav_recording` on each .wav.

    Without recordings it is skipped.
    """
    folder = audio_folder()
    found = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)
    for fixture, paths in (
        ("each_recording", found),
        ("each_wav_recording", [path for path in found if path.suffix == ".wav"]),
    ):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, paths, ids=lambda path: path.name)
