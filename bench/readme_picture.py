#!/usr/bin/env python3
"""docs/speed.png, the README's picture, from the table against peers in docs/performance.md.

python bench/readme_picture.py
"""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

mpl.use("Agg")

DOCS = Path(__file__).resolve().parents[1] / "docs"
HEAD = "| audio, two threads |"
ROWS = ("5.9 s", "11 s", "30 s")
UNITS = {"ms": 0.001, "s": 1.0}


def seconds(cell: str) -> float | None:
    """Of a cell such as ``837 ms, ratio 0.21``; None where it holds no time."""
    found = re.match(r"([\d.]+) (ms|s)\b", cell)
    return float(found[1]) * UNITS[found[2]] if found else None


def peers_table(text: str) -> dict[str, dict[str, float]]:
    """Contender -> row -> seconds, of the table that begins with HEAD."""
    lines = text[text.index(HEAD) :].split("\n\n", 1)[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    table: dict[str, dict[str, float]] = {}
    for column, contender in enumerate(cells[0][1:], 1):
        times = {row[0]: seconds(row[column]) for row in cells[2:] if row[0] in ROWS}
        table[contender] = {name: time for name, time in times.items() if time is not None}
    return table


def draw(table: dict[str, dict[str, float]], path: Path) -> None:
    """Horizontal bars, a panel for each length of audio; the fewer seconds the better."""
    figure, axes = plt.subplots(1, len(ROWS), figsize=(10, 2.6), sharey=True, layout="constrained")
    names = list(table)[::-1]
    for row, axis in zip(ROWS, axes, strict=True):
        here = [name for name in names if row in table[name]]
        times = [table[name][row] for name in here]
        colours = ["#0b7285" if name.startswith("sotto") else "#adb5bd" for name in here]
        bars = axis.barh([names.index(name) for name in here], times, color=colours)
        axis.bar_label(bars, [f"{time:.2f}" for time in times], padding=3, fontsize=8)
        axis.set_title(f"{row} of speech", fontsize=10)
        axis.set_xlim(0, max(times) * 1.2)
        axis.set_xticks([])
        axis.spines[["top", "right", "bottom"]].set_visible(False)
    axes[0].set_yticks(range(len(names)), names, fontsize=8)
    figure.supxlabel("seconds to transcribe it, Whisper base, two CPU threads", fontsize=9)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    draw(peers_table((DOCS / "performance.md").read_text()), DOCS / "speed.png")
