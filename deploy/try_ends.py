#!/usr/bin/env python3
"""Both ends of the ranges in pyproject.toml: the oldest versions, and the newest ones.

Installs Sotto into two fresh environments, with the lower end of each range and with what pip
chooses, transcribes a recording in both, and wants the same text. See --help.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CHECK = """
import sys
import sotto
model, recording = sys.argv[1:]
speech = sotto.load_model(model)
print(" ".join(segment.text.strip() for segment in speech.recognize(recording).segments))
"""


def lower_ends(extras: list[str]) -> list[str]:
    """``name==version`` of the runtime's requirements, and those of some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    found = [re.match(r"([\w.-]+)>=([\w.]+)", line) for line in lines]
    return [f"{match[1]}=={match[2]}" for match in found if match]


def heard(folder: Path, what: str, constraints: list[str], model: Path, recording: Path) -> str:
    """The text of ``recording``, by Sotto in an environment of its own."""
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pins = folder / "constraints.txt"
    pins.write_text("\n".join(constraints))
    variables = {k: v for k, v in os.environ.items() if "CONSTRAINT" not in k}
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--constraint", pins, what],
        check=True,
        env=variables,
    )
    asked = [python, "-c", CHECK, model, recording]
    done = subprocess.run(asked, check=True, cwd=folder, capture_output=True, text=True)
    for arguments in (["--help"], ["transcribe", "--help"], ["index", "--help"], ["npu", "--help"]):
        subprocess.run(
            [folder / "bin" / "sotto", *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
    frozen = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True
    )
    print(*frozen.stdout.split())
    return done.stdout.strip()


def main() -> None:
    """Tries both ends, and compares what was heard."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=Path, help="a Whisper bundle")
    parser.add_argument("recording", type=Path, help="some seconds of speech")
    parser.add_argument("--wheel", default=str(ROOT), help="a wheel; built from here if not given")
    options = parser.parse_args()
    model, recording = options.model.resolve(), options.recording.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        wheel = str(Path(options.wheel).resolve())
        if not wheel.endswith(".whl"):
            build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", scratch]
            subprocess.run([*build, wheel], check=True)
            (made,) = Path(scratch).glob("*.whl")
            wheel = str(made)
        oldest = heard(Path(scratch, "oldest"), wheel, lower_ends([]), model, recording)
        newest = heard(Path(scratch, "newest"), wheel, [], model, recording)
    print(f"oldest: {oldest}\nnewest: {newest}")
    if not oldest or oldest != newest:
        raise SystemExit("the two ends hear differently")


if __name__ == "__main__":
    main()
