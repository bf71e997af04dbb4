"""A collection that is large enough for an index of its vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sotto.index import Collection, Index, Record, Where, nearest

ROWS = 4000


def clustered(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Vectors around fifty centres."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((50, dimensions))
    spread = 0.5 * generator.standard_normal((count, dimensions))
    return (centres[generator.integers(50, size=count)] + spread).astype(np.float32)


@pytest.fixture(params=[32, 27], ids=["one bit an axis", "one byte an axis"])
def large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Collection:
    """Vectors, half of them written after the index was made, some removed."""
    monkeypatch.setattr(nearest, "BRUTE_FORCE_ROWS", 1000)
    vectors = clustered(ROWS, request.param, 1)
    records = [Record("text", f"n{i}", f"/{i % 7}", id=str(i)) for i in range(ROWS)]
    collection = Index(tmp_path / "index").collection("clusters@00", request.param)
    collection.add(records[: ROWS // 2], vectors[: ROWS // 2])
    assert not collection.is_approximate()
    collection.optimize()
    assert collection.is_approximate()
    collection.add(records[ROWS // 2 :], vectors[ROWS // 2 :])
    collection.delete(Where(paths=["/3"]))
    return collection


def recall(collection: Collection, where: Where | None = None) -> float:
    """Of ten, against the comparison with every vector."""
    queries = clustered(30, collection.dimensions, 2)
    found = 0
    for query in queries:
        exact = {hit.record.id for hit in collection.search(query, exact=True, where=where)}
        assert len(exact) == 10
        found += len(exact & {hit.record.id for hit in collection.search(query, where=where)})
    return found / (10 * len(queries))


def test_it_finds_nearly_all_that_comparing_with_every_vector_finds(large: Collection) -> None:
    assert recall(large) >= 0.95  # the share that is promised for a million
    large.optimize()
    assert recall(large) >= 0.95


def test_similarities_are_exact_though_the_index_is_not(large: Collection) -> None:
    query = clustered(1, large.dimensions, 2)[0]
    exact = {hit.record.id: hit.similarity for hit in large.search(query, exact=True)}
    for hit in large.search(query):
        if hit.record.id in exact:
            assert hit.similarity == pytest.approx(exact[hit.record.id], abs=1e-6)  # float32


def test_removed_records_are_not_found_and_filters_hold(large: Collection) -> None:
    query = clustered(1, large.dimensions, 2)[0]
    assert all(hit.record.path != "/3" for hit in large.search(query, top=100))
    only = Where(paths=["/5"])
    assert {hit.record.path for hit in large.search(query, where=only)} == {"/5"}
    assert recall(large, only) >= 0.95


def test_it_is_made_anew_once_it_has_grown_far(large: Collection) -> None:
    assert nearest._built(large._table) == [32]  # near the root of 2000
    vectors = clustered(6 * ROWS, large.dimensions, 3)
    large.add([Record("text", "", id=f"more {i}") for i in range(6 * ROWS)], vectors)
    large.optimize()
    assert nearest._built(large._table) == [128]
    assert recall(large) >= 0.95
