"""What a further session costs, as ``bench/sessions.py`` measures it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from comparison.clips import REPOSITORY

if not Path("/proc/self/smaps_rollup").exists():
    pytest.skip("the system does not say what memory is a process's own", allow_module_level=True)


def test_a_further_session_of_base_costs_less_than_its_encoder_and_caches_would(
    bundle: Callable[[str, str], Path],
) -> None:
    command = [sys.executable, REPOSITORY / "bench" / "sessions.py", "--part", "cost"]
    done = subprocess.run(
        [*command, bundle("base", "int8"), "30", "0"], capture_output=True, text=True, check=True
    )
    private = [each["private"] for each in json.loads(done.stdout.splitlines()[-1])]
    # Of 30 s: 37 MiB of keys and values to attend to, the self caches, the compiled decoder. The
    # second session's first share of the weights hides its cost.
    third, fourth = private[3] - private[2], private[4] - private[3]
    assert third < 65
    assert fourth < 65
