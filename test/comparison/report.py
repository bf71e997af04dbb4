"""Results as JSON files and as tables on the terminal."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from comparison.model_comparison import BASELINE, ModelComparison
from comparison.result import StageResult
from comparison.score import Score

SUMMARY = ["model", "stage", "same tokens", "English WER", "seconds", "RTF", "load, s"]
"""Columns of the summary."""

SHOWN = 60
"""Characters of a transcript on the terminal."""


def write_json(outputs: Path, result: StageResult, scored: Score) -> None:
    """Writes ``OUTPUTS/MODEL/CLIP.STAGE.json``."""
    path = outputs / result.model / f"{result.clip}.{result.stage}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {**result.to_dict(), "score": {**asdict(scored), "same_tokens": scored.same_tokens}}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def error_rate_text(scored: Score) -> str:
    """Such as ``2.1%``, or ``4.0% char.``; marked where the baseline stands in for a reference."""
    if scored.error_rate is None:
        return ""
    against = "" if scored.against == "reference" else "*"
    unit = " char." if scored.unit == "character" else ""
    return f"{scored.error_rate:.1%}{unit}{against}"


def same_text(scored: Score) -> str:
    """Whether the tokens are the baseline's."""
    return "same" if scored.same_tokens else "differ"


def print_comparison(comparison: ModelComparison, console: Console) -> None:
    """Prints a table of clips and stages, then the summary."""
    table = Table(title=f"{comparison.model}: every stage against openai-whisper")
    for column in ("clip", "stage"):
        table.add_column(column, no_wrap=True)
    for column in ("tokens", "", "errors", "seconds", "RTF"):
        table.add_column(column, justify="right")
    table.add_column("transcript, or the first token that differs", overflow="fold")
    for clip in comparison.clips:
        for stage, results in comparison.results.items():
            result, scored = results[clip.name], comparison.scores[stage][clip.name]
            text = "" if stage != BASELINE else _shortened(result.text)
            if scored.difference is not None:
                text = scored.difference.describe(comparison.spell)
            table.add_row(
                clip.name if stage == BASELINE else "",
                stage,
                str(result.token_count),
                "" if stage == BASELINE else same_text(scored),
                error_rate_text(scored),
                f"{result.seconds:.2f}",
                f"{result.real_time_factor:.3f}",
                text,
                end_section=stage == list(comparison.results)[-1],
            )
    console.print(table)
    console.print("* against openai-whisper's transcript, where no human's is known")
    summary = Table(*SUMMARY[1:], title=f"{comparison.model}: summary")
    for row in summary_rows(comparison):
        summary.add_row(*row[1:])
    console.print(summary)


def summary_rows(comparison: ModelComparison) -> list[list[str]]:
    """The columns of ``SUMMARY`` for each stage, over all clips."""
    rows = []
    for stage, results in comparison.results.items():
        scores = comparison.scores[stage].values()
        rate = comparison.word_error_rate(stage)
        seconds = sum(result.seconds for result in results.values())
        audio = sum(result.audio_seconds for result in results.values())
        load = max(result.load_seconds for result in results.values())
        same = sum(scored.same_tokens for scored in scores)
        rows.append(
            [
                comparison.model,
                stage,
                f"{same} of {len(results)}",
                "" if rate is None else f"{rate:.1%}",
                f"{seconds:.1f}",
                f"{seconds / audio:.3f}",
                f"{load:.2f}",
            ]
        )
    return rows


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
