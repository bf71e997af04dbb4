"""What was acknowledged stays, whatever happens to the process; several can work at once."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from letters import Letters
from writing import EACH

from sotto.errors import StoreError
from sotto.index import Collection, Index, Record, Where
from sotto.index.layout import table_name

Process = subprocess.Popen[str]

WRITER = Path(__file__).with_name("writing.py")


@contextmanager
def writer(index: Path, name: str, first: int = 0, optimize_every: int = 0) -> Iterator[Process]:
    """A writing process, killed at the end."""
    command = [sys.executable, str(WRITER), str(index), name, str(first), str(optimize_every)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def acknowledged(process: Process) -> list[int]:
    """What a killed process had printed, line by line."""
    out, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err
    return [int(line) for line in out.splitlines()]


def collection_of(index: Path) -> Collection:
    return Index(index, create=False).collection(Letters(), create=False)


def numbers(collection: Collection, name: str) -> dict[int, int]:
    """How many records each of a writer's commits has."""
    found: dict[int, int] = {}
    for record in collection.records(Where(under=f"/{name}")):
        number = int(record.path.rpartition("/")[2])
        found[number] = found.get(number, 0) + 1
    return found


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    index = tmp_path / "index"
    generator = random.Random(0)
    written = 0
    for _ in range(4):
        with writer(index, "w", written, optimize_every=4) as process:
            assert process.stdout is not None
            first = process.stdout.readline()  # it has begun to write
            time.sleep(generator.uniform(0, 0.3))
            process.kill()
            done = [int(first), *acknowledged(process)]
        collection = collection_of(index)
        found = numbers(collection, "w")
        assert set(range(done[-1] + 1)) <= found.keys()
        # The commit that was under way is there whole or not at all.
        assert set(found.values()) == {EACH}
        assert max(found) <= done[-1] + 1
        last = f"w-{done[-1]}-3"
        (hit,) = collection.search(last, words=last, where=Where(ids=[last]))
        assert hit.record.text == last
        written = max(found) + 1
    collection.optimize()
    assert collection.count() == written * EACH


@pytest.mark.slow
def test_two_writers_lose_nothing_to_each_other(tmp_path: Path) -> None:
    index = tmp_path / "index"
    names = ("ann", "bob")
    with writer(index, "ann", optimize_every=5) as ann, writer(index, "bob") as bob:
        lines = {
            name: [process.stdout.readline() for _ in range(8)]
            for name, process in zip(names, (ann, bob), strict=True)
        }
        ann.kill()
        bob.kill()
        assert (ann.wait(), bob.wait()) == (-signal.SIGKILL, -signal.SIGKILL)
    collection = collection_of(index)
    for name in names:
        found = numbers(collection, name)
        assert {int(line) for line in lines[name]} <= found.keys()
        assert set(found.values()) == {EACH}


def test_two_writers_of_the_same_records_leave_each_once(tmp_path: Path) -> None:
    index = tmp_path / "index"
    with writer(index, "same") as first, writer(index, "same") as second:
        for process in (first, second):
            for _ in range(8):
                process.stdout.readline()
    found = numbers(collection_of(index), "same")
    assert set(found.values()) == {EACH}


def test_readers_search_while_one_process_writes(tmp_path: Path) -> None:
    index = tmp_path / "index"
    with writer(index, "w", optimize_every=3) as process:
        assert process.stdout is not None
        process.stdout.readline()
        collection = collection_of(index)
        counts: list[int] = []
        failures: list[Exception] = []

        def read() -> None:
            try:
                for _ in range(20):
                    counts.append(len(collection.search("w-0-0", words="w-0-0", top=100)))
            except Exception as error:
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for each in readers:
            each.start()
        for each in readers:
            each.join()
        assert process.poll() is None
    assert failures == []
    assert min(counts) >= EACH


@pytest.mark.parametrize("content", [b"", b"not a manifest"])
def test_a_damaged_table_is_an_error_that_names_the_index(tmp_path: Path, content: bytes) -> None:
    from sotto.errors import StoreError

    index = Index(tmp_path / "index")
    index.collection(Letters()).upsert([Record("text", "x")])
    for manifest in (tmp_path / "index").rglob("*.manifest"):
        manifest.write_bytes(content)
    with pytest.raises(StoreError, match=str(tmp_path)):
        Index(tmp_path / "index").collection(Letters()).count()


def test_a_collection_whose_making_was_broken_off_is_made_again(tmp_path: Path) -> None:
    # What a full disk, or a kill before the first commit, leaves of LanceDB's table.
    table = tmp_path / f"{table_name(Letters().space)}.lance"
    for part in ("_versions", "_transactions"):
        (table / part).mkdir(parents=True)
    index = Index(tmp_path, create=False)
    assert index.spaces() == []
    collection = index.collection(Letters())
    collection.add([Record("text", "abc", "/a")])
    assert collection_of(tmp_path).count() == 1


def test_a_collection_that_lost_its_versions_is_damaged_not_absent(tmp_path: Path) -> None:
    Index(tmp_path).collection(Letters()).add([Record("text", "abc", "/a")])
    shutil.rmtree(tmp_path / f"{table_name(Letters().space)}.lance" / "_versions")
    with pytest.raises(StoreError, match="index again if it is damaged"):
        Index(tmp_path).collection(Letters())
