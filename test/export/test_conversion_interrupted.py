"""Ctrl-C in the middle of the scripts themselves."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scripts import CONVERT

Snapshot = Callable[[Path], dict[str, bytes]]


def interrupt(
    script: str, arguments: list[str | Path], line: str, delay: float = 0
) -> tuple[int, str, str]:
    """Runs a script, sends SIGINT ``delay`` seconds after it printed ``line``.

    Returns exit status, standard output and standard error.
    """
    command = subprocess.Popen(
        [sys.executable, str(CONVERT / script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert command.stderr is not None
    seen = ""
    while line not in seen:
        read = command.stderr.readline()
        assert read, seen
        seen += read
    time.sleep(delay)
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=120)
    return command.returncode, out, seen + err


def test_step_1_leaves_the_target_as_it_was(
    checkpoints: dict[str, Path], speech: Path, tmp_path: Path, snapshot: Snapshot
) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "manifest.json").write_text("old")
    windows = ",".join(map(str, range(1, 31)))
    arguments = ["--model", checkpoints["large-v3"], "--audio", speech, "--windows", windows]
    arguments += ["--out", tmp_path / "bundle"]
    status, out, err = interrupt("step1_pt_to_torchscript.py", arguments, "encode_2s: largest")
    assert (status, out) == (130, "")
    assert "Traceback" not in err
    assert err.endswith("interrupted; nothing was left half-written\n")
    assert snapshot(tmp_path) == {"bundle/manifest.json": b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_step_2_in_place_leaves_what_step_1_wrote(exported: Path, snapshot: Snapshot) -> None:
    before = snapshot(exported.parent)
    status, out, err = interrupt("step2_torchscript_to_tflite.py", [exported], "converting decode")
    assert (status, out) == (130, "")
    assert "Traceback" not in err
    assert snapshot(exported.parent) == before
    assert [path.name for path in exported.parent.iterdir()] == [exported.name]


@pytest.mark.slow
def test_step_2_beside_leaves_no_target(exported: Path) -> None:
    arguments = [exported, "--precision", "fp32"]
    status, out, _ = interrupt("step2_torchscript_to_tflite.py", arguments, "converting encode")
    assert (status, out) == (130, "")
    assert [path.name for path in exported.parent.iterdir()] == [exported.name]


@pytest.mark.slow
@pytest.mark.parametrize("delay", np.linspace(0, 5, 11))
def test_step_2_may_be_interrupted_at_any_moment(
    exported: Path, snapshot: Snapshot, delay: float
) -> None:
    # Native code that calls back into Python must not lose, change or die of the interruption.
    before = snapshot(exported.parent)
    arguments: list[str | Path] = [exported]
    script = "step2_torchscript_to_tflite.py"
    status, _, err = interrupt(script, arguments, "converting encode", delay)
    assert "Traceback" not in err
    assert status == 130 or "wrote " in err
    if status == 130:
        assert snapshot(exported.parent) == before
    assert [path.name for path in exported.parent.iterdir()] == [exported.name]


def test_the_scripts_have_help_and_no_side_effects(tmp_path: Path) -> None:
    for script in ("step1_pt_to_torchscript.py", "step2_torchscript_to_tflite.py"):
        done = subprocess.run(
            [sys.executable, str(CONVERT / script), "--help"],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        assert "Usage: " in done.stdout
        assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
