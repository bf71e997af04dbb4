#!/usr/bin/env python3
"""Texts in batches against one by one: a text encoder's graphs in CPU time, on one thread.

The least of many runs, in time that the process had the CPU: what else the machine does hardly
shows. Says up to what length batches pay (BATCHED_TOKENS in sotto.export.embedding.text).

    sotto convert all-MiniLM-L6-v2 --batches 1,8 --out models/all-MiniLM-L6-v2-batches
    python bench/text_batches.py models/all-MiniLM-L6-v2-batches
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from ai_edge_litert.interpreter import Interpreter

from sotto.bundle import Signature, TextEncoder, read_manifest
from sotto.export.embedding.bundle import embed
from sotto.export.embedding.samples import sample
from sotto.terminal import clean_exits, report, run
from tables import markdown_table

SECONDS = 2.0
"""That each graph is run for."""


def min_ms(interpreter: Interpreter, signature: Signature, inputs: list[np.ndarray]) -> float:
    """CPU milliseconds of the fastest run."""
    embed(interpreter, signature, inputs)  # packs the weights
    fastest, spent = np.inf, 0.0
    while spent < SECONDS:
        start = time.process_time()
        embed(interpreter, signature, inputs)
        took = time.process_time() - start
        fastest, spent = min(fastest, took), spent + took
    return fastest * 1e3


def main(bundle: Annotated[Path, typer.Argument(help="Bundle that embeds texts.")]) -> None:
    """Print a table: CPU milliseconds of each graph, and of its texts one by one."""
    with clean_exits():
        encoder = read_manifest(bundle).need(TextEncoder)
        interpreter = Interpreter(str(bundle / "text.tflite"), num_threads=1)
        found: dict[int, dict[int, float]] = {}
        for graph in encoder.graphs:
            report(f"running {graph.name}")
            batch, length, _ = graph.shape("hidden")
            inputs = sample(bundle, encoder, graph)
            found.setdefault(length, {})[batch] = min_ms(interpreter, graph, inputs)
        rows = [
            (f"{length}", f"{batch}", f"{ms:.2f}", f"{ms / batch / of_length[1]:.2f}")
            for length, of_length in found.items()
            for batch, ms in of_length.items()
            if 1 in of_length
        ]
    header = ("tokens", "texts", "CPU, ms", "of the time one by one")
    print(markdown_table(header, rows))


if __name__ == "__main__":
    run(main)
