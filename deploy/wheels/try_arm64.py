#!/usr/bin/env python3
"""A wheel for 64-bit Arm, by emulation: it installs, and transcribes. See --help.

Debian's Python for Arm, which debootstrap brings, is unpacked into a folder and runs under
qemu-user, with what pip chooses for Arm. Nothing is installed on this machine. Needs root, as
debootstrap does:

    apt-get install debootstrap qemu-user
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from try_wheel import check_files
from zig import GLIBC

ROOT = Path(__file__).resolve().parents[2]
CPU = "cortex-a76"
"""See test/arm64.py."""
TOOLS = {"debootstrap": "debootstrap", "qemu-aarch64": "qemu-user", "dpkg": "dpkg"}


def unpack_python(suite: str, root: Path) -> Path:
    """Unpacks a bare Debian for Arm with its Python into ``root``, and gives the interpreter."""
    if not any(root.glob("usr/bin/python3.*")):
        shutil.rmtree(root, ignore_errors=True)
        make = ["debootstrap", "--foreign", "--arch=arm64", "--variant=minbase"]
        subprocess.run([*make, "--include=python3", suite, root], check=True)
        # The first stage unpacks what dpkg itself needs; the second would run it.
        for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
            subprocess.run(["dpkg", "-x", package, root], check=True)
    # XNNPACK reads it, and finds no Arm in the one of the machine that emulates.
    (root / "proc").mkdir(exist_ok=True)
    shutil.copy(ROOT / "test" / "cpuinfo-cortex-a76", root / "proc" / "cpuinfo")
    (python,) = (path for path in root.glob("usr/bin/python3.*") if path.name[8:].isdigit())
    return python


def install(wheel: Path, version: str, packages: Path) -> None:
    """Puts the wheel and what it needs into a folder, from wheels for Arm alone."""
    shutil.rmtree(packages, ignore_errors=True)
    newest = int(GLIBC.partition(".")[2])
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(newest, 16, -1)]
    platforms.append("manylinux2014_aarch64")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    for platform in platforms:
        command += ["--platform", platform]
    abi = f"cp{version.replace('.', '')}"
    command += ["--implementation", "cp", "--python-version", version, "--abi", abi]
    variables = {name: value for name, value in os.environ.items() if "CONSTRAINT" not in name}
    subprocess.run([*command, "--target", packages, wheel], check=True, env=variables)


def run(emulated: list[str | Path], packages: Path, *command: str | Path) -> str:
    """Standard output of a program for Arm."""
    variables = {"PATH": "/nowhere", "HOME": "/nowhere", "PYTHONPATH": str(packages)}
    done = subprocess.run(
        [*emulated, *command],
        env={**variables, "LANG": "C.UTF-8", "SOTTO_WEIGHT_CACHE": ""},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()


def main() -> None:
    """Tries a wheel."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("model", type=Path, help="a Whisper bundle; a small one, as this is slow")
    parser.add_argument("recording", type=Path, help="some seconds of 16 kHz WAV")
    parser.add_argument(
        "--suite", default="trixie", help="the Debian whose Python the wheel is for"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "try-arm64")
    options = parser.parse_args()
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        raise SystemExit(f"this needs {', '.join(missing)}: apt-get install them")
    wheel, model = options.wheel.resolve(), options.model.resolve()
    check_files(wheel)
    folder = options.folder.resolve() / options.suite
    folder.mkdir(parents=True, exist_ok=True)
    python = unpack_python(options.suite, folder / "root")
    packages = folder / "packages"
    install(wheel, python.name.removeprefix("python"), packages)
    emulated = ["qemu-aarch64", "-cpu", CPU, "-L", folder / "root"]
    asked = ["--model", model, options.recording.resolve()]
    by_python = run(emulated, packages, python, packages / "bin" / "sotto", "transcribe", *asked)
    litert = packages / "ai_edge_litert" / "libLiteRt.so"
    program = packages / "bin" / "sotto-native"
    by_program = run(emulated, packages, program, "--litert", litert, *asked)
    print(f"sotto:        {by_python}\nsotto-native: {by_program}")
    if not by_python or not by_program:
        raise SystemExit("nothing was heard")


if __name__ == "__main__":
    main()
