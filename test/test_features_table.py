"""docs/features.md against the command of openai-whisper and Sotto's own."""

from __future__ import annotations

import argparse
import re
import subprocess

import pytest
from cli.command_line import SOTTO, environment
from comparison.clips import REPOSITORY

pytest.importorskip("whisper", reason="whose options the table lists")

from whisper.transcribe import cli

ROW = re.compile(r"^\| (?P<options>.*?) \| (?P<answer>.*?) \|.*\|$", re.MULTILINE)
OPTION = re.compile(r"`(--?[\w-]+|audio)`")
ANSWERS = {"same", "better", "other", "not yet", "no need"}


def rows(heading: str) -> list[tuple[list[str], str]]:
    """(options, answer) of each row of the table below a heading."""
    page = (REPOSITORY / "docs" / "features.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = [(OPTION.findall(row["options"]), row["answer"]) for row in ROW.finditer(section)]
    return [(options, answer) for options, answer in found if answer not in ("Sotto", "---")]


HEADINGS = [
    "openai-whisper",
    "faster-whisper, and the command of whisper-ctranslate2",
    "whisper.cpp's `whisper-cli`",
]


class _Captured(Exception):
    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


@pytest.fixture
def openai_parser(monkeypatch: pytest.MonkeyPatch) -> argparse.ArgumentParser:
    """The parser that openai-whisper's command makes."""

    def capture(self: argparse.ArgumentParser) -> None:
        raise _Captured(self)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", capture)
    with pytest.raises(_Captured) as caught:
        cli()
    return caught.value.parser


@pytest.fixture(scope="module")
def sotto_help() -> str:
    """``sotto transcribe --help`` on a terminal wide enough for every name."""
    done = subprocess.run(
        [*SOTTO, "transcribe", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=environment(COLUMNS="300", NO_COLOR="1"),
    )
    return done.stdout


def test_every_option_of_openai_whispers_command_is_in_the_table(
    openai_parser: argparse.ArgumentParser,
) -> None:
    listed = {option for options, _ in rows("openai-whisper") for option in options}
    expected = {
        name
        for action in openai_parser._actions
        if action.dest != "help"
        for name in action.option_strings or [action.dest]
    }
    assert listed == expected


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_answer_is_one_of_those_explained(heading: str) -> None:
    assert {answer for _, answer in rows(heading)} <= ANSWERS


@pytest.mark.parametrize("heading", HEADINGS[:2])
def test_sottos_command_has_each_option_that_is_called_the_same(
    sotto_help: str, heading: str
) -> None:
    same = [option for options, answer in rows(heading) if answer == "same" for option in options]
    names = set(re.findall(r"--?[\w-]+", sotto_help)) | {"--version"}
    assert same
    assert [option for option in same if option not in names] == []


def test_sottos_command_has_no_option_that_is_called_not_yet(sotto_help: str) -> None:
    names = set(re.findall(r"--[\w-]+", sotto_help))
    for options, answer in rows(HEADINGS[1]):
        if answer == "not yet":
            assert [option for option in options if option in names] == []
