"""The C++ tests of sessions, streams and callbacks on many threads, over a real bundle."""

from __future__ import annotations

import os
import subprocess

import pytest
from comparison.bundles import ensure_bundle
from native_build import NATIVE_BUILD

from sotto.runtime.locate import find_litert

PROGRAM = NATIVE_BUILD / "cpp" / "sotto_tests"


@pytest.mark.skipif(not PROGRAM.exists(), reason="make test-cpp builds it")
def test_sessions_hold_on_many_threads() -> None:
    done = subprocess.run(
        [PROGRAM, "--source-file=*sessions_test*", "--no-colors"],
        env={
            **os.environ,
            "SOTTO_TEST_BUNDLE": str(ensure_bundle("tiny.en", "int8")),
            "SOTTO_LITERT": str(find_litert()),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "left out" not in done.stdout + done.stderr
    assert "3 passed" in done.stdout
