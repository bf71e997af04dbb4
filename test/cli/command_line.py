"""The two commands as a shell runs them."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finished import Finished

from sotto.runtime.locate import find_litert

SOTTO = [str(Path(sysconfig.get_path("scripts")) / "sotto")]
NATIVE = [str(Path(sysconfig.get_path("scripts")) / "sotto-native")]

# Followed by a number: so many tokens a window, all of them text, and one try.
BRIEF = ("--without_timestamps", "True", "--temperature_increment_on_fallback", "None")
BRIEF += ("--sample_len",)

# Runs the command in its arguments and prints its peak resident memory. A process of its own,
# which is small: a child's peak includes that of the process it was forked from.
_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def environment(**changes: str) -> dict[str, str]:
    """The environment, with LiteRT for the native command; a variable of "" is removed."""
    values = {**os.environ, "SOTTO_LITERT": str(find_litert()), **changes}
    return {key: value for key, value in values.items() if value}


def run(
    command: list[str],
    *arguments: str | Path,
    stdin: bytes = b"",
    variables: dict[str, str] | None = None,
    preexec: Callable[[], None] | None = None,
    **options: Any,
) -> Finished:
    """Runs a command to its end."""
    done = subprocess.run(
        [*command, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env=environment(**(variables or {})),
        preexec_fn=preexec,
        check=False,
        timeout=300,
        **options,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))


def peak_mib(command: list[str], *arguments: str | Path) -> float:
    """Peak resident memory of a command that succeeds, in MiB."""
    line = [sys.executable, "-S", "-c", _PEAK, *command, *map(str, arguments)]
    done = subprocess.run(line, check=True, capture_output=True, text=True, env=environment())
    return float(done.stdout)
