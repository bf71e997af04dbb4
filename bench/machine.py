#!/usr/bin/env python3
"""What this machine can do at most: memory bandwidth and arithmetic, measured.

A decoder step reads every weight once a token, so the bytes of the weights by the bandwidth are
the least milliseconds a token; an encoder run multiplies, so its operations by the peak are the
least of an encoder. A C program is compiled for this CPU, with the reading and the multiplying
alone in a loop; sgemm is numpy's, on a matrix like the encoder's. Each figure is the best of some
rounds: what is sought is a limit, and noise only takes away.

    python bench/machine.py --threads 1 --threads 2
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sotto.terminal import report, run

SOURCE = Path(__file__).with_suffix(".c")
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
MEBIBYTE = 1 << 20
DRAM_BYTES = 256 * MEBIBYTE
"""A thread. Beyond any cache."""

SGEMM = """\
import time
import numpy as np
a = np.ones((1500, 512), np.float32)
b = np.ones((512, 2048), np.float32)
a @ b
best = 0.0
for _ in range(20):
    started = time.perf_counter()
    a @ b
    best = max(best, 2e-9 * 1500 * 512 * 2048 / (time.perf_counter() - started))
print(best)
"""
"""The first product of a feed-forward of Whisper base over 30 s, through numpy's BLAS."""


def cache_bytes() -> dict[str, int]:
    """Size of the L2 and L3 caches, as Linux tells; empty where it does not."""
    found = {}
    for index in sorted(CACHES.glob("index*")):
        level = int((index / "level").read_text())
        if level > 1:
            size = (index / "size").read_text().strip()
            found[f"L{level}"] = int(size.removesuffix("K")) * 1024
    return found


def working_sets(threads: int) -> dict[str, int]:
    """Bytes a thread that lie in each level: half of L2, a quarter of L3 by threads, and DRAM."""
    sizes = {"L2": 256 * 1024, "L3": 4 * MEBIBYTE, **cache_bytes()}
    shares = {
        "L2": sizes["L2"] // 2,
        # Neighbours on the same chip may use it, too.
        "L3": max(2 * sizes["L2"], sizes["L3"] // 4 // threads),
        "DRAM": DRAM_BYTES,
    }
    return {level: size // 4096 * 4096 for level, size in shares.items()}


def best(command: list[str], rounds: int, threads: int) -> float:
    """The highest figure that the command printed."""
    environment = os.environ | {
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
    }
    return max(
        float(
            subprocess.run(
                command, env=environment, check=True, capture_output=True, text=True
            ).stdout
        )
        for _ in range(rounds)
    )


def machine(
    threads: Annotated[list[int], typer.Option("--threads", help="CPU threads.")] = [1, 2],  # noqa: B006
    rounds: Annotated[int, typer.Option(min=1, help="The best of so many is taken.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Memory bandwidth and arithmetic of this machine, at most."""
    figures: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "machine")
        flags = ["-O3", "-march=native", "-ffp-contract=fast", "-pthread"]
        subprocess.run(["cc", *flags, "-o", program, str(SOURCE)], check=True)
        for count in threads:
            report(f"{count} thread{'s' if count > 1 else ''}")
            found = figures[count] = {}
            for level, size in working_sets(count).items():
                name = f"read {level} ({size / MEBIBYTE:.3g} MiB a thread), GB/s"
                found[name] = best([program, "read", str(size), str(count)], rounds, count)
            found["fp32 multiply-add, GFLOP/s"] = best([program, "fp32", str(count)], rounds, count)
            found["int8 dot product, GOP/s"] = best([program, "int8", str(count)], rounds, count)
            if tiles := best([program, "tiles", str(count)], rounds, count):
                found["int8 products of tiles (AMX), GOP/s"] = tiles
            found["numpy sgemm 1500x512x2048, GFLOP/s"] = best(
                [sys.executable, "-c", SGEMM], rounds, count
            )
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    table = Table(title=f"{platform.machine()}, {os.cpu_count()} CPUs, best of {rounds}")
    table.add_column("what")
    table.add_column("threads", justify="right")
    table.add_column("at most", justify="right")
    for count, found in figures.items():
        for name, value in found.items():
            table.add_row(name, str(count), f"{value:.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    run(machine)
