"""Where the time for the tests is over, the run fails and names those that it left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_tests_without_time_are_failures_by_name() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--within", "0", "structure/test_rooms.py"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ERROR structure/test_rooms.py::" in done.stdout
    assert "left out: the 0 seconds of --within are over" in done.stdout
    assert "passed" not in done.stdout
