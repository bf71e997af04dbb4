"""A process that is killed at any step of its work on the disk loses nothing and leaves no half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from killing import OPERATIONS


@pytest.mark.skipif(sys.platform == "win32", reason="it forks")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_kill_before_any_step_leaves_the_old_or_the_new(operation: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("killing.py")
    done = subprocess.run(
        [sys.executable, str(script), operation, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 3
