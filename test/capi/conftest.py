"""The library as a program outside gets it: installed, and used through sotto.h."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from comparison.clips import REPOSITORY
from native_build import NATIVE_BUILD

TOOLS = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path = REPOSITORY) -> str:
    """Standard output of a command that must succeed."""
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `cmake --install` put the library; `make test-cpp` has built it before."""
    build = NATIVE_BUILD
    # Files of tests run at once, and must not build in one folder at once.
    if not (build / "cpp" / "libsotto.so").exists():
        run("cmake", "--preset", "release")
        run("cmake", "--build", build, "--target", "sotto", "sotto_shared", "sotto-native")
    prefix = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", build, "--component", "library", "--prefix", prefix)
    return prefix


@pytest.fixture(scope="session")
def library(installed: Path) -> Path:
    """The shared library."""
    (found,) = installed.glob("lib*/libsotto.so")
    return found
