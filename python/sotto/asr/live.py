"""What ``transcribe(verbose=…)`` shows while it works, as openai-whisper does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sotto.asr.formats.times import clock
from sotto.asr.languages import LANGUAGES
from sotto.asr.option_values import flag
from sotto.asr.result import Segment


def segment_line(segment: Segment) -> str:
    """``[00:00.000 --> 00:07.600] text``."""
    return f"[{clock(segment.start)} --> {clock(segment.end)}] {segment.text}"


def language_line(language: str) -> str:
    """``Detected language: English``, of a code."""
    return f"Detected language: {LANGUAGES[language].title()}"


class SecondsBar:
    """A bar of the audio's seconds, while the ``with`` block runs; only on a terminal.

    Args:
        console: where it is drawn.
        title: before the bar.
    """

    def __init__(self, console: Console, title: str = "") -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.fields[seconds]} s"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        # The length is known after the first pass over the audio.
        self._task = self._progress.add_task(title, total=None, seconds="?")

    def __enter__(self) -> SecondsBar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, done: float, duration: float) -> None:
        """Seconds done, of how many."""
        self._progress.update(self._task, completed=done, total=duration, seconds=f"{duration:.0f}")


@contextmanager
def shown_live(verbose: bool | None, keywords: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Adds to recognize()'s keywords the callbacks that show its progress; the caller's stay.

    Raises:
        OptionError: ``verbose`` is no truth value.
    """
    if verbose is None:
        yield keywords
    elif flag("verbose", verbose):
        shown = {"on_language": _print_language, "on_segment": _print_segment}
        yield {**keywords, **{name: _both(shown[name], keywords.get(name)) for name in shown}}
    else:
        with SecondsBar(Console(stderr=True)) as bar:
            shown = {"on_language": _print_language, "on_progress": bar.update}
            yield {**keywords, **{name: _both(shown[name], keywords.get(name)) for name in shown}}


def _print_language(language: str) -> None:
    print(language_line(language), flush=True)


def _print_segment(segment: Segment) -> None:
    print(segment_line(segment), flush=True)


def _both(first: Any, second: Any) -> Any:
    if second is None:
        return first

    def call(*arguments: Any) -> None:
        first(*arguments)
        second(*arguments)

    return call
