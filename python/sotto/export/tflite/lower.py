"""TorchScript files to one .tflite file: a signature each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import starmap
from pathlib import Path

from sotto.bundle import Signature
from sotto.export.tflite.batch_matmul import use_rank_4
from sotto.export.tflite.flatbuffer import read_model, write_model
from sotto.export.tflite.lower_graph import write_graph
from sotto.export.tflite.lower_workers import GraphWorkers
from sotto.export.tflite.merge import Merger

WORTH_A_PROCESS = 50_000_000
"""Bytes of TorchScript: smaller graphs are converted before a process has imported torch."""

AT_ONCE = 2_000_000_000
"""Bytes of TorchScript that are converted at once: a conversion takes memory for several copies."""

Graph = tuple[Path, Signature]


def write_tflite(
    graphs: Sequence[Graph],
    out: Path,
    report: Callable[[str], None] = lambda line: None,
    jobs: int | None = None,
) -> None:
    """Converts TorchScript files into one .tflite file.

    Weights that several graphs share are stored once.

    Args:
        graphs: TorchScript file and signature of each graph.
        out: file to write.
        report: called with a line of text after each graph.
        jobs: how many graphs to convert at once, in processes of their own; one: in this one.
            Default: for large graphs, as many as there are cores and memory suffices for.

    Raises:
        ConversionError: litert-torch could not convert a graph.
    """
    jobs = min(jobs or _fitting_jobs(graphs), len(graphs))
    merger = Merger()
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".graphs-") as folder:
        parts = [Path(folder) / f"{signature.name}.tflite" for _, signature in graphs]
        tasks = [(*graph, part) for graph, part in zip(graphs, parts, strict=True)]
        with ExitStack() as stack:
            if jobs == 1:
                done: Iterator[None] = starmap(write_graph, tasks)
            else:
                workers = stack.enter_context(GraphWorkers(Path(folder)))
                pool = stack.enter_context(ThreadPoolExecutor(jobs))
                done = pool.map(lambda task: workers.write_graph(*task), tasks)
            for number, (_, (_, signature), part) in enumerate(
                zip(done, graphs, parts, strict=True), 1
            ):
                merger.add(signature.name, read_model(part))
                part.unlink()
                report(f"converted {signature.name} ({number} of {len(graphs)})")
        use_rank_4(merger.model)
        write_model(merger.model, out)


def _fitting_jobs(graphs: Sequence[Graph]) -> int:
    largest = max(script.stat().st_size for script, _ in graphs)
    if largest < WORTH_A_PROCESS:
        return 1
    return max(1, min(os.cpu_count() or 1, AT_ONCE // largest))
