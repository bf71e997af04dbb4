"""A directory is replaced whole or not at all."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sotto.bundle import (
    check_writable,
    file_system,
    link_files,
    replacing,
    replacing_directory,
    settle_replacements,
)
from sotto.errors import OutputError


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").write_text("old")
    return tmp_path / "target"


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_the_new_content_takes_the_place_of_the_old(target: Path) -> None:
    with replacing_directory(target) as partial:
        (partial / "new").write_text("new")
        assert contents(target) == {"old": "old"}
    assert contents(target.parent) == {"target/new": "new"}


def test_a_new_directory_is_made_with_the_folders_above_it(tmp_path: Path) -> None:
    with replacing_directory(tmp_path / "a" / "b") as partial:
        (partial / "new").write_text("new")
    assert contents(tmp_path) == {"a/b/new": "new"}
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o755


def test_the_working_directory_itself_can_be_replaced(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(target)
    with replacing_directory(Path()) as partial:
        (partial / "new").write_text("new")
    assert contents(target.parent) == {"target/new": "new"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_after_an_error_the_old_content_is_there_and_nothing_else(
    target: Path, error: type[BaseException]
) -> None:
    def replace() -> None:
        with replacing_directory(target) as partial:
            (partial / "new").write_text("new")
            raise error

    with pytest.raises(error):
        replace()
    assert contents(target.parent) == {"target/old": "old"}
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("calls_before", [0, 1])
@pytest.mark.parametrize("after", [False, True])
def test_an_interruption_between_the_renames_leaves_one_of_the_two(
    target: Path, monkeypatch: pytest.MonkeyPatch, calls_before: int, after: bool
) -> None:
    rename = Path.rename
    calls = 0

    def interrupted(self: Path, to: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls - 1 != calls_before:
            return rename(self, to)
        if after:
            rename(self, to)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupted)
    monkeypatch.setattr(replacing, "exchange", lambda one, other: False)
    with pytest.raises(KeyboardInterrupt), replacing_directory(target) as partial:
        (partial / "new").write_text("new")
    whole = {"target/new": "new"} if (calls_before, after) == (1, True) else {"target/old": "old"}
    assert contents(target.parent) == whole
    assert list(target.parent.iterdir()) == [target]


def test_a_process_about_to_exit_can_settle_what_is_unfinished(target: Path) -> None:
    replacing = replacing_directory(target)
    (replacing.__enter__() / "new").write_text("new")
    settle_replacements()
    assert contents(target.parent) == {"target/old": "old"}
    assert list(target.parent.iterdir()) == [target]
    with pytest.raises(OutputError):  # there is nothing left to put in place
        replacing.__exit__(None, None, None)
    settle_replacements()
    assert contents(target.parent) == {"target/old": "old"}


def test_a_full_disk_is_an_output_error_and_leaves_the_old_content(target: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"can't write .*target: .*No space left"),
        replacing_directory(target),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert contents(target.parent) == {"target/old": "old"}


def test_a_file_in_the_way_is_refused(target: Path) -> None:
    with pytest.raises(OutputError, match=r"is not a directory; choose another --out"):
        check_writable(target / "old")


def test_a_place_where_nothing_can_be_made_is_refused(
    tmp_path: Path, unwritable: Callable[[Path], list[Path]]
) -> None:
    for place in unwritable(tmp_path):
        with pytest.raises(OutputError, match=r"can't write in .*choose another --out"):
            check_writable(place / "bundle")


def test_asking_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_files_are_linked_and_outlive_their_source(target: Path) -> None:
    (target / "folder").mkdir()
    (target / "folder" / "deep").write_text("deep")
    other = target.with_name("other")
    link_files(target, other, ["old", "folder/deep"])
    assert (other / "old").stat().st_ino == (target / "old").stat().st_ino
    shutil.rmtree(target)
    assert contents(other) == {"old": "old", "folder/deep": "deep"}


def test_files_are_copied_where_links_are_not_possible(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    link_files(target, target.with_name("other"), ["old"])
    assert contents(target.with_name("other")) == {"old": "old"}


def test_a_lock_of_what_was_removed_meanwhile_is_none(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = file_system.fcntl.flock

    def removed_first(descriptor: int, operation: int) -> None:
        shutil.rmtree(target)
        take(descriptor, operation)

    monkeypatch.setattr(file_system.fcntl, "flock", removed_first)
    assert file_system.lock(target) is None
