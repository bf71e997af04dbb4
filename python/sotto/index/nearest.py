"""Nearest vectors and full text on one LanceDB table: the indexes, and the queries over them.

The choice of index and its parameters are of ``bench/index.py``; docs/index.md has the figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sotto.index.layout import COLUMNS

if TYPE_CHECKING:
    from lancedb.table import Table

    from sotto.index.database import Database

Vector = NDArray[np.float32]

DISTANCE: Final = "l2"
"""Squared; of vectors of length 1 it is 2 - 2 cos, so that it orders as the cosine does."""

BRUTE_FORCE_ROWS = 20_000
"""Up to so many, comparing with every vector is about as quick, exact, and needs no building."""

GROWTH = 2
"""An index is made anew for so many times its cells: four times the vectors it was made for."""

CANDIDATES = 50
"""Of words and of vectors each, when both are asked: what is fused must be in either."""

KEPT = timedelta(hours=1)
"""How long files of replaced versions stay, for readers that are still at them."""

WORDS_INDEX = "text_idx"

VECTOR_INDEX = "vectors_in_cells_"
"""Followed by their number, which LanceDB does not tell otherwise."""


TRAINING: Final[dict[str, Any]] = {"sample_rate": 64, "max_iterations": 20}
"""Of k-means: vectors a cell, and rounds. LanceDB's own 256 and 50 take longer and find no more."""


@dataclass(frozen=True)
class Approximation:
    """How an index of many vectors is built and asked.

    Attributes:
        cells: of k-means, into which the vectors are divided.
    """

    cells: int

    @classmethod
    def of(cls, rows: int) -> Approximation:
        """For so many vectors."""
        return cls(1 << round(math.log2(max(16.0, math.sqrt(rows)))))

    @property
    def probes(self) -> int:
        """Cells that a query looks into."""
        return max(16, self.cells // 16)

    @staticmethod
    def refine(top: int) -> int:
        """Of so many times the results the exact vectors are compared: of 300 at least.

        Of a million vectors in one bit an axis, one in twenty of the ten nearest is not among the
        first 100 candidates, and one in a thousand not among the first 300.
        """
        return max(10, -(-300 // top))


def prepare(table: Table, database: Database) -> None:
    """Makes sure of a table's full-text index, before it has any rows."""
    from lancedb.index import FTS

    if _has_words(table):
        return

    # ICU finds the words of Chinese, Japanese and Thai, too, which no space divides; "split" also
    # divides snake_case. Stemming is English: other languages' words pass by it.
    config = FTS(base_tokenizer="icu/split")
    database.commit(lambda: table.create_index("text", config=config, name=WORDS_INDEX))


def _has_words(table: Table) -> bool:
    return any(index.name == WORDS_INDEX for index in table.list_indices())


def search(
    table: Table,
    vector: Vector | None,
    words: str | None,
    top: int,
    condition: str | None,
    exact: bool,
) -> list[dict[str, Any]]:
    """Rows with :data:`COLUMNS`, ``score`` and ``similarity``, the best first."""
    words = (words or "").strip() or None
    if words is not None and not _has_words(table):
        words = None  # whoever made the table was ended before there were rows
        if vector is None:
            return []
    count = top if vector is None or words is None else max(top, CANDIDATES)
    query: Any
    if vector is None:
        query = table.search(_match(words or ""), query_type="fts").select([*COLUMNS, "_score"])
    elif words is None:
        query = _vector_query(table, table.search(vector), count, exact).select(
            [*COLUMNS, "_distance"]
        )
    else:
        from lancedb.rerankers import RRFReranker

        query = table.search(query_type="hybrid").vector(vector).text(_match(words))
        # No columns are chosen: each of its two queries has one that the other lacks.
        query = _vector_query(table, query, count, exact).rerank(RRFReranker(return_score="all"))
    query = query.limit(count)
    if condition is not None:
        query = query.where(condition)
    rows: list[dict[str, Any]] = query.to_arrow().to_pylist()
    return [_scored(row) for row in rows[:top]]


def _match(words: str) -> Any:
    """Any of the words, as they stand: LanceDB's own query syntax is not for users' text."""
    from lancedb import query

    match: Any = query.MatchQuery  # its checked signature has no defaults
    return match(words, "text")


def _vector_query(table: Table, query: Any, top: int, exact: bool) -> Any:
    query = query.distance_type(DISTANCE)
    built = [] if exact else _built(table)
    if not built:
        return query.bypass_vector_index()
    plan = Approximation(max(built))
    return query.nprobes(plan.probes).refine_factor(plan.refine(top))


def _scored(row: dict[str, Any]) -> dict[str, Any]:
    distance, words = row.get("_distance"), row.get("_score")
    similarity = None if distance is None else 1 - distance / 2
    score = row.get("_relevance_score")
    if score is None:
        score = similarity if similarity is not None else words
    return {**row, "similarity": similarity, "score": score}


def is_approximate(table: Table) -> bool:
    """Whether there is an index of the vectors."""
    return bool(_built(table))


def _built(table: Table) -> list[int]:
    """The numbers of cells of the indexes of vectors: one, or two while one is replaced."""
    names = [index.name for index in table.list_indices()]
    return [int(name.removeprefix(VECTOR_INDEX)) for name in names if name.startswith(VECTOR_INDEX)]


def optimize(table: Table, database: Database) -> None:
    """Compacts the table, brings its indexes up to date, and builds one of vectors when large."""
    compact(table, database)
    with database.errors("read"):
        rows, built = table.count_rows(), _built(table)
    if rows <= BRUTE_FORCE_ROWS:
        return
    if not built or Approximation.of(rows).cells >= GROWTH * max(built):
        build(table, database, rows)
        built = _built(table)
    for cells in sorted(built)[:-1]:
        database.commit(partial(table.drop_index, f"{VECTOR_INDEX}{cells}"))


def compact(table: Table, database: Database) -> None:
    """Joins small files and drops those of old versions."""
    database.commit(lambda: table.optimize(cleanup_older_than=KEPT))


def build(table: Table, database: Database, rows: int) -> None:
    """The index of ``rows`` vectors: inverted lists of vectors in one bit an axis (RaBitQ).

    Where the axes are no multiple of eight, in one byte an axis.
    """
    from lancedb.index import IvfRq, IvfSq

    cells = Approximation.of(rows).cells
    config: IvfRq | IvfSq
    if table.schema.field("vector").type.list_size % 8:
        config = IvfSq(distance_type=DISTANCE, num_partitions=cells, **TRAINING)
    else:
        config = IvfRq(distance_type=DISTANCE, num_partitions=cells, **TRAINING)
    name = f"{VECTOR_INDEX}{cells}"
    database.commit(lambda: table.create_index("vector", config=config, name=name, replace=True))
