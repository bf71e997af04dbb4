"""A recording pushed through a stream, and what must hold of any stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sotto.asr import SpeechModel, StreamUpdate, StreamWord

RATE = 16_000


@dataclass
class Streamed:
    """All that came of a stream, checked as it came."""

    words: list[StreamWord] = field(default_factory=list)
    updates: list[StreamUpdate] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(word.word for word in self.words).strip()

    def take(self, update: StreamUpdate) -> None:
        for word in update.confirmed:
            last = self.words[-1] if self.words else None
            assert word.start >= (last.end if last else 0)
            assert word.start <= word.end <= word.confirmed_at <= update.position
            assert word.utterance >= (last.utterance if last else 0)
            assert 0 <= word.probability <= 1
            self.words.append(word)
        for word in update.tentative:
            assert word.end <= update.position
        self.updates.append(update)


def streamed(model: SpeechModel, audio: np.ndarray, *, push: float, **options: Any) -> Streamed:
    """``audio`` in pushes of so many seconds, at least a sample each."""
    stream = model.stream(**options)
    result = Streamed()
    size = max(1, round(push * RATE))
    for start in range(0, len(audio), size):
        result.take(stream.push(audio[start : start + size]))
    result.take(stream.finish())
    return result
