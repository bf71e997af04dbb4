"""TorchScript files to one .tflite file: a signature each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import starmap
from pathlib import Path
from types import TracebackType

from sotto.errors import ConversionError
from sotto.export.batch_matmul import use_rank_4
from sotto.export.flatbuffer import read_model, write_model
from sotto.export.graph_tflite import write_graph
from sotto.export.merge import Merger
from sotto.graphs.signatures import Signature

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
                workers = stack.enter_context(_Workers(Path(folder)))
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


class _Workers:
    """A process that converts for each thread that asks."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._own = threading.local()
        self._all: list[subprocess.Popen[str]] = []

    def __enter__(self) -> _Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._all:
            process.kill()
            process.communicate()

    def write_graph(self, script: Path, signature: Signature, out: Path) -> None:
        """As :func:`sotto.export.graph_tflite.write_graph`, in another process."""
        process = self._process()
        request = {"script": str(script), "signature": signature.to_json(), "out": str(out)}
        try:
            print(json.dumps(request), file=process.stdin, flush=True)
            answer = process.stdout.readline() if process.stdout else ""
        except BrokenPipeError:
            answer = ""
        error = json.loads(answer)["error"] if answer else self._last_words(signature.name)
        if error is not None:
            raise ConversionError(error)

    def _process(self) -> subprocess.Popen[str]:
        if not hasattr(self._own, "process"):
            self._own.log = self._directory / f"{threading.get_ident()}.log"
            with self._own.log.open("w") as log:
                self._own.process = subprocess.Popen(
                    [sys.executable, "-m", "sotto.export.graph_tflite"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
            self._all.append(self._own.process)
        process: subprocess.Popen[str] = self._own.process
        return process

    def _last_words(self, name: str) -> str:
        """Of a process that ended without an answer: out of memory, for example."""
        said = self._own.log.read_text(errors="replace").strip().rpartition("\n")[2]
        status = self._own.process.wait()
        return f"the process that converted {name} ended with status {status}: {said}"
