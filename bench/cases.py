"""What is transcribed: short commands to long-form, as .npy files that every peer reads."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sotto.export.recording import packaged_recording
from sotto.preprocess import SAMPLE_RATE, read_audio

sys.path.append(str(Path(__file__).resolve().parents[1] / "test"))
from comparison.clips import Clip, all_clips, manifest_clips

WINDOW = 30
LONG_FORM = 30
"""Seconds from which a case is long-form: segments with timestamps, several windows."""


@dataclass(frozen=True)
class Case:
    """One recording to be timed.

    Attributes:
        name: its length, as people say it: ``11s``.
        recording: the file that it is from.
        samples: float32 ``[n]`` at 16 kHz.
        timestamps: long-form, with timestamps.
    """

    name: str
    recording: str
    samples: np.ndarray
    timestamps: bool

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def runs(self) -> int:
        """Timed calls in a worker: one of a long recording is enough."""
        return 1 if self.seconds >= LONG_FORM else 3

    @property
    def watch(self) -> bool:
        """Whether stages are asked for: not where several windows make that long."""
        return self.seconds <= WINDOW


NAMES = ("2s", "6s", "11s", "30s", "60s")
RECORDINGS = {
    "2s": ("LJ002-0020", 2),
    "6s": ("mr_quilter", 6),
    "11s": ("jfk", 11),
    "30s": ("ted_60", 30),
    "60s": ("ted_60", 60),
}
"""Clip and seconds of each case; a clip that is shorter is taken whole."""


def find_cases(names: list[str]) -> list[Case]:
    """The cases of those names.

    Of the recordings of ``$SOTTO_TEST_AUDIO``; else cuts of the packaged recording, which has
    44 s: that is then the longest case.
    """
    clips = {clip.name: clip for clip in manifest_clips()}
    packaged = None if clips else read_audio(packaged_recording())
    cases = []
    for name in names:
        recording, seconds = RECORDINGS[name]
        if packaged is None:
            samples = clips[recording].samples
        else:
            recording, samples = packaged_recording().stem, packaged
        samples = samples[: seconds * SAMPLE_RATE]
        cases.append(Case(name, recording, samples, seconds >= LONG_FORM))
    return cases


def growing(lengths: list[int]) -> list[Case]:
    """The beginning of one recording, in seconds, each text alone in one window."""
    found = {clip.name: clip for clip in all_clips()}
    clip = found.get("ted_60") or Clip(packaged_recording(), "en")
    return [
        Case(f"{seconds}s", clip.name, clip.samples[: seconds * SAMPLE_RATE], timestamps=False)
        for seconds in lengths
    ]


def english_clips() -> list[Clip]:
    """What the word error rate is measured over."""
    return [clip for clip in all_clips() if clip.language == "en"]


def write_samples(samples: np.ndarray, name: str, folder: Path) -> str:
    """The path of ``NAME.npy`` under ``folder``."""
    path = folder / f"{name}.npy"
    np.save(path, samples)
    return str(path)
