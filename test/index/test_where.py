"""Filters: what passes, and that values are never taken for queries."""

from __future__ import annotations

import pytest

from sotto.errors import OptionError
from sotto.index import Collection, Record, Where

HOSTILE = '/it\'s/"x"/100%_`y`; DROP TABLE--\\/ü.txt'


@pytest.fixture
def library(collection: Collection) -> Collection:
    collection.add(
        [
            Record("text", "a", "/docs/a.txt", metadata={"lang": "de", "year": 2024}),
            Record("text", "b", "/docs/sub/b.txt", metadata={"lang": "en", "year": 2024}),
            Record("code", "c", "/docs2/c.py", metadata={"lang": "en", "draft": True}),
            Record("audio", "d", HOSTILE, metadata={"it's": HOSTILE}),
        ]
    )
    return collection


def found(library: Collection, where: Where) -> str:
    """The texts that pass, by a search and by a count alike."""
    hits = library.search("abcd", where=where, top=10)
    assert library.count(where) == len(hits)
    return "".join(sorted(hit.record.text for hit in hits))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Where(), "abcd"),
        (Where(modalities=["code", "audio"]), "cd"),
        (Where(modalities=[]), ""),
        (Where(paths=["/docs/a.txt", "/docs2/c.py"]), "ac"),
        (Where(under="/docs"), "ab"),
        (Where(under="/docs/"), "ab"),
        (Where(under="/docs/a.txt"), "a"),
        (Where(under="/"), "abcd"),
        (Where(metadata={"lang": "en"}), "bc"),
        (Where(metadata={"lang": "en", "year": 2024}), "b"),
        (Where(metadata={"draft": True}), "c"),
        (Where(metadata={"year": "2024"}), ""),
        (Where(modalities=["text"], under="/docs/sub"), "b"),
        (Where(paths=[HOSTILE]), "d"),
        (Where(under=HOSTILE), "d"),
        (Where(under="/it's"), "d"),
        (Where(metadata={"it's": HOSTILE}), "d"),
        (Where(paths=["' OR 1=1 --"]), ""),
        (Where(under="%"), ""),
    ],
)
def test_a_filter_passes(library: Collection, where: Where, expected: str) -> None:
    assert found(library, where) == expected


def test_a_filter_holds_for_full_text_and_for_both_together(library: Collection) -> None:
    where = Where(modalities=["text"])
    assert [hit.record.text for hit in library.search(words="b c", where=where)] == ["b"]
    both = library.search("c", words="b c", where=where)
    assert [hit.record.text for hit in both] == ["b", "a"]


def test_removal_by_a_hostile_path_removes_that_alone(library: Collection) -> None:
    assert library.delete(Where(paths=[HOSTILE])) == 1
    assert library.count() == 3


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (Where(modalities=["video"]), "modality 'video'"),
        (Where(modalities="text"), "single string|modality"),
        (Where(paths="/docs"), "single string"),
        (Where(metadata={"x": [1]}), "expected a name"),  # type: ignore[dict-item]
        (Where(metadata={"x": float("nan")}), "finite"),
    ],
)
def test_a_filter_that_means_nothing_is_an_error(
    library: Collection, where: Where, message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        library.search("a", where=where)
