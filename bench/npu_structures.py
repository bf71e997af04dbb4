#!/usr/bin/env python3
"""Whether models whose weights are not at hand run whole on the NPU: both judges over a structure.

What the judges look at (operations, shapes, types) does not depend on what weights hold. Each model
is converted to fp32 with random weights in a temporary directory, and asked of Sotto's rules and of
MediaTek's plugin for every SoC.

A large model's float32 encoder has more than the 2 GB that a flatbuffer may have; its layers are
all alike, and --layers takes fewer of them, in the model's own width.

    python bench/npu_structures.py small
    python bench/npu_structures.py large-v3-turbo --layers 4
"""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import sotto
from random_checkpoint import SIZES, published_dims
from sotto.npu.check import Check, check
from sotto.npu.plugin import chosen_socs
from sotto.terminal import FAILURE, clean_exits, report, run
from structure import make_bundle


def ask(name: str, window: int, layers: int, socs: list[str]) -> Check:
    """Both judges' answers for one model."""
    with tempfile.TemporaryDirectory() as folder:
        step1, step2 = ["--windows", str(window)], ["--precision", "fp32", "--jobs", "1"]
        bundle = make_bundle(name, Path(folder), step1, step2, layers)
        started = time.perf_counter()
        found = check(bundle, socs, None, report)
        report(f"checked in {time.perf_counter() - started:.0f} s")
        return found


def add_rows(table: Table, name: str, layers: int, found: Check) -> None:
    """A row a signature."""
    dims = published_dims(name, layers)
    of = f"{dims.n_audio_layer} + {dims.n_text_layer} of {SIZES[name][2]} + {SIZES[name][3]}"
    for graph in found.graphs:
        answers = graph.partitionings.values()
        whole = sum(one.whole for one in answers)
        outside = max(one.operations - one.selected for one in answers)
        table.add_row(
            name,
            of,
            graph.verdict.signature,
            str(sum(graph.verdict.counts.values())),
            str(len(graph.verdict.refusals)),
            str(max(one.partitions for one in answers)),
            str(outside),
            f"{whole} of {len(answers)}",
        )


def npu_structures(
    names: Annotated[list[str], typer.Argument(help=f"Of {', '.join(SIZES)}.")],
    soc: Annotated[str, typer.Option(help="SoCs with commas between, or all.")] = "all",
    window: Annotated[int, typer.Option(help="Seconds.")] = 30,
    layers: Annotated[int, typer.Option(help="Of encoder and decoder, at most; 0: all.")] = 0,
) -> None:
    """Do models whose weights are not at hand run whole on the NPU."""
    with clean_exits():
        table = Table(
            title=f"random weights, fp32, {window} s, sotto {sotto.__version__}, "
            f"{platform.machine()}"
        )
        for column in ("model", "layers", "signature"):
            table.add_column(column, no_wrap=True)
        for column in ("operations", "refused by the rules", "partitions", "outside", "whole"):
            table.add_column(column, justify="right")
        socs, whole = chosen_socs(soc), True
        for name in names:
            found = ask(name, window, layers, socs)
            whole &= found.whole
            add_rows(table, name, layers, found)
        Console(width=None if sys.stdout.isatty() else 120).print(table)
    if not whole:
        raise typer.Exit(FAILURE)


if __name__ == "__main__":
    run(npu_structures)
