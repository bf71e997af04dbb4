"""Several files at once: the same bytes as one after another."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from command_line import BRIEF, SOTTO, run
from finished import Finished

from sotto import _runtime
from sotto.commands import shares
from sotto.commands.in_turn import Say, in_turn
from sotto.commands.shares import share_cores
from sotto.errors import OptionError

# ---- the command -------------------------------------------------------------------------


@pytest.fixture(scope="session")
def transcribe(
    tiny_en: Path, jfk: Path, jfk_wav: Path, recording: Callable, bad_files: dict[str, Path]
) -> Callable[..., Finished]:
    """The command over five files, two of them bad, with so many jobs."""
    files = [jfk, bad_files["text"], recording("mr_quilter.flac"), bad_files["gone"], jfk_wav]

    def transcribe(jobs: int, *arguments: str | Path) -> Finished:
        options = ("--model", tiny_en, "--jobs", str(jobs), *arguments)
        return run(SOTTO, "transcribe", *options, *files)

    return transcribe


def shown(done: Finished) -> list[str]:
    """The lines on standard error that are ours."""
    return [line for line in done.err.splitlines() if not line.startswith("INFO")]


def test_standard_output_and_errors_are_those_of_one_job(transcribe: Callable) -> None:
    one, two = (transcribe(jobs, "--output_format", "json") for jobs in (1, 2))
    assert (two.status, two.out) == (one.status, one.out)
    assert one.status == 1
    texts = [json.loads(line)["text"] for line in one.out.splitlines()]
    assert ["country" in text for text in texts] == [True, False, True]
    assert "Quilter" in texts[1]
    assert shown(two) == shown(one)
    assert [line.partition(": ")[0] for line in shown(one)] == ["error"] * 2


def test_files_are_those_of_one_job(
    tiny_en: Path, jfk: Path, recording: Callable, bad_files: dict[str, Path], tmp_path: Path
) -> None:
    quilter = recording("mr_quilter.flac")
    written = []
    for jobs in ("1", "2"):
        folder = tmp_path / jobs
        options = ("--output_format", "all", "--word_timestamps", "True", "--output_dir", folder)
        files = (jfk, bad_files["gone"], quilter)
        done = run(SOTTO, "transcribe", "--model", tiny_en, "--jobs", jobs, *options, *files)
        assert (done.status, done.out) == (1, "")
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert len(written[0]) == 12
    assert written[0] == written[1]


def test_the_lines_of_one_recording_are_not_among_anothers(transcribe: Callable) -> None:
    brief = ("--verbose", "True", "--window", "10", *BRIEF, "1")
    one, two = (transcribe(jobs, *brief) for jobs in (1, 2))
    assert shown(two) == shown(one)
    assert "".join(shown(one)).count(" --> ") >= 4


def test_standard_input_may_be_one_of_the_files(tiny_en: Path, jfk: Path, jfk_wav: Path) -> None:
    arguments = ("--model", tiny_en, *BRIEF, "2", "--jobs", "3", jfk_wav, "-", "-")
    done = run(SOTTO, "transcribe", *arguments, stdin=jfk.read_bytes())
    # The second time nothing is left of it.
    assert (done.status, done.out) == (1, "And so\nAnd so\n")
    assert "standard input is empty" in done.err


# ---- cores -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jobs", "threads", "files", "expected"),
    [
        (1, 0, 5, (1, 0)),  # the runtime's default
        (2, 0, 5, (2, 4)),
        (3, 0, 5, (3, 2)),
        (0, 0, 20, (8, 1)),
        (0, 0, 2, (2, 4)),  # no more jobs than files
        (0, 0, 1, (1, 0)),
        (16, 0, 99, (16, 1)),
        (2, 7, 5, (2, 7)),  # as asked for
    ],
)
def test_jobs_share_the_cores(
    monkeypatch: pytest.MonkeyPatch,
    jobs: int,
    threads: int,
    files: int,
    expected: tuple[int, int],
) -> None:
    monkeypatch.setattr(shares, "usable_cpus", lambda: 8)
    assert share_cores(jobs, threads, files) == expected


def test_usable_cpus_are_those_of_the_affinity_mask() -> None:
    allowed = os.sched_getaffinity(0)
    assert 1 <= _runtime.usable_cpus() <= len(allowed)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert _runtime.usable_cpus() == 1
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.parametrize("jobs", [-1, 1025])
def test_a_number_of_jobs_out_of_range_is_named(jobs: int) -> None:
    with pytest.raises(OptionError, match=f"jobs is {jobs}; expected 0 to 1024"):
        share_cores(jobs, 0, 1)


# ---- turns -------------------------------------------------------------------------------


def test_items_are_worked_on_at_once_and_come_in_their_order() -> None:
    both = threading.Barrier(2)

    def work(item: int, say: Say) -> int:
        say(f"{item} begins")
        both.wait(timeout=10)  # passes only if two are worked on at once
        if item % 2 == 0:
            time.sleep(0.05)
        say(f"{item} ends")
        return item

    turns = in_turn(work, range(4), 2, threading.Event())
    found = [(turn.item, list(turn.lines()), turn.result()) for turn in turns]
    assert [item for item, _, _ in found] == [0, 1, 2, 3]
    for item, lines, result in found:
        assert lines == [f"{item} begins", f"{item} ends"]
        assert result == item


def test_lines_come_while_the_work_is_under_way() -> None:
    read = threading.Event()

    def work(item: int, say: Say) -> bool:
        say("first")
        return read.wait(timeout=10)

    with closing(in_turn(work, [0], 1, threading.Event())) as turns:
        turn = next(turns)
        lines = turn.lines()
        assert next(lines) == "first"
        read.set()
        assert list(lines) == []
        assert turn.result() is True


def test_an_error_is_raised_at_its_turn_and_the_others_go_on() -> None:
    def work(item: int, say: Say) -> int:
        return 6 // item

    with closing(in_turn(work, [3, 0, 2], 2, threading.Event())) as turns:
        assert next(turns).result() == 2
        with pytest.raises(ZeroDivisionError):
            next(turns).result()
        assert next(turns).result() == 3


def test_leaving_early_stops_what_is_under_way_and_what_waits() -> None:
    stop, began = threading.Event(), []
    before = threading.enumerate()  # what another test left is not collected yet

    def work(item: int, say: Say) -> None:
        began.append(item)
        say("began")
        assert stop.wait(timeout=10)

    with closing(in_turn(work, range(10), 2, stop)) as turns:
        next(next(turns).lines())
        assert not stop.is_set()
    assert stop.is_set()
    assert len(began) <= 2
    assert [each for each in threading.enumerate() if each not in before] == []
