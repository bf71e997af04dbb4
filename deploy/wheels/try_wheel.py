#!/usr/bin/env python3
"""A wheel where no compiler is: it installs, has its licences, and transcribes. See --help."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

LICENCES = ("LICENSE", "nlohmann_json", "pocketfft", "zlib")
"""What the wheel's licences are of, by their paths in it."""


def check_files(wheel: Path) -> None:
    """Raises SystemExit where licences or the mark of a typed package are missing."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    licences = [name for name in names if ".dist-info/licenses/" in name]
    for wanted in LICENCES:
        if not any(wanted in name for name in licences):
            raise SystemExit(f"{wheel.name} has no licence of {wanted}: {licences}")
    if "sotto/py.typed" not in names:
        raise SystemExit(f"{wheel.name} has no sotto/py.typed")


def heard(wheel: Path, python: str, model: Path, recording: Path) -> str:
    """What the wheel's own command writes of ``recording``, in a fresh environment."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        programs = folder / "venv" / "bin"
        # A PATH with the environment alone: neither a compiler nor CMake is on it.
        environment = {
            **{name: value for name, value in os.environ.items() if name not in ("CC", "CXX")},
            "PATH": str(programs),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        install = [programs / "python", "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
        subprocess.run([*install, wheel], check=True, env=environment)
        command = [programs / "sotto", "transcribe", recording, "--model", model]
        done = subprocess.run(
            command, check=True, env=environment, cwd=folder, capture_output=True, text=True
        )
    return done.stdout.strip()


def main() -> None:
    """Tries a wheel."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("model", type=Path, help="a Whisper bundle")
    parser.add_argument("recording", type=Path, help="some seconds of speech")
    parser.add_argument("--python", default=sys.executable, help="of the wheel's version")
    options = parser.parse_args()
    paths = (options.wheel.resolve(), options.model.resolve(), options.recording.resolve())
    check_files(paths[0])
    text = heard(paths[0], options.python, paths[1], paths[2])
    if not text:
        raise SystemExit("nothing was heard")
    print(text)


if __name__ == "__main__":
    main()
