#!/usr/bin/env python3
"""Time and memory of models whose weights are not at hand: their structure, with random weights.

Each model is converted to int8 in a temporary directory, which takes minutes and several times
its float32 size of memory and disk, and hears noise. What it says is noise, too; how long each
stage takes and how much memory it needs does not depend on what weights hold.

    python bench/structure.py small large-v3-turbo
    python bench/structure.py base --windows 10,30
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import sotto
from measurement import Job
from peers.sotto import Sotto
from peers.sotto_native import run_program
from random_checkpoint import SIZES, random_checkpoint
from sotto.preprocess import SAMPLE_RATE
from sotto.terminal import clean_exits, report, run
from wav import write_wav

CONVERT = Path(__file__).resolve().parents[1] / "convert"
RUNS = 3
TOKENS = 32


def make_bundle(
    name: str,
    folder: Path,
    step1_options: Sequence[str] = (),
    step2_options: Sequence[str] = (),
    layers: int = 0,
) -> Path:
    """A bundle of that structure, without step 1's files."""
    checkpoint, step1, bundle = (folder / each for each in ("random.pt", "step1", name))
    random_checkpoint(name, checkpoint, layers=layers)
    for command in (
        ["step1_pt_to_torchscript.py", "--model", checkpoint, "--out", step1, *step1_options],
        ["step2_torchscript_to_tflite.py", step1, "--out", bundle, *step2_options],
    ):
        report(" ".join(map(str, command)))
        started = time.perf_counter()
        subprocess.run([sys.executable, CONVERT / command[0], *command[1:]], check=True)
        report(f"took {time.perf_counter() - started:.0f} s")
    return bundle


def measure(bundle: Path, window: int, threads: int, folder: Path) -> list[str]:
    """Cells of one window: milliseconds of the encoder and of a token, and MiB."""
    noise = 0.01 * np.random.default_rng(0).standard_normal((window - 1) * SAMPLE_RATE)
    clip = folder / "noise.wav"
    write_wav(clip, noise.astype(np.float32))
    job = Job("sotto-native", "int8", str(bundle), threads, False, [], RUNS)
    run_program(job, [clip], limit=1)  # leaves packed weights, as any run but the first finds them
    warm = run_program(job, [clip] * (RUNS + 1), limit=TOKENS)
    profiles = warm.profiles[1:]
    return [
        f"{statistics.median(each['encoder'] for each in profiles):.0f}",
        f"{statistics.median(each['decoder'] / each['steps'] for each in profiles):.1f}",
        f"{warm.peak_mib:.0f}",
    ]


def structure(
    names: Annotated[list[str], typer.Argument(help=f"Of {', '.join(SIZES)}.")],
    windows: Annotated[str, typer.Option(help="Seconds, with commas between.")] = "30",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = os.cpu_count() or 1,
) -> None:
    """Time and memory of models whose weights are not at hand."""
    with clean_exits():
        table = Table(
            title=f"random weights, int8, {threads} threads, sotto {sotto.__version__}, "
            f"{platform.machine()}, {os.cpu_count()} CPUs"
        )
        table.add_column("model", no_wrap=True)
        for column in ("window, s", "encoder, ms", "ms a token", "peak MiB", "disk MiB"):
            table.add_column(column, justify="right")
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                os.environ["SOTTO_WEIGHT_CACHE"] = str(Path(folder) / "weights")
                bundle = make_bundle(name, Path(folder), ["--windows", windows, "--no-alignment"])
                disk = f"{Sotto().disk_bytes(bundle) / (1 << 20):.0f}"
                for window in sorted(map(int, windows.split(","))):
                    cells = measure(bundle, window, threads, Path(folder))
                    table.add_row(name, str(window), *cells, disk)
        Console(width=None if sys.stdout.isatty() else 100).print(table)


if __name__ == "__main__":
    run(structure)
