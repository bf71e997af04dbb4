"""A stream's text as it comes: confirmed on standard output, what may change on the terminal."""

from __future__ import annotations

import json
import sys
from enum import Enum

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from sotto.asr.stream import StreamUpdate, StreamWord
from sotto.commands.output import print_whole
from sotto.terminal import stderr


class TextFormat(Enum):
    """What is written of a stream."""

    txt = "txt"
    json = "json"


class LiveText:
    """Prints updates while the ``with`` block runs.

    txt: an utterance a line. Into a pipe or file its words go as they are confirmed; on a
    terminal the line is printed at the utterance's end. json: a line a word, when it is
    confirmed. On a terminal the last line shows the utterance that goes on, the words that may
    still change dim.

    Args:
        kind: what is written.
        terminal: where what may change is shown, if it is one.
    """

    def __init__(self, kind: TextFormat, terminal: Console = stderr) -> None:
        self._kind = kind
        self._terminal = terminal
        self._whole_lines = terminal.is_terminal and _stdout_is_terminal()
        self._line = ""  # of the utterance that goes on
        self._printed = 0  # characters of it
        self._utterance = 0

    def __enter__(self) -> LiveText:
        return self

    def __exit__(self, *_: object) -> None:
        self._erase()
        self._end_line()

    def show(self, update: StreamUpdate) -> None:
        """Prints what is new. Raises OutputError where it can't be."""
        self._erase()
        for word in update.confirmed:
            if self._kind is TextFormat.json:
                print_whole(json.dumps(_as_json(word), ensure_ascii=False) + "\n")
            self._begin(word.utterance)
            self._line += word.word if self._line else word.word.lstrip()
        self._begin(update.utterances)
        if not self._whole_lines:
            self._print_line()
        if self._terminal.is_terminal:
            self._terminal.print(self._last_line(update.tentative_text), end="")

    def _begin(self, utterance: int) -> None:
        if utterance != self._utterance:
            self._end_line()
            self._utterance = utterance

    def _end_line(self) -> None:
        if self._line:
            self._line += "\n"
            self._print_line()
        self._line, self._printed = "", 0

    def _print_line(self) -> None:
        new = self._line[self._printed :]
        self._printed = len(self._line)
        if new and self._kind is TextFormat.txt:
            print_whole(new)

    def _erase(self) -> None:
        if self._terminal.is_terminal:
            erase = (ControlType.ERASE_IN_LINE, 2)
            self._terminal.control(Control(ControlType.CARRIAGE_RETURN, erase))

    def _last_line(self, tentative: str) -> Text:
        """The utterance's end, as much as fits on a line."""
        line = Text(self._line)
        line.append(tentative, style="dim")
        room = self._terminal.width - 1
        line = line[-room:]
        while line.cell_len > room:  # wide characters
            line = line[1:]
        return line


def _as_json(word: StreamWord) -> dict[str, object]:
    return {
        "word": word.word,
        "start": round(word.start, 3),
        "end": round(word.end, 3),
        "probability": round(word.probability, 4),
        "confirmed_at": round(word.confirmed_at, 3),
        "utterance": word.utterance,
    }


def _stdout_is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
