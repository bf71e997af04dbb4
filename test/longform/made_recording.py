"""A long recording out of short ones, with silence and noise between them."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from comparison.clips import Clip
from sounds import RATE, noise, silence


@dataclass(frozen=True)
class Placed:
    """A clip in the long recording, from ``start`` to ``end`` (seconds)."""

    clip: Clip
    start: float
    end: float


def write_recording(path: Path, clips: list[Clip], seconds: float) -> list[Placed]:
    """Writes the clips one after another, again and again, as 16-bit WAV.

    Args:
        path: of the file.
        clips: in this order.
        seconds: the recording ends with the clip that reaches it.

    Returns:
        Where each clip is.
    """
    placed, at = [], 0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for clip, gap in zip(cycle(clips), _gaps(), strict=False):
            for part in (gap, clip.samples):
                file.writeframes((np.clip(part, -1, 1) * 32767).astype("<i2").tobytes())
            start = at + len(gap)
            at = start + len(clip.samples)
            placed.append(Placed(clip, start / RATE, at / RATE))
            if at >= seconds * RATE:
                return placed
    raise AssertionError("cycle() never ends")


def _gaps() -> Iterator[np.ndarray]:
    """Silence and faint noise, from half a second to seven seconds."""
    lengths = cycle((0.5, 1.3, 3.1, 0.8, 7.0))
    kinds = cycle((silence, lambda length: noise(length, level=0.002)))
    for length, kind in zip(lengths, kinds, strict=False):
        yield kind(length)
