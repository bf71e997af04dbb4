"""Vectors of two models never mix."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from letters import DIMENSIONS, SPACE, Letters

from sotto.errors import StoreError
from sotto.index import Index, Record, Where

OTHER = "letters@fedcba9876543210"


def test_the_same_model_in_another_space_has_a_collection_of_its_own(index: Index) -> None:
    index.collection(Letters()).upsert([Record("text", "old")])
    index.collection(Letters(OTHER)).upsert([Record("text", "new")])
    assert index.spaces() == [SPACE, OTHER]
    (hit,) = index.collection(Letters(OTHER)).search("old")
    assert (hit.record.text, hit.space) == ("new", OTHER)


def test_every_row_has_its_space(index: Index) -> None:
    index.collection(Letters()).upsert([Record("text", "x")])
    rows = index.collection(Letters())._table.to_arrow()
    assert rows["space"].to_pylist() == [SPACE]


def test_a_query_of_another_space_is_an_error_that_says_what_to_do(index: Index) -> None:
    collection = index.collection(Letters())
    collection.upsert([Record("text", "x")])
    with pytest.raises(StoreError, match=f"{OTHER}.*{SPACE}.*index again"):
        collection.search("x", encoder=Letters(OTHER))
    with pytest.raises(StoreError, match=f"no vectors of {OTHER}: it has vectors of {SPACE}"):
        index.collection(Letters(OTHER), create=False)


def test_an_encoder_of_the_same_space_searches_what_another_wrote(index: Index) -> None:
    index.collection(Letters()).upsert([Record("text", "abc")])
    by_name = index.collection(SPACE)
    with pytest.raises(StoreError, match="without an encoder"):
        by_name.search("abc")
    assert by_name.search("abc", encoder=Letters())[0].record.text == "abc"
    assert by_name.search(Letters().encode(["abc"])[0])[0].record.text == "abc"


def test_a_space_keeps_its_dimensions(index: Index) -> None:
    index.collection(SPACE, DIMENSIONS)
    with pytest.raises(StoreError, match="27 dimensions"):
        index.collection(SPACE, 3)
    with pytest.raises(StoreError, match="shape"):
        index.collection(SPACE).search(np.ones(3))
    with pytest.raises(StoreError, match="give its dimensions"):
        index.collection(OTHER)


@pytest.mark.parametrize("space", ["", "letters", "@abc", "letters@", "letters@../../x"])
def test_a_name_that_is_no_space_is_refused(index: Index, space: str) -> None:
    with pytest.raises(StoreError, match="NAME@HASH"):
        index.collection(space, 3)


def test_a_model_may_have_any_name(index: Index) -> None:
    collection = index.collection("my/modèle ü@00ff", 3)
    collection.add([Record("text", "x")], np.ones((1, 3)))
    assert index.spaces() == ["my/modèle ü@00ff"]


def test_a_dropped_space_is_gone_with_what_is_known_of_its_files(index: Index) -> None:
    index.collection(Letters()).upsert([Record("text", "x")])
    index.collection(OTHER, 3)
    index.drop(SPACE)
    assert index.spaces() == [OTHER]
    with pytest.raises(StoreError, match="no vectors"):
        index.drop(SPACE)


def test_what_is_no_index_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="not a folder"):
        Index(tmp_path / "file")
    with pytest.raises(StoreError, match="no index"):
        Index(tmp_path / "missing", create=False)
    assert not (tmp_path / "missing").exists()
    with pytest.raises(StoreError, match="can't be"):
        Index("nonsense://x/y").spaces()


def test_an_index_may_be_in_a_bucket(letters: Letters) -> None:
    # LanceDB's object store in memory: the same code as of a bucket, without its network.
    index = Index("memory://notes")
    collection = index.collection(letters)
    collection.upsert([Record("text", "hello", "/a"), Record("text", "other", "/b")])
    collection.optimize()
    assert index.folder is None
    assert collection.search("hello", words="hello")[0].record.path == "/a"
    assert collection.delete(Where(paths=["/a"])) == 1
    assert collection.count() == 1


def test_a_bucket_that_can_t_be_reached_is_an_error() -> None:
    options = {
        "endpoint": "http://127.0.0.1:1",
        "region": "none",
        "aws_access_key_id": "none",
        "aws_secret_access_key": "none",
        "allow_http": "true",
        "client_max_retries": "0",
    }
    with pytest.raises(StoreError, match="s3://bucket/notes can't be opened"):
        Index("s3://bucket/notes", storage_options=options)


@pytest.mark.parametrize("package", ["lancedb", "pyarrow"])
def test_a_missing_package_is_an_error_that_names_the_extra(package: str) -> None:
    code = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from sotto.cli import app
sys.argv = ["sotto", "search", "x", "--index", "."]
app()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert (
        done.stderr == f"error: an index needs the package {package}: pip install 'sotto[embed]'\n"
    )
