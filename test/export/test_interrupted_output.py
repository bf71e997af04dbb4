"""Ctrl-C at the worst moment: while a line of progress is being written."""

from __future__ import annotations

import subprocess
import sys

INTERRUPTED_WRITE = """
import io, signal, sys
from sotto import terminal

class Interrupted(io.RawIOBase):
    def writable(self): return True
    def fileno(self): return 2
    def write(self, text):
        signal.raise_signal(signal.SIGINT)
        return len(text)

terminal.stderr.file = io.TextIOWrapper(io.BufferedWriter(Interrupted()), line_buffering=True)
with terminal.exiting_on_interrupt(lambda: print("cleaned up", flush=True)):
    terminal.report("converting")
"""


def test_the_command_cleans_up_and_ends_as_interrupted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WRITE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "cleaned up\n")
    assert done.stderr == "interrupted; nothing was left half-written\n"
