"""``make demo`` says what a machine lacks before it begins anything."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "preflight.sh"
TOOLS = ("sh", "awk", "cat", "df", "mktemp", "rm")

# A stand-in for a compiler: what matters here is whether there is one.
COMPILES = "#!/bin/sh\nexit 0\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that is all of PATH: no Python, no compiler."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return folder


def add(machine: Path, name: str, text: str) -> None:
    (machine / name).write_text(text)
    (machine / name).chmod(0o755)


def python(fault: str = "") -> str:
    """A Python that finds ``fault`` when it is asked for its version and modules."""
    return f"#!/bin/sh\ncat >/dev/null\nprintf '{fault}'\n"


def preflight(machine: Path, gigabytes: int = 0, **variables: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [str(machine / "sh"), str(SCRIPT), str(gigabytes)],
        env={"PATH": str(machine), **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.strip(), done.stderr


def test_all_that_is_missing_is_said_at_once(machine: Path) -> None:
    code, out, err = preflight(machine, gigabytes=10**9)
    assert (code, out) == (1, "")
    assert "Python 3.11 or newer" in err
    assert "C++17 compiler" in err
    assert "1000000000 GB of free disk" in err


def test_debian_is_told_the_packages(machine: Path) -> None:
    add(machine, "apt-get", "#!/bin/sh\n")
    add(machine, "python3", python("without venv"))
    _, _, err = preflight(machine)
    assert "python3 is without venv" in err
    assert "apt-get install python3-venv python3-dev g++ make" in err


def test_a_python_of_any_name_will_do(machine: Path) -> None:
    add(machine, "c++", COMPILES)
    add(machine, "python3.11", python("without Python.h"))
    add(machine, "python3.13", python())
    assert preflight(machine) == (0, "python3.13", "")


def test_the_callers_python_is_the_only_one_tried(machine: Path) -> None:
    add(machine, "c++", COMPILES)
    add(machine, "python3.13", python())
    add(machine, "mine", python("older than 3.11"))
    code, _, err = preflight(machine, PYTHON="mine")
    assert code == 1
    assert "mine is older than 3.11" in err


def test_the_python_of_these_tests_will_do(machine: Path) -> None:
    add(machine, "c++", COMPILES)
    real = Path(sys.executable).resolve()
    assert preflight(machine, PYTHON=str(real)) == (0, str(real), "")
