"""How cost grows: with the audio's length, and with the tokens that are decoded."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from figures import Figure
from measurement import Measurement
from tables import markdown_table, shown

LENGTHS = [1, 2, 5, 10, 15, 20, 30]
"""Seconds."""

TOKENS = [1, 8, 32, 64]


@dataclass
class Growth:
    """One contender, over the beginnings of one recording.

    Attributes:
        model: the checkpoint's name.
        contender: its name.
        threads: of the CPU.
        rounds: measurements; each has one recording for each of LENGTHS, the last one with a
            call for each of TOKENS.
    """

    model: str
    contender: str
    threads: int
    rounds: list[Measurement] = field(default_factory=list)

    def by_length(self) -> dict[int, Figure]:
        """Milliseconds of a call by seconds of audio, over the rounds that are not noisy."""
        calls = {
            length: [
                measured.heard[i].milliseconds
                for measured in self.rounds
                if not measured.heard[i].noisy
            ]
            for i, length in enumerate(LENGTHS)
        }
        found = {length: Figure.of(values) for length, values in calls.items()}
        return {length: figure for length, figure in found.items() if figure is not None}

    def by_tokens(self) -> dict[int, Figure]:
        """Milliseconds of a call over 30 s of audio by the tokens that it is limited to."""
        found = {
            count: Figure.of(
                [
                    measured.heard[-1].limit_ms[str(count)]
                    for measured in self.rounds
                    if str(count) in measured.heard[-1].limit_ms
                ]
            )
            for count in TOKENS
        }
        return {count: figure for count, figure in found.items() if figure is not None}


def slope(points: dict[int, Figure]) -> float | None:
    """What one unit more costs: the least-squares line's slope through the medians."""
    if len(points) < 2:
        return None
    line = statistics.linear_regression(list(points), [figure.median for figure in points.values()])
    return line.slope


def growth_tables(rows: list[Growth]) -> str:
    """Both tables, and what a second and a token more cost."""

    def table(units: list[int], name: str, points: list[dict[int, Figure]]) -> str:
        header = ("contender", *(f"{unit} {name}" for unit in units), f"ms a {name} more")
        lines = []
        for row, found in zip(rows, points, strict=True):
            each = slope(found)
            lines.append(
                [
                    f"{row.contender} ({row.model}, {row.threads} threads)",
                    *(shown(found.get(unit)) for unit in units),
                    shown(None if each is None else Figure(each, each, each, 1), 1),
                ]
            )
        return markdown_table(header, lines)

    return (
        "Milliseconds of a call, by seconds of audio (text alone, one window):\n\n"
        + table(LENGTHS, "s", [row.by_length() for row in rows])
        + "\nMilliseconds of a call over 30 s of audio, by the limit of tokens:\n\n"
        + table(TOKENS, "token", [row.by_tokens() for row in rows])
    )
