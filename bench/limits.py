#!/usr/bin/env python3
"""What each stage moves and computes, against what this machine can do at most.

Of each window of a bundle: the multiply-adds of the encoder's and the decoder step's graphs, by
type, and the bytes of weights and caches that they read; the least milliseconds that these take
at the peaks that bench/machine.py measures; and the milliseconds that the runtime takes.

    python bench/limits.py models/whisper-base --threads 2
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import sotto
from measurement import Job
from peers.sotto_native import run_program
from sotto.bundle import read_manifest
from sotto.export.recording import packaged_recording
from sotto.export.tflite.graphs import Graph, read_graphs
from sotto.npu.work import count
from sotto.preprocess import SAMPLE_RATE, read_audio
from sotto.terminal import clean_exits, report, run
from wav import write_wav

ROUNDS = 5
TOKENS = 48


@dataclass
class Work:
    """What a graph does in one run.

    Attributes:
        int8: multiply-adds with int8 weights.
        fp32: multiply-adds in float32.
        bytes: of weights, and of the inputs, read once each.
    """

    int8: int = 0
    fp32: int = 0
    bytes: int = 0

    def min_ms(self, peaks: dict[str, float]) -> tuple[float, float]:
        """By arithmetic and by memory, at the machine's peaks."""
        arithmetic = 2 * self.int8 / peaks["int8"] + 2 * self.fp32 / peaks["fp32"]
        return arithmetic / 1e6, self.bytes / peaks["memory"] / 1e6


def work(graph: Graph) -> Work:
    """Of one signature."""
    counted = count(graph)
    inputs = sum(4 * prod(tensor.shape) for tensor in graph.inputs)
    return Work(
        int8=counted.macs.get("hybrid", 0) + counted.macs.get("int8", 0),
        fp32=counted.macs.get("fp16", 0),
        bytes=counted.stored_weights + inputs,
    )


def peaks_of(threads: int) -> dict[str, float]:
    """GB/s from memory and giga-operations a second, as bench/machine.py measures them."""
    script = Path(__file__).with_name("machine.py")
    command = [sys.executable, str(script), "--json", "--threads", str(threads)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = json.loads(text)[str(threads)]

    def named(beginning: str) -> float:
        return max(float(value) for name, value in figures.items() if name.startswith(beginning))

    return {"memory": named("read DRAM"), "int8": named("int8"), "fp32": named("fp32")}


def measured(bundle: Path, window: int, threads: int, folder: Path) -> tuple[float, float]:
    """Milliseconds of the encoder, and of a decoder step."""
    speech = read_audio(packaged_recording())[: (window - 1) * SAMPLE_RATE]
    clip = folder / "clip.wav"
    write_wav(clip, speech)
    job = Job("sotto-native", "int8", str(bundle), threads, False, [], ROUNDS)
    profiles = run_program(job, [clip] * (ROUNDS + 1), limit=TOKENS).profiles[1:]
    return (
        statistics.median(each["encoder"] for each in profiles),
        statistics.median(each["decoder"] / each["steps"] for each in profiles),
    )


def limits(
    bundle: Annotated[Path, typer.Argument(help="Bundle to look at.")] = Path(
        "models/whisper-base"
    ),
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = os.cpu_count() or 1,
) -> None:
    """What each stage moves and computes, against what this machine can do."""
    with clean_exits(), tempfile.TemporaryDirectory() as folder:
        report("measuring the machine")
        peaks = peaks_of(threads)
        table = Table(
            title=f"{bundle}, {threads} threads, sotto {sotto.__version__}, {platform.machine()}: "
            f"memory {peaks['memory']:.1f} GB/s, int8 {peaks['int8']:.0f} GOP/s, "
            f"fp32 {peaks['fp32']:.0f} GFLOP/s"
        )
        table.add_column("signature", no_wrap=True)
        for column in (
            "int8 GMAC",
            "fp32 GMAC",
            "MB read",
            "least ms, arithmetic",
            "least ms, memory",
            "ms",
            "ms ÷ the greater",
        ):
            table.add_column(column, justify="right")
        for window in read_manifest(bundle).windows:
            report(f"window of {window.seconds} s")
            times = measured(bundle, window.seconds, threads, Path(folder))
            for graph, milliseconds in zip((window.encoder, window.step), times, strict=True):
                graphs = read_graphs(bundle / graph.file)
                done = work(next(one for one in graphs if one.signature == graph.name))
                bounds = done.min_ms(peaks)
                table.add_row(
                    graph.name,
                    f"{done.int8 / 1e9:.3f}",
                    f"{done.fp32 / 1e9:.3f}",
                    f"{done.bytes / 1e6:.1f}",
                    *(f"{each:.1f}" for each in bounds),
                    f"{milliseconds:.1f}",
                    f"{milliseconds / max(bounds):.2f}",
                )
        Console(width=None if sys.stdout.isatty() else 140).print(table)


if __name__ == "__main__":
    run(limits)
