#!/usr/bin/env python3
"""Vector indexes side by side: build time, bytes, latency and recall.

A million vectors unless said otherwise, drawn from bench/mixture.py; queries are other draws of
the same mixture, one at a time. Recall@10 is the share of the ten nearest, by brute force over
all of them, that an index gives among its ten. LanceDB's are on disk (in the page cache, once
read), the others in memory.

    python bench/index.py > index.md
    python bench/index.py --vectors 100000
    python bench/index.py --vectors 100000 --sweep --only LanceDB
"""

from __future__ import annotations

import gc
import json
import os
import platform
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from mixture import Mixture
from sotto.index import nearest
from sotto.terminal import clean_exits, report, run
from vector_indexes import (
    Contender,
    Faiss,
    Ids,
    Lance,
    LanceTable,
    NumpyBruteForce,
    Sotto,
    Vectors,
)

TOP = 10
EXHAUSTIVE_QUERIES = 100
"""Of brute force, which takes its time and is always right."""


@dataclass(frozen=True)
class Result:
    """What was measured of one contender.

    Attributes:
        name: itself.
        build_s: seconds to build it; of a database, without writing the table.
        mib: MiB on disk, the vectors included.
        p50_ms: median of a query's milliseconds.
        p99_ms: of a hundred queries the slowest but one.
        recall: recall@10, 0 … 1.
    """

    name: str
    build_s: float
    mib: float
    p50_ms: float
    p99_ms: float
    recall: float


def cells_for(rows: int) -> int:
    """As many k-means cells for every index that has them as Sotto takes."""
    return nearest.Approximation.of(rows).cells


