"""Ctrl-C in the middle of a transcription: status 130, one line, nothing half-written."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import BRIEF, SOTTO, environment


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_long_transcriptions_without_a_traceback(
    tiny_en: Path, repeated: Callable[[int, str], Path], tmp_path: Path, jobs: int
) -> None:
    files = ["a.wav", "b.wav", "c.wav"]
    long = repeated(30, "wav")
    for file in files:
        (tmp_path / file).symlink_to(long)
    arguments = ["transcribe", "--model", str(tiny_en), "--output_dir", "written"]
    arguments += ["--jobs", str(jobs), *BRIEF, "3", *files]
    # On a terminal, the command says how far it is.
    terminal, stderr = pty.openpty()
    command = subprocess.Popen(
        [*SOTTO, *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environment(TERM="xterm"),
        cwd=tmp_path,
    )
    os.close(stderr)
    seen = b""
    while b"of 1800 s" not in seen:
        seen += os.read(terminal, 4096)
    command.send_signal(signal.SIGINT)
    while True:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # what Linux says at a terminal's end
            break
    out, _ = command.communicate(timeout=60)
    os.close(terminal)
    assert command.returncode == 130
    assert out == b""
    assert b"interrupted" in seen
    assert b"Traceback" not in seen
    assert list((tmp_path / "written").iterdir()) == []
