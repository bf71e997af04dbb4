"""All that a run measured, and the files that it writes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from figures import Result
from growth import Growth, growth_tables
from peers.peer import write_whole
from sotto.terminal import report
from tables import (
    LEGEND,
    Accuracy,
    accuracy_table,
    different_texts,
    markdown_table,
    result_tables,
)

OURS = "sotto int8"
"""What the others are compared with."""


@dataclass
class Findings:
    """All that a run has measured so far.

    Attributes:
        about: machine, date, versions, options.
        settings: of one case, in every setting of every peer.
        results: of the cases, each peer in its fastest setting.
        accuracy: word error rates.
        growth: with length and tokens.
        complete: False while the run is under way, or if it was interrupted.
    """

    about: dict[str, object]
    settings: list[Result] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    accuracy: list[Accuracy] = field(default_factory=list)
    growth: list[Growth] = field(default_factory=list)
    complete: bool = False

    def write(self, out: Path) -> None:
        """``bench.json`` and ``bench.md``, each whole or not at all."""
        text = json.dumps(asdict(self), indent=1)
        write_whole(out / "bench.json", lambda part: part.write_text(text, encoding="utf-8"))
        page = self._markdown()
        write_whole(out / "bench.md", lambda part: part.write_text(page, encoding="utf-8"))

    def draw(self, out: Path) -> None:
        """``calls.png`` and ``growth.png``; nothing where matplotlib is not installed."""
        try:
            from plot import plot_calls, plot_growth
        except ImportError:
            report("matplotlib is not installed: no pictures (pip install 'sotto[bench]')")
            return
        if self.results:
            plot_calls(self.results, out / "calls.png")
        if self.growth:
            plot_growth(self.growth, out / "growth.png")

    def _markdown(self) -> str:
        about = markdown_table(
            ("what", "value"), ([key, str(each)] for key, each in self.about.items())
        )
        parts = ["# Sotto and its peers\n\n", about, "\n"]
        if not self.complete:
            parts.append("**This run is not complete.**\n\n")
        if self.settings:
            parts += ["## Every setting of every peer\n\n", LEGEND, "\n"]
            parts += [result_tables(self.settings, OURS)]
        if self.results:
            parts += ["## Time and memory\n\n", LEGEND, "\n", result_tables(self.results, OURS)]
            parts += ["### Where another text was heard\n\n", different_texts(self.results, OURS)]
        if self.accuracy:
            parts += ["\n## Word error rate\n\n", accuracy_table(self.accuracy)]
        if self.growth:
            parts += ["\n## How cost grows\n\n", growth_tables(self.growth)]
        return "".join(parts)
