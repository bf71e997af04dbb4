"""Bundles, and sounds made for one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 16_000


@pytest.fixture(scope="session")
def tiny_en(bundle: Callable[[str, str], Path]) -> Path:
    """An English-only bundle."""
    return bundle("tiny.en", "int8")


@pytest.fixture(scope="session")
def base(bundle: Callable[[str, str], Path]) -> Path:
    """A multilingual bundle."""
    return bundle("base", "int8")


@pytest.fixture(scope="session")
def jfk(recording: Callable[[str], Path]) -> Path:
    """Eleven seconds of English, FLAC."""
    return recording("jfk.flac")


@pytest.fixture(scope="session")
def jfk_wav(jfk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as 16 kHz WAV, which the native command reads."""
    from sotto.preprocess import read_audio

    path = tmp_path_factory.mktemp("wav") / "jfk.wav"
    soundfile.write(path, read_audio(jfk), RATE, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def repeated(jfk_wav: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, str], Path]:
    """The clip over and over for so many minutes, as a file of that suffix."""
    clip, _ = soundfile.read(jfk_wav, dtype="float32")

    def make(minutes: int, suffix: str) -> Path:
        path = tmp_path_factory.mktemp("long") / f"{minutes}min.{suffix}"
        left = minutes * 60 * RATE
        with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as file:
            while left > 0:
                file.write(clip[:left])
                left -= len(clip)
        return path

    return make


def _bad_files(folder: Path) -> dict[str, Path]:
    sound = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    contents = {
        "nan": np.where(np.arange(RATE) == 800, np.nan, sound),
        "inf": np.where(np.arange(RATE) == 800, np.inf, sound),
        "empty": sound[:0],
        "short": sound[:800],
    }
    for name, samples in contents.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE, subtype="FLOAT")
    (folder / "text.wav").write_text("Dear diary, today I spoke to my telephone.\n")
    (folder / "nothing.wav").write_bytes(b"")
    (folder / "folder").mkdir()
    names = [*contents, "text", "nothing", "gone"]
    return {name: folder / f"{name}.wav" for name in names} | {"folder": folder / "folder"}


@pytest.fixture(scope="session")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files that are no speech, by what is wrong with them."""
    return _bad_files(tmp_path_factory.mktemp("bad"))
