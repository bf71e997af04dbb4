"""Medians with their spread, and ratios of what was measured in the same round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from measurement import Heard, Measurement


@dataclass(frozen=True)
class Figure:
    """A median and what it is of.

    Attributes:
        median: of ``count`` values.
        low: the least.
        high: the greatest.
        count: how many.
    """

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: list[float]) -> Figure | None:
        """None where there are no values."""
        if not values:
            return None
        return cls(statistics.median(values), min(values), max(values), len(values))


@dataclass
class Result:
    """One contender over one case.

    Attributes:
        model: the checkpoint's name.
        threads: of the CPU.
        case: the case's name.
        seconds: of audio.
        contender: its name, as in tables.
        disk_bytes: of its weights.
        rounds: measurements by round; each of one recording.
    """

    model: str
    threads: int
    case: str
    seconds: float
    contender: str
    disk_bytes: int
    rounds: dict[int, Measurement] = field(default_factory=dict)

    @property
    def kept(self) -> dict[int, Measurement]:
        """The rounds during which nothing else used the CPU."""
        return {number: each for number, each in self.rounds.items() if not each.noisy}

    def values(self, value: Callable[[Measurement], float | None]) -> dict[int, float]:
        """By round, of those kept in which it was seen."""
        found = {number: value(each) for number, each in self.kept.items()}
        return {number: each for number, each in found.items() if each is not None}

    def figure(self, value: Callable[[Measurement], float | None]) -> Figure | None:
        """Over the kept rounds; None where none saw it."""
        return Figure.of(list(self.values(value).values()))

    @property
    def text(self) -> str:
        """What it heard, in the last round."""
        return self.rounds[max(self.rounds)].heard[0].text


def paired_ratio(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Figure | None:
    """Ours by theirs, round by round, over the rounds that both have.

    The machine's drift is in both, and so not in their ratio; a ratio of medians would hold it.
    """
    return Figure.of([ours[number] / theirs[number] for number in ours if number in theirs])


def call_ms(measurement: Measurement) -> float:
    """One call of a warm model."""
    return measurement.heard[0].milliseconds


def token_ms(measurement: Measurement) -> float | None:
    """Decoder milliseconds a step."""
    return token_ms_of(measurement.heard[0])


def token_ms_of(heard: Heard) -> float | None:
    """The same of one recording; None where the peer does not show it."""
    if heard.decoder_ms is None or not heard.steps:
        return None
    return heard.decoder_ms / heard.steps
