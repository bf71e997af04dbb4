"""Where a command's results go: standard output, or files that are whole or not there."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from sotto.asr.formats import FORMATS, LineOptions
from sotto.errors import OutputError
from sotto.terminal import discard_stdout

_JOINED = ("txt", "json")
"""Formats in which several files' results can follow one another."""


@dataclass(frozen=True)
class Destination:
    """Where results are written.

    Attributes:
        formats: names of :data:`sotto.asr.formats.FORMATS`.
        lines: how subtitles are cut.
        directory: of the files; None is standard output, for one format.
    """

    formats: Sequence[str]
    lines: LineOptions
    directory: Path | None

    def prepare(self, files: Sequence[str]) -> None:
        """Raises OutputError now where writing the results of ``files`` would fail later."""
        if self.directory is not None:
            self._check_names(files)
            _make_directory(self.directory)
        elif len(files) > 1 and self.formats[0] not in _JOINED:
            raise OutputError(
                f"the {self.formats[0]} of {len(files)} files can't follow one another on standard "
                "output; give --output_dir"
            )

    def write(self, file: str, result: dict[str, Any]) -> None:
        """Writes openai-whisper's ``result`` of ``file`` in each format.

        Raises:
            OutputError: it can't be written; then none of the formats' files is.
        """
        if self.directory is None:
            print_whole(self._printed(file, result))
            return
        texts = {
            self.directory / _output_name(file, name): FORMATS[name](result, self.lines)
            for name in self.formats
        }
        _write_all(texts)

    def _printed(self, file: str, result: dict[str, Any]) -> str:
        if self.formats[0] != "json":
            return FORMATS[self.formats[0]](result, self.lines)
        # A line a file, which says whose it is: one that failed has none.
        return json.dumps({"file": file, **result}, ensure_ascii=False) + "\n"

    def _check_names(self, files: Sequence[str]) -> None:
        names = Counter(_output_name(file, self.formats[0]) for file in files)
        for name, count in names.items():
            if count > 1:
                raise OutputError(
                    f"{count} of the files would be written to {name}; transcribe them into "
                    "directories of their own"
                )


def make_text_printable() -> None:
    """Text that the terminal's encoding lacks is printed as escapes, which JSON reads back."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_whole(text: str) -> None:
    """Prints to standard output, and sees that it went out.

    Raises:
        OutputError: it did not.
        BrokenPipeError: its reader is gone.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; use --output_dir")
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise OutputError(
            f"can't write to standard output ({error.strerror}); make room where it goes"
        ) from error


def finite(value: Any) -> Any:
    """JSON knows no infinity, which stands for no difference: null."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def decibel_cell(value: float) -> str:
    """Signal to noise in a table."""
    return "same" if value == math.inf else f"{value:.1f}"


def _output_name(file: str, suffix: str) -> str:
    return f"{'stdin' if file == '-' else Path(file).stem}.{suffix}"


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".sotto-writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"can't write in {directory} ({error.strerror}); choose another --output_dir"
        ) from error


def _write_all(texts: dict[Path, str]) -> None:
    partials = {path: path.with_name(f".{path.name}.partial") for path in texts}
    with ExitStack() as cleanup:
        for partial in partials.values():
            cleanup.callback(_remove, partial)
        for path, text in texts.items():
            with _reported(path):
                partials[path].write_text(text, encoding="utf-8", errors="backslashreplace")
        for path, partial in partials.items():
            with _reported(path):
                partial.replace(path)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"can't write {path} ({error.strerror}); choose another --output_dir"
        ) from error
