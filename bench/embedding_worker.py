"""A process of its own for one measurement: ``python embedding_worker.py JOB`` prints JSON."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from embedders import embedders_of
from noise import CpuTime, is_noisy, others_seconds

WARM_UP = 3
"""Items before anything is timed: each contender's first calls prepare what it needs."""


@dataclass(frozen=True)
class Job:
    """One worker's work.

    Attributes:
        modality: what it embeds.
        embedder: a contender's name.
        weights: what its ``prepare`` gave.
        threads: of the CPU.
        items: a .json of strings, or a .npy of uint8 ``[n, H, W, 3]`` or float32
            ``[n, samples]``.
        singles: how many of the items are embedded one by one.
        batch: how many at once, of all of them.
        vectors: .npy file that gets the vectors of all of them.
    """

    modality: str
    embedder: str
    weights: str
    threads: int
    items: str
    singles: int
    batch: int
    vectors: str


@dataclass(frozen=True)
class Timed:
    """What one worker measured.

    Attributes:
        load_ms: importing the library and loading the weights, up to the first vector.
        single_ms: median of the items that were embedded one by one.
        per_second: items a second, all of them in batches.
        peak_mib: largest resident set of the process.
        others_share: of a core that other processes took meanwhile.
        noisy: whether that was too much.
    """

    load_ms: float
    single_ms: float
    per_second: float
    peak_mib: float
    others_share: float
    noisy: bool


def measure(job: Job) -> Timed:
    """Loads, embeds one by one, embeds in batches."""
    path = Path(job.items)
    items = json.loads(path.read_text()) if path.suffix == ".json" else list(np.load(path))
    started = time.perf_counter()
    encode = embedders_of(job.modality)[job.embedder].load(Path(job.weights), job.threads)
    encode(items[:1], 1)
    load_ms = (time.perf_counter() - started) * 1000
    for item in items[:WARM_UP]:
        encode([item], 1)
    before = CpuTime.now()
    singles = []
    for item in items[: job.singles]:
        started = time.perf_counter()
        encode([item], 1)
        singles.append((time.perf_counter() - started) * 1000)
    encode(items[: job.batch], job.batch)
    started = time.perf_counter()
    vectors = encode(items, job.batch)
    taken = time.perf_counter() - started
    after = CpuTime.now()
    np.save(job.vectors, vectors)
    others, wall = others_seconds(before, after), after.wall - before.wall
    return Timed(
        load_ms=load_ms,
        single_ms=statistics.median(singles),
        per_second=len(items) / taken,
        peak_mib=_peak_mib(),
        others_share=others / wall,
        noisy=is_noisy(others, wall),
    )


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Does the job of the command line, and nothing before."""
    job = Job(**json.loads(sys.argv[1]))
    # Libraries print on both streams; the result goes where standard output was.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    json.dump(asdict(measure(job)), out)
    out.close()


if __name__ == "__main__":
    main()
