"""What ``sotto index add`` shows while it works, and says at its end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from sotto.terminal import report, stderr

if TYPE_CHECKING:
    from sotto.index.folder import Outcome


class Bars:
    """A bar of files, on a terminal, and a line for each problem."""

    def __init__(self) -> None:
        self._progress = Progress(
            MofNCompleteColumn(),
            BarColumn(bar_width=20),
            TimeRemainingColumn(),
            TextColumn(
                "{task.description}", markup=False, table_column=Column(overflow="ellipsis")
            ),
            console=stderr,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not stderr.is_terminal,
        )
        self._task = self._progress.add_task("looking for files", total=None)
        self._path, self._started = "", False

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, files: int) -> None:
        """So many files will be looked at."""
        self._progress.update(self._task, total=files)

    def file(self, path: str) -> None:
        """The one before is done, this one is next."""
        self._progress.update(self._task, description=path, advance=1 if self._started else 0)
        self._path, self._started = path, True

    def seconds(self, done: float, duration: float) -> None:
        """So much of this recording is transcribed."""
        description = f"{done:.0f} of {duration:.0f} s, {self._path}"
        self._progress.update(self._task, description=description)

    def problem(self, path: str, reason: str) -> None:
        """A line that stays. Errors of a file's readers begin with its path themselves."""
        report(f"skipped: {reason}" if reason.startswith(path) else f"skipped: {path}: {reason}")


def outcome_line(outcome: Outcome) -> str:
    """``3 files added (2 text, 1 audio), 12 unchanged; 40 records written; 1 skipped``."""
    parts = [
        f"{files.total()} {what}{_by_modality(files)}"
        for what, files in (
            ("added", outcome.added),
            ("changed", outcome.changed),
            ("unchanged", outcome.unchanged),
        )
        if files
    ]
    parts.append(f"{outcome.records} records written")
    if outcome.problems:
        parts.append(f"{outcome.problems} skipped")
    if outcome.gone:
        done = "removed, as they are gone" if outcome.removed else "gone (--prune removes them)"
        parts.append(f"{outcome.gone} {done}")
    parts += [_without_model(*each) for each in outcome.unnamed.items()]
    return "; ".join(parts)


def _by_modality(files: Counter[str]) -> str:
    return f" ({', '.join(f'{count} {modality}' for modality, count in sorted(files.items()))})"


def _without_model(modality: str, count: int) -> str:
    if modality == "image":
        return f"{count} image files left out (--image_model takes them)"
    if modality == "other":
        return f"{count} files of other kinds"
    return f"{count} {modality} files left out, as there is no model for them"