def chosen(table: LanceTable, rows: int, dimensions: int) -> list[Contender]:
    """Good settings of each kind. LanceDB's HNSW is built with less effort than by default, which
    would take an hour for a million, and its PQ is trained with as little as Sotto's choice.
    """
    cells = cells_for(rows)
    probes = nearest.Approximation(cells).probes
    refine = nearest.Approximation.refine(TOP)
    inverted = {"num_partitions": cells, **nearest.TRAINING}
    graph = {"num_partitions": 1, "m": 16, "ef_construction": 64}
    return [
        NumpyBruteForce(),
        Faiss("Flat", exhaustive=True),
        Faiss(f"IVF{cells},PQ{dimensions // 8},RFlat", f"nprobe={probes},k_factor_rf={refine}"),
        Faiss("HNSW32", "efSearch=100"),
        Lance(table),
        Lance(
            *(table, "IvfPq", {**inverted, "num_sub_vectors": dimensions // 8}),
            {"nprobes": probes, "refine_factor": refine},
        ),
        Lance(table, "HnswSq", graph, {"ef": 100, "refine_factor": 2}),
        Sotto(table, rows),
    ]


def swept(table: LanceTable, rows: int, dimensions: int) -> list[Contender]:
    """The settings among which the defaults were looked for: builds, and queries of each."""
    cells = cells_for(rows)
    inverted = {"num_partitions": cells, **nearest.TRAINING}
    slower = {"num_partitions": cells}
    builds: list[tuple[str, dict[str, int]]] = [
        ("IvfRq", inverted),
        ("IvfRq", slower),
        ("IvfSq", inverted),
        ("IvfFlat", inverted),
        ("IvfPq", {**inverted, "num_sub_vectors": dimensions // 8}),
        ("IvfPq", {**inverted, "num_sub_vectors": dimensions // 4}),
        ("HnswSq", {"num_partitions": 1, "m": 16, "ef_construction": 100}),
        ("HnswSq", {"num_partitions": 1}),
    ]
    contenders: list[Contender] = [Lance(table)]
    for kind, built in builds:
        option = "ef" if kind.startswith("Hnsw") else "nprobes"
        efforts = (300, 400) if option == "ef" else (cells // 32, cells // 16, cells // 8)
        contenders += [
            Lance(table, kind, built, {option: effort, "refine_factor": refine})
            for effort in efforts
            for refine in (2, 10, 30)
        ]
    return contenders


def measure(
    contender: Contender,
    vectors: Vectors,
    queries: Vectors,
    truth: Ids,
    build_s: float | None,
) -> Result:
    """Builds it, unless ``build_s`` says how long its like took, and asks it every query."""
    if build_s is None:
        report(f"{contender.name}: building")
        started = time.perf_counter()
        contender.build(vectors)
        build_s = time.perf_counter() - started
    count = min(len(queries), EXHAUSTIVE_QUERIES) if contender.exhaustive else len(queries)
    for query in queries[:10]:
        contender.search(query, TOP)
    times, found = [], 0
    for query, expected in zip(queries[:count], truth, strict=False):
        started = time.perf_counter()
        ids = contender.search(query, TOP)
        times.append(1000 * (time.perf_counter() - started))
        found += len(np.intersect1d(ids, expected))
    p50, p99 = np.percentile(times, [50, 99])
    mib = contender.stored() / (1 << 20)
    result = Result(contender.name, build_s, mib, float(p50), float(p99), found / (count * TOP))
    report(
        f"{result.name}: built in {result.build_s:.1f} s, {result.mib:.0f} MiB, "
        f"p50 {result.p50_ms:.2f} ms, p99 {result.p99_ms:.2f} ms, recall@10 {result.recall:.4f}"
    )
    return result


def measure_all(
    contenders: list[Contender], vectors: Vectors, queries: Vectors, truth: Ids
) -> list[Result]:
    """Each in turn; settings of a query alone do not build again."""
    results = []
    before: tuple[object, float] = (None, 0.0)
    while contenders:
        contender = contenders.pop(0)
        built = (contender.kind, str(contender.built)) if isinstance(contender, Lance) else None
        known = before[1] if built is not None and built == before[0] else None
        results.append(measure(contender, vectors, queries, truth, known))
        before = (built, results[-1].build_s)
        del contender
        gc.collect()
    return results


def exactly(vectors: Vectors, queries: Vectors) -> Ids:
    """The positions of the ten nearest of each query, int64 ``[q, 10]``, by all products."""
    truth = np.empty((len(queries), TOP), np.int64)
    for start in range(0, len(queries), 100):
        similar = queries[start : start + 100] @ vectors.T
        truth[start : start + 100] = np.argpartition(similar, -TOP, axis=1)[:, -TOP:]
    return truth


def print_table(results: list[Result], heading: str) -> None:
    """As Markdown."""
    print(heading)
    print("\n| | build, s | MiB | p50, ms | p99, ms | recall@10 |\n|---|---|---|---|---|---|")
    for each in results:
        print(
            f"| {each.name} | {each.build_s:.1f} | {each.mib:.0f} | {each.p50_ms:.2f} "
            f"| {each.p99_ms:.2f} | {each.recall:.3f} |"
        )


def index(
    vectors: Annotated[int, typer.Option(min=1000, help="How many.")] = 1_000_000,
    queries: Annotated[int, typer.Option(min=10, help="How many, of an index.")] = 500,
    dimensions: Annotated[int, typer.Option(min=8, help="Of the vectors.")] = 384,
    seed: Annotated[int, typer.Option(help="Of the mixture.")] = 0,
    sweep: Annotated[bool, typer.Option(help="Many settings of LanceDB's.")] = False,
    only: Annotated[str, typer.Option(help="Those whose name holds this.")] = "",
    without: Annotated[str, typer.Option(help="Not those whose name holds this.")] = "",
    folder: Annotated[Path | None, typer.Option(help="For the table; a temporary one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON each.")] = False,
) -> None:
    """Build time, bytes, latency and recall of vector indexes."""
    with clean_exits(), tempfile.TemporaryDirectory(dir=folder, prefix="bench-index-") as temporary:
        mixture = Mixture(dimensions=dimensions, seed=seed)
        report(f"drawing {vectors} vectors of {dimensions}: {mixture}")
        data, asked = mixture.draw(vectors, 0), mixture.draw(queries, 1)
        truth = exactly(data, asked)
        table = LanceTable(Path(temporary))
        started = time.perf_counter()
        table.write(data)
        report(f"LanceDB's table written in {time.perf_counter() - started:.1f} s")
        contenders = (swept if sweep else chosen)(table, vectors, dimensions)
        contenders = [each for each in contenders if only in each.name]
        if without:
            contenders = [each for each in contenders if without not in each.name]
        results = measure_all(contenders, data, asked, truth)
    if as_json:
        for each in results:
            print(json.dumps(asdict(each)))
        return
    versions = ", ".join(f"{name} {version(name)}" for name in ("lancedb", "faiss-cpu", "numpy"))
    print_table(
        results,
        f"{vectors:,} vectors of {dimensions} ({mixture}), {queries} queries one at a time "
        f"({EXHAUSTIVE_QUERIES} of brute force), {os.cpu_count()} CPUs "
        f"{platform.machine()}, {versions}",
    )


if __name__ == "__main__":
    run(index)
