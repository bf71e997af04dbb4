"""Records in a collection: added, replaced, changed, removed, found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from letters import DIMENSIONS, SPACE, Letters

from sotto.errors import OptionError, StoreError
from sotto.index import Collection, Hit, Index, Record, Where

Filled = Callable[..., Collection]


def texts(hits: list[Hit]) -> list[str]:
    return [hit.record.text for hit in hits]


def test_what_was_added_is_found_by_its_vector_with_all_that_was_said_of_it(
    collection: Collection,
) -> None:
    record = Record(
        "audio",
        "hello there",
        "/talks/a.wav",
        seconds=(1.5, 9.25),
        metadata={"speaker": "Ann", "take": 2, "good": True},
    )
    other = Record("code", "zzz", "/src/z.py", lines=(3, 17))
    assert collection.add([record, other]) == 2
    best, second = collection.search("hello there")
    assert best.record == record
    assert best.similarity == pytest.approx(1, abs=1e-6)  # float32
    assert best.score == best.similarity
    assert best.space == SPACE
    assert second.record == other


def test_similarity_is_the_cosine_of_vectors_of_any_length(collection: Collection) -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(50, DIMENSIONS)) * generator.uniform(0.1, 9, size=(50, 1))
    query = generator.normal(size=DIMENSIONS)
    collection.add([Record("text", str(i), id=str(i)) for i in range(50)], vectors)
    cosines = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    hits = collection.search(query, top=50)
    assert [int(hit.record.id) for hit in hits] == list(np.argsort(-cosines))
    found = [hit.similarity for hit in hits]
    np.testing.assert_allclose(found, np.sort(cosines)[::-1], atol=1e-6)  # float32


def test_adding_what_is_there_already_is_an_error_and_adds_nothing(filled: Filled) -> None:
    collection = filled("one", "two")
    known = collection.records()[0]
    with pytest.raises(StoreError, match="upsert"):
        collection.add([known, Record("text", "three")])
    assert collection.count() == 2


def test_a_record_of_the_same_id_is_replaced(collection: Collection) -> None:
    collection.upsert([Record("text", "abc", id="1")])
    collection.upsert([Record("text", "xyz", id="1"), Record("text", "new", id="2")])
    assert sorted(record.text for record in collection.records()) == ["new", "xyz"]
    assert texts(collection.search("xyz", top=1)) == ["xyz"]


def test_content_that_is_known_is_not_embedded_again(
    collection: Collection, letters: Letters
) -> None:
    assert collection.upsert([Record("text", "same", "/a"), Record("text", "old", "/a")]) == 2
    letters.embedded.clear()
    assert collection.upsert([Record("text", "same", "/b"), Record("text", "new", "/b")]) == 1
    assert letters.embedded == ["new"]
    assert collection.count() == 4
    assert collection.search("same", top=2)[1].similarity == pytest.approx(1, abs=1e-6)


def test_replacing_a_file_leaves_nothing_of_what_it_held(collection: Collection) -> None:
    collection.upsert([Record("text", "a", "/f"), Record("text", "b", "/f")])
    collection.upsert([Record("text", "keep", "/other")])
    collection.upsert([Record("text", "b", "/f"), Record("text", "c", "/f")], instead_of=["/f"])
    assert sorted(record.text for record in collection.records()) == ["b", "c", "keep"]
    collection.upsert([], instead_of=["/f"])
    assert [record.text for record in collection.records()] == ["keep"]


def test_what_is_known_of_a_record_can_be_changed(filled: Filled) -> None:
    collection = filled("one", "two")
    changed = collection.update(
        Where(paths=["/notes/one.txt"]), path="/moved/it's.txt", metadata={"starred": True}
    )
    assert changed == 1
    (hit,) = collection.search("one", top=1)
    assert hit.record.path == "/moved/it's.txt"
    assert hit.record.metadata == {"starred": True}


def test_a_removed_record_is_not_found_again(filled: Filled) -> None:
    collection = filled("one", "two")
    assert collection.delete(Where(paths=["/notes/one.txt"])) == 1
    assert texts(collection.search("one")) == ["two"]
    assert collection.delete(Where(paths=["/notes/one.txt"])) == 0


def test_removing_without_a_condition_is_refused(filled: Filled) -> None:
    collection = filled("one")
    with pytest.raises(OptionError, match="no condition"):
        collection.delete(Where())
    assert collection.count() == 1


def test_what_was_written_is_there_in_another_process_view(
    filled: Filled, tmp_path: Path, letters: Letters
) -> None:
    collection = filled("one")
    reader = Index(tmp_path / "index", create=False).collection(letters)
    assert reader.count() == 1
    collection.upsert([Record("text", "two")])
    assert texts(reader.search("two", top=1)) == ["two"]


def test_optimizing_changes_nothing_that_is_found(collection: Collection) -> None:
    for text in ("alpha", "beta", "gamma"):
        collection.upsert([Record("text", text)])
    collection.delete(Where(ids=[collection.search("beta", top=1)[0].record.id]))
    before = collection.search("alpha"), collection.search(words="gamma")
    collection.optimize()
    assert (collection.search("alpha"), collection.search(words="gamma")) == before


def test_vectors_are_given_back_as_they_are_kept(filled: Filled, letters: Letters) -> None:
    collection = filled("one", "two")
    ids = [collection.search(text, top=1)[0].record.id for text in ("two", "one")]
    expected = letters.encode(["two", "one"])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(collection.vectors(ids), expected, atol=1e-7)
    with pytest.raises(StoreError, match="no record"):
        collection.vectors(["missing"])


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((1, DIMENSIONS + 1)), "shape"),
        (np.ones(DIMENSIONS), "shape"),
        (np.ones((2, DIMENSIONS)), "2 vectors for 1 records"),
        (np.zeros((1, DIMENSIONS)), "all 0"),
        (np.full((1, DIMENSIONS), np.nan), "finite"),
        (np.full((1, DIMENSIONS), np.inf), "finite"),
    ],
)
def test_vectors_that_are_none_of_this_space_are_refused_and_nothing_is_written(
    collection: Collection, vectors: np.ndarray, message: str
) -> None:
    with pytest.raises(StoreError, match=message):
        collection.add([Record("text", "x")], vectors)
    assert collection.count() == 0


def test_two_records_of_one_id_are_refused(collection: Collection) -> None:
    with pytest.raises(StoreError, match="two of the records"):
        collection.upsert([Record("text", "a", id="1"), Record("text", "b", id="1")])


@pytest.mark.parametrize("top", [0, -1, 10_001, True, 1.5])
def test_top_is_a_number_of_results(filled: Filled, top: object) -> None:
    with pytest.raises(OptionError, match="top is"):
        filled("one").search("one", top=top)  # type: ignore[arg-type]


def test_an_empty_collection_finds_nothing(collection: Collection) -> None:
    assert collection.search("anything", words="anything") == []
    assert collection.search(words="anything") == []
    assert collection.search(words="  ") == []
    assert collection.search("anything") == []


def test_text_that_is_no_unicode_is_kept_with_a_mark(collection: Collection) -> None:
    collection.upsert([Record("text", "lone \udc80 surrogate")])
    assert collection.records()[0].text == "lone ? surrogate"


class Files:
    """An encoder of files: 1, and how many bytes they have."""

    space, dimensions, modality = "files@00", 2, "image"

    def encode(self, items: list[str]) -> np.ndarray:
        return np.array([[1, len(Path(item).read_bytes())] for item in items], np.float32)


def test_pictures_are_embedded_from_their_files_each_for_itself(
    index: Index, tmp_path: Path
) -> None:
    for name, size in {"a": 1, "b": 9}.items():
        (tmp_path / name).write_bytes(bytes(size))
    pictures = index.collection(Files())
    records = [Record("image", path=str(tmp_path / name)) for name in ("a", "b")]
    assert pictures.upsert(records) == 2
    assert pictures.search(str(tmp_path / "b"), top=1)[0].record == records[1]
    (tmp_path / "a").write_bytes(bytes(100))
    pictures.upsert(records[:1])  # the file is read again
    assert pictures.search(np.array([1.0, 100.0]), top=1)[0].record == records[0]


def test_a_picture_is_no_text(collection: Collection) -> None:
    with pytest.raises(StoreError, match="give its vector"):
        collection.upsert([Record("image", path="/a.png")])
    with pytest.raises(StoreError, match="no path"):
        collection.upsert([Record("image")])


def test_thousands_of_records_are_written_at_once(collection: Collection) -> None:
    records = [Record("text", f"{i}", f"/{i}") for i in range(5000)]
    vectors = np.random.default_rng(0).standard_normal((5000, DIMENSIONS))
    collection.add(records, vectors)
    assert collection.upsert(records) == 0
    assert collection.vectors([records[4321].id]).shape == (1, DIMENSIONS)
    assert collection.count() == 5000
