"""Small indexes of vectors that tests make up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from letters import Letters

from sotto.index import Collection, Index, Record

pytest.importorskip("lancedb", reason="an index needs pip install 'sotto[embed]'")


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """An empty index."""
    return Index(tmp_path / "index")


@pytest.fixture
def letters() -> Letters:
    """An encoder."""
    return Letters()


@pytest.fixture
def collection(index: Index, letters: Letters) -> Collection:
    """An empty collection with an encoder."""
    return index.collection(letters)


@pytest.fixture
def filled(collection: Collection) -> Callable[..., Collection]:
    """The collection with texts, each from a file of its own."""

    def fill(*texts: str, modality: str = "text") -> Collection:
        collection.upsert([Record(modality, text, f"/notes/{text[:5]}.txt") for text in texts])
        return collection

    return fill
