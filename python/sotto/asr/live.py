"""What ``transcribe(verbose=…)`` shows while it works, as openai-whisper does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from sotto.asr.formats.times import clock
from sotto.asr.languages import LANGUAGES
from sotto.asr.result import Segment
from sotto.runtime.option_values import flag


def segment_line(segment: Segment) -> str:
    """``[00:00.000 --> 00:07.600] text``."""
    return f"[{clock(segment.start)} --> {clock(segment.end)}] {segment.text}"


def language_line(language: str) -> str:
    """``Detected language: English``, of a code; a code of no known name stands for itself."""
    return f"Detected language: {LANGUAGES.get(language, language).title()}"


class SecondsBars:
    """A bar of each recording's seconds, while the ``with`` block runs; only on a terminal.

    Safe among threads, but for ``hidden``.

    Args:
        console: where they are drawn.
        shown: False draws none.
    """

    def __init__(self, console: Console, shown: bool = True) -> None:
        self._progress = Progress(
            # On a narrow terminal the title is cut short, and nothing else.
            TextColumn(
                "{task.description}", markup=False, table_column=Column(overflow="ellipsis")
            ),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.fields[seconds]} s"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            # What is printed must go where it is meant to: see hidden().
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not (shown and console.is_terminal),
        )

    def __enter__(self) -> SecondsBars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def bar(self, title: str = "") -> Iterator[Callable[[float, float], None]]:
        """A bar with a title before it; what is yielded takes seconds done, of how many."""
        # The length is known after the first pass over the audio.
        task = self._progress.add_task(title, total=None, seconds="?")

        def update(done: float, duration: float) -> None:
            self._progress.update(task, completed=done, total=duration, seconds=f"{duration:.0f}")

        try:
            yield update
        finally:
            self._progress.remove_task(task)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """While something is printed, there are no bars."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()


@contextmanager
def shown_live(verbose: bool | None, keywords: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Adds to recognize()'s keywords the callbacks that show its progress; the caller's stay.

    Raises:
        OptionError: ``verbose`` is no truth value.
    """
    if verbose is None:
        yield keywords
    elif flag("verbose", verbose):
        shown = {
            "on_language": lambda language: print(language_line(language), flush=True),
            "on_segment": lambda segment: print(segment_line(segment), flush=True),
        }
        yield _beside(shown, keywords)
    else:
        with SecondsBars(Console(stderr=True)) as bars, bars.bar() as update:

            def print_language(language: str) -> None:
                with bars.hidden():
                    print(language_line(language), flush=True)

            yield _beside({"on_language": print_language, "on_progress": update}, keywords)


def _beside(shown: dict[str, Any], keywords: dict[str, Any]) -> dict[str, Any]:
    return {**keywords, **{name: _both(call, keywords.get(name)) for name, call in shown.items()}}


def _both(first: Any, second: Any) -> Any:
    if second is None:
        return first

    def call(*arguments: Any) -> None:
        first(*arguments)
        second(*arguments)

    return call
