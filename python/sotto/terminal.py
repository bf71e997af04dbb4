"""What every command does at its edges: errors as one line, Ctrl-C without a traceback."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from sotto.errors import SottoError

FAILURE = 1
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""

stderr = Console(stderr=True, soft_wrap=True, highlight=False)
"""For everything but results, which alone go to standard output."""


def report(line: str) -> None:
    """Prints one line of progress to standard error."""
    stderr.print(line, markup=False)


INTERRUPTION = "interrupted; nothing was left half-written"


def discard_stdout() -> None:
    """After a failed write: Python would report it again while it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def clean_exits() -> Iterator[None]:
    """Turns Sotto's errors into one line on standard error and an exit status.

    A closed standard output (``sotto transcribe … | head -1``) ends the command quietly.
    """
    try:
        yield
    except SottoError as error:
        stderr.print(f"error: {error}", markup=False, style="red")
        raise typer.Exit(FAILURE) from error
    except KeyboardInterrupt:
        report(INTERRUPTION)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        discard_stdout()
        raise typer.Exit(FAILURE) from None


@contextmanager
def exiting_on_interrupt(cleanup: Callable[[], None]) -> Iterator[None]:
    """Makes Ctrl-C clean up and end the process on the spot, without an exception.

    Converters call back into Python from native code, which turns a KeyboardInterrupt into
    another error, loses it, or aborts.
    """

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would break off the cleaning
        cleanup()
        # Past the console's file, which can't be written to where it is what was interrupted.
        os.write(stderr.file.fileno(), f"{INTERRUPTION}\n".encode())
        os._exit(INTERRUPTED)

    previous = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def hushed_libraries() -> Iterator[None]:
    """Keeps what libraries print off the terminal; our own lines still reach it.

    Converters and their native code print much, to both standard streams. If the block
    fails with anything but one of our own errors, what they printed last is shown.
    """
    sys.stdout.flush()
    saved = os.dup(1), os.dup(2)
    with (
        tempfile.TemporaryFile() as log,
        # As sys.stderr: a path that is not UTF-8 must not keep a message from being printed.
        os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace") as terminal,
    ):
        stderr.file = terminal
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield
        except (SottoError, KeyboardInterrupt):
            raise
        except BaseException:
            log.seek(max(0, log.tell() - 4000))
            report(log.read().decode(errors="replace"))
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, copy in zip((1, 2), saved, strict=True):
                os.dup2(copy, descriptor)
                os.close(copy)
            stderr.file = None  # type: ignore[assignment]  # whatever sys.stderr is


def run(command: Callable[..., Any]) -> None:
    """Runs a function as a command: its parameters are the options, its docstring the help."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(command)
    app()
