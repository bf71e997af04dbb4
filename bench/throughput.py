#!/usr/bin/env python3
"""Clips a minute that ``sotto transcribe`` writes with several jobs on the same number of cores.

The command itself runs, over the recordings of the tests, several times over, loading included;
each number of jobs has its share of the cores as threads. Rounds take turns, as a machine that
has something else to do is slower for all of them then; the median is given, and the spread.

    python bench/throughput.py models/whisper-base --jobs 1 --jobs 2
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import sotto
from sotto import _runtime
from sotto.terminal import report, run

sys.path.append(str(Path(__file__).resolve().parent.parent / "test"))
from comparison.clips import Clip, all_clips

SOTTO = Path(sysconfig.get_path("scripts")) / "sotto"


def seconds_for(bundle: Path, files: list[Path], jobs: int, threads: int) -> float:
    """How long the command takes to write the text of all files."""
    with tempfile.TemporaryDirectory() as written:
        command = [SOTTO, "transcribe", "--model", bundle, "--language", "en"]
        command += ["--jobs", jobs, "--threads", threads, "--output_dir", written, *files]
        started = time.perf_counter()
        subprocess.run(list(map(str, command)), check=True)
        taken = time.perf_counter() - started
        assert len(list(Path(written).iterdir())) == len(files)
    return taken


def linked(clips: list[Clip], times: int, folder: Path) -> list[Path]:
    """Every clip several times, under names of its own."""
    files = []
    for i in range(times):
        for clip in clips:
            files.append(folder / f"{i}-{clip.path.name}")
            files[-1].symlink_to(clip.path)
    return files


def throughput(
    bundle: Annotated[Path, typer.Argument(help="Bundle to measure.")],
    jobs: Annotated[list[int] | None, typer.Option(help="Files at once.")] = None,
    cores: Annotated[int, typer.Option(help="In all; 0: those there are.")] = 0,
    times: Annotated[int, typer.Option(help="Every English clip so many times.")] = 2,
    rounds: Annotated[int, typer.Option(help="Of each number of jobs.")] = 3,
) -> None:
    """Clips a minute."""
    cores = cores or _runtime.usable_cpus()
    choices = jobs or [1, 2]
    clips = [clip for clip in all_clips() if clip.language == "en"]
    taken: dict[int, list[float]] = {each: [] for each in choices}
    with tempfile.TemporaryDirectory() as folder:
        files = linked(clips, times, Path(folder))
        for turn in range(rounds):
            for each in choices:
                report(f"round {turn + 1} of {rounds}: {len(files)} clips, {each} jobs")
                taken[each].append(seconds_for(bundle, files, each, max(1, cores // each)))
    audio = times * sum(clip.seconds for clip in clips)
    versions = f"sotto {sotto.__version__}, ai-edge-litert {version('ai-edge-litert')}"
    machine = f"{platform.machine()}, {cores} of {os.cpu_count()} CPUs"
    table = Table(title=f"{datetime.now(UTC):%Y-%m-%d}, {machine}; {versions}; {bundle.name}")
    names = ("jobs", "threads each", "clips a minute", "slowest, fastest round", "of real time")
    for name in names:
        table.add_column(name, justify="right")
    for each in choices:
        rates = sorted(60 * len(files) / seconds for seconds in taken[each])
        middle = statistics.median(taken[each])
        table.add_row(
            str(each),
            str(max(1, cores // each)),
            f"{60 * len(files) / middle:.1f}",
            f"{rates[0]:.1f}, {rates[-1]:.1f}",
            f"{audio / middle:.1f} times",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    run(throughput)
