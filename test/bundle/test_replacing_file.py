"""A file that is written takes its place whole, or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from sotto.bundle import replacing_file, settle_replacements
from sotto.errors import OutputError


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "vectors.npy"
    path.write_bytes(b"old")
    return path


def test_what_was_written_takes_the_place_of_what_was_there(target: Path) -> None:
    with replacing_file(target) as path:
        path.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_error_all_is_as_it_was(target: Path, error: type[BaseException]) -> None:
    def break_off() -> None:
        with replacing_file(target) as path:
            path.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        break_off()
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]


def test_a_process_about_to_exit_leaves_no_half_of_it(target: Path) -> None:
    with replacing_file(target) as path:
        path.write_bytes(b"half")
        settle_replacements()
        assert list(target.parent.iterdir()) == [target]
        path.write_bytes(b"")  # what the block's end expects


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    reader.start()
    with replacing_file(pipe) as path:
        path.write_bytes(b"vectors")
    reader.join(timeout=10)
    assert heard == [b"vectors"]
    assert pipe.is_fifo()


@pytest.mark.parametrize("place", ["gone/file", "vectors.npy/file", "."])
def test_a_place_that_can_not_be_written_is_named(target: Path, place: str) -> None:
    wanted = target.parent / place
    with pytest.raises(OutputError, match="can't write"), replacing_file(wanted) as path:
        path.write_bytes(b"new")
    assert target.read_bytes() == b"old"
