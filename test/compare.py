#!/usr/bin/env python3
"""Every stage of the pipeline against openai-whisper, over real recordings. See --help."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from comparison.clips import REPOSITORY, Clip, all_clips, manifest_clips
from rich.console import Console

from sotto.export.recording import packaged_recording
from sotto.terminal import FAILURE, clean_exits, report, run


def _chosen(text: str, known: list[str], what: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"no {what} {name!r}; there are {', '.join(known)}")
    return names or known


def compare(
    models: Annotated[str, typer.Option(help="Checkpoints' names.")] = "base,tiny.en",
    clips: Annotated[
        str, typer.Option(help="Names of clips, such as jfk,beckett. Default: all there are.")
    ] = "",
    stages: Annotated[
        str, typer.Option(help="Of those after openai-whisper, which always runs. Default: all.")
    ] = "",
    outputs: Annotated[Path, typer.Option(help="Gets one JSON file a clip and stage.")] = (
        REPOSITORY / "test" / "outputs"
    ),
    docs: Annotated[Path | None, typer.Option(help="Markdown page to write.")] = None,
) -> None:
    """Compare transcripts of every stage with openai-whisper's.

    Progress goes to standard error, tables to standard output. Bundles that are missing are
    made. Ends with status 1 where float32 tokens differ, int8 loses more than a point of word
    error rate (or a word), or a graph is beyond its limit.
    """
    with clean_exits():
        report("loading openai-whisper and PyTorch")
        from comparison.markdown import write_markdown
        from comparison.model_comparison import MAKERS, compare_model
        from comparison.report import print_comparison, write_json

        found = all_clips() or [Clip(packaged_recording(), "en")]  # which says what to install
        if not manifest_clips():
            report("no recordings in $SOTTO_TEST_AUDIO: comparing over the packaged ones")
        names = _chosen(clips, [clip.name for clip in found], "clip")
        wanted = [clip for clip in found if clip.name in names]
        comparisons = []
        for model in models.split(","):
            comparison = compare_model(
                model,
                wanted,
                _chosen(stages, list(MAKERS), "stage"),
                report,
                lambda result, scored: write_json(outputs, result, scored),
            )
            # A file or a pipe has no width of its own; 80 columns would be too few.
            print_comparison(comparison, Console(width=None if sys.stdout.isatty() else 180))
            comparisons.append(comparison)
        if docs is not None:
            write_markdown(comparisons, docs, f".venv/bin/python test/compare.py --docs {docs}")
            report(f"wrote {docs}")
        failures = [line for comparison in comparisons for line in comparison.failures()]
        for line in failures:
            report(f"not as it must be: {line}")
        if failures:
            raise typer.Exit(FAILURE)


if __name__ == "__main__":
    run(compare)
