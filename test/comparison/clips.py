"""The recordings that are compared over."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from sotto.errors import AudioError
from sotto.export.recording import packaged_recording
from sotto.preprocess import read_audio

REPOSITORY = Path(__file__).resolve().parents[2]

SAMPLE_RATE = 16_000

WINDOW = 30
"""Seconds: openai-whisper's only window."""

PACKAGED = ("beckett.wav", "endgame_nagg_nell.wav", "two_cities.wav")
"""English speech of the package moonshine-voice: what a clone has on its own."""


@dataclass(frozen=True)
class Clip:
    """One recording.

    Attributes:
        path: the file.
        language: code of what is spoken; None if not known.
        reference: a human's transcript, or None.
        packaged: from an installed package, not from the recordings' folder.
    """

    path: Path
    language: str | None
    reference: str | None = None
    packaged: bool = False

    @property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self.path.stem

    @property
    def samples(self) -> np.ndarray:
        """float32 ``[n]`` at 16 kHz, mono; every stage hears these same samples."""
        return _read(self.path)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def first_window(self) -> np.ndarray:
        """The samples of the first 30 s."""
        return self.samples[: WINDOW * SAMPLE_RATE]


@cache
def _read(path: Path) -> np.ndarray:
    samples = read_audio(path)
    samples.flags.writeable = False
    return samples


def audio_folder() -> Path:
    """The recordings' folder: ``$SOTTO_TEST_AUDIO``, else ``shared/audio`` beside the clone."""
    return Path(os.environ.get("SOTTO_TEST_AUDIO", REPOSITORY.parent / "shared" / "audio"))


def manifest_clips() -> list[Clip]:
    """The clips of the folder's ``manifest.json``; empty where there is none."""
    manifest = audio_folder() / "manifest.json"
    if not manifest.is_file():
        return []
    entries = json.loads(manifest.read_text(encoding="utf-8"))["clips"]
    return [
        Clip(audio_folder() / entry["file"], entry["language"], entry["reference"])
        for entry in entries
    ]


def packaged_clips() -> list[Clip]:
    """Recordings that the package moonshine-voice carries; empty where it is not installed."""
    try:
        folder = packaged_recording().parent
    except AudioError:
        return []
    return [Clip(folder / name, "en", packaged=True) for name in PACKAGED]


def all_clips() -> list[Clip]:
    """The manifest's clips, then the packaged ones."""
    return [*manifest_clips(), *packaged_clips()]


def clips_for(multilingual: bool, clips: list[Clip]) -> list[Clip]:
    """The clips that a model can transcribe: an English one only hears English."""
    return [clip for clip in clips if multilingual or clip.language in (None, "en")]
