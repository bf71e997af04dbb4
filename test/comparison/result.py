"""What every stage gives back, so that stages can be compared field by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, Protocol

from comparison.clips import Clip


@dataclass(frozen=True)
class Choice:
    """A reference's two best tokens at one position, after suppression, with their logits."""

    best: int
    best_logit: float
    second: int
    second_logit: float

    @property
    def margin(self) -> float:
        """By how much the best one won."""
        return self.best_logit - self.second_logit


@dataclass(frozen=True)
class WindowTokens:
    """What one window gave: its log-mel frame in the clip, the tokens of its segments."""

    seek: int
    tokens: list[int]


def tokens_by_window(segments: Iterable[tuple[int, list[int]]]) -> list[WindowTokens]:
    """The tokens of consecutive segments ``(seek, tokens)`` of one window, joined."""
    return [
        WindowTokens(seek, [token for _, tokens in group for token in tokens])
        for seek, group in groupby(segments, key=lambda segment: segment[0])
    ]


@dataclass(frozen=True)
class StageResult:
    """One clip through one stage.

    Attributes:
        stage: ``openai-whisper``, ``torchscript``, ``tflite-fp32`` …
        model: the checkpoint's name.
        clip: the clip's name.
        language: as given, or detected in the first 30 s.
        text: of all segments.
        windows: the tokens of each window that was not silent.
        audio_seconds: of the clip.
        seconds: from samples to text; loading excluded.
        load_seconds: spent once, before, on loading the graphs.
        window: seconds of the encoder's window.
        stage_seconds: of log-mel, encoder and decoder, where the stage tells them apart.
        counters: how often graphs ran and what the host wrote, where the stage counts.
        language_probabilities: by code, where the language was detected.
        choices: for each of ``windows``, position by position: the reference only.
    """

    stage: str
    model: str
    clip: str
    language: str
    text: str
    windows: list[WindowTokens]
    audio_seconds: float
    seconds: float
    load_seconds: float
    window: int
    stage_seconds: dict[str, float] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    language_probabilities: dict[str, float] = field(default_factory=dict)
    choices: list[list[Choice]] = field(default_factory=list)

    @property
    def real_time_factor(self) -> float:
        """Seconds of work a second of audio."""
        return self.seconds / self.audio_seconds

    @property
    def token_count(self) -> int:
        """Tokens of all windows."""
        return sum(len(window.tokens) for window in self.windows)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "real_time_factor": self.real_time_factor}


class Stage(Protocol):
    """One form of a model's weights."""

    name: str

    def transcribe(self, clip: Clip) -> StageResult:
        """Greedy, with timestamps, in the clip's language or in the one it detects."""
        ...
