"""The files below a folder, whatever else is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sotto.index.folder.walk import WalkOptions, walk


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    for name in (
        "b.txt",
        "a.txt",
        "sub/deep/c.txt",
        "sub/debug.log",
        ".hidden.txt",
        ".git/config",
        "node_modules/x/index.js",
        "env/pyvenv.cfg",
        "env/lib.py",
        "cache/CACHEDIR.TAG",
        "build/out.txt",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(root: Path, **options: object) -> list[str]:
    problems: list[str] = []
    found = walk(root, WalkOptions(**options), lambda path, reason: problems.append(reason))  # type: ignore[arg-type]
    result = [str(path.relative_to(root)) for path in found]
    assert problems == []
    return result


def test_files_come_by_name_without_what_is_hidden_or_was_made(root: Path) -> None:
    assert names(root) == ["a.txt", "b.txt", "build/out.txt", "sub/debug.log", "sub/deep/c.txt"]


def test_hidden_ones_come_when_asked_for(root: Path) -> None:
    assert {".hidden.txt", ".git/config"} <= set(names(root, hidden=True))


@pytest.mark.parametrize("pattern", ["*.log", "debug.log", "sub/debug.*", "sub/*.log"])
def test_a_pattern_leaves_a_file_out(root: Path, pattern: str) -> None:
    assert "sub/debug.log" not in names(root, exclude=[pattern])
    assert "sub/deep/c.txt" in names(root, exclude=[pattern])


@pytest.mark.parametrize("pattern", ["sub", "su?"])
def test_a_pattern_leaves_a_folder_out(root: Path, pattern: str) -> None:
    assert names(root, exclude=[pattern]) == ["a.txt", "b.txt", "build/out.txt"]


def test_links_to_folders_are_followed_when_asked_for_and_loops_end(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "d.txt").write_text("d")
    (root / "loop").symlink_to(root)
    (root / "sub" / "up").symlink_to("..")
    (root / "link").symlink_to(tmp_path / "elsewhere")
    (root / "file.txt").symlink_to(root / "a.txt")
    plain = ["a.txt", "b.txt", "build/out.txt", "file.txt", "sub/debug.log", "sub/deep/c.txt"]
    assert names(root) == plain
    assert sorted(names(root, follow=True)) == sorted([*plain, "link/d.txt"])


def test_pipes_and_links_to_nothing_are_passed_by(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "gone.txt").symlink_to(root / "nowhere")
    problems: list[Path] = []
    found = list(walk(root, WalkOptions(), lambda path, reason: problems.append(path)))
    assert root / "pipe" not in found
    assert problems == [root / "gone.txt"]


def test_a_folder_that_goes_away_meanwhile_is_told_of(root: Path) -> None:
    problems: list[Path] = []
    for path in walk(root, WalkOptions(), lambda path, reason: problems.append(path)):
        if path.name == "a.txt":
            (root / "sub").rename(root.parent / "moved")
    assert problems == [root / "sub"]


def test_one_file_is_itself(root: Path) -> None:
    assert list(walk(root / "a.txt", WalkOptions(), print)) == [root / "a.txt"]


def test_the_index_itself_is_passed_by(root: Path) -> None:
    assert not any(
        "sub" in path.parts for path in walk(root, WalkOptions(), print, skip=root / "sub")
    )
