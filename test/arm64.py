#!/usr/bin/env python3
"""The runtime on 64-bit Arm, by emulation: the same tokens as on this machine.

Cross-compiles sotto-native (Debian's g++-aarch64-linux-gnu), takes LiteRT's own library from its
wheel for Arm, and runs both under qemu-user. Compared are two short pieces of the
packaged recordings, in the 10 s window of tiny.en, in fp32 and int8. Takes some five minutes.

    python test/arm64.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import wave
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from comparison.clips import REPOSITORY, packaged_clips

from sotto.errors import DeviceError
from sotto.runtime.locate import find_litert
from sotto.terminal import clean_exits, report, run

BUILD = REPOSITORY / "build" / "aarch64-linux"
WORK = REPOSITORY / "build" / "arm64"

PIECES = {"two_cities": 8.0, "beckett": 6.0}
"""Seconds from the beginning of each recording."""

CPU = "cortex-a76"
"""In many a Dimensity and Genio: dot products, but neither i8mm nor SVE. With SVE (``max``),
qemu 7.2 gives no text in int8; with ``max,sve=off``, i8mm included, the right one."""

CPUINFO = Path(__file__).with_name("cpuinfo-cortex-a76")
"""Of the same. XNNPACK reads it, and finds no Arm in the one of the machine that emulates."""

TOOLS = {"aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu", "qemu-aarch64": "qemu-user"}


def call(*command: str | Path, **environment: str) -> str:
    """Standard output of a command. Raises DeviceError with what it complained of."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=REPOSITORY,
        env=os.environ | environment,
        check=False,
        text=True,
        capture_output=True,
    )
    if result.returncode != 0:
        said = (result.stdout + result.stderr)[-3000:]
        raise DeviceError(f"{command[0]} failed ({result.returncode}): {said}")
    return result.stdout


def check_tools() -> None:
    """Raises DeviceError with what to install."""
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        raise DeviceError(f"this needs Debian's {', '.join(missing)}: apt-get install them")


def make_sysroot() -> Path:
    """What the emulated program sees as ``/lib`` and ``/proc/cpuinfo``."""
    root = WORK / "sysroot"
    (root / "proc").mkdir(parents=True, exist_ok=True)
    shutil.copy(CPUINFO, root / "proc" / "cpuinfo")
    library = root / "lib"
    if not library.exists():
        library.symlink_to("/usr/aarch64-linux-gnu/lib")
    return root


def fetch_litert() -> Path:
    """LiteRT's library for Arm, of the version that is installed here."""
    library = WORK / "litert" / "ai_edge_litert" / "libLiteRt.so"
    if not library.exists():
        wanted = f"ai-edge-litert=={version('ai-edge-litert')}"
        call(
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", wanted),
            *("--only-binary=:all:", "--platform", "manylinux_2_27_aarch64"),
            *("--python-version", "3.11", "--dest", WORK / "wheel"),
        )
        (wheel,) = (WORK / "wheel").glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extract("ai_edge_litert/libLiteRt.so", WORK / "litert")
    return library


def make_bundles() -> dict[str, Path]:
    """tiny.en's 10 s window, by precision."""
    int8, fp32 = WORK / "tiny.en", WORK / "tiny.en-fp32"
    step1 = REPOSITORY / "convert" / "step1_pt_to_torchscript.py"
    step2 = REPOSITORY / "convert" / "step2_torchscript_to_tflite.py"
    if not (int8 / "torchscript").exists():
        call(
            *(sys.executable, step1, "--model", "tiny.en", "--out", int8),
            *("--windows", "10", "--no-alignment"),
        )
    if not (fp32 / "manifest.json").exists():
        call(sys.executable, step2, int8, "--precision", "fp32", "--out", fp32)
    if not (int8 / "decoder.tflite").exists():
        call(sys.executable, step2, int8)
    return {"fp32": fp32, "int8": int8}


def write_pieces() -> dict[str, Path]:
    """WAV files of the recordings' beginnings, by name."""
    files = {}
    for clip in packaged_clips():
        if clip.name not in PIECES:
            continue
        samples = clip.samples[: int(PIECES[clip.name] * 16_000)]
        files[clip.name] = WORK / f"{clip.name}.wav"
        with wave.open(str(files[clip.name]), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return files


def build(tests: bool) -> Path:
    """sotto-native for Arm, and the C++ tests where they are asked for."""
    compiler = Path(sys.executable).parent
    path = os.pathsep.join([str(compiler), os.environ["PATH"]])
    call("cmake", "--preset", "aarch64-linux", PATH=path)
    targets = ["sotto-native", *(["sotto_tests"] if tests else [])]
    call("cmake", "--build", "--preset", "aarch64-linux", "--target", *targets, PATH=path)
    return BUILD / "cpp" / "sotto-native"


def here() -> Path:
    """sotto-native of this machine."""
    program = Path(sys.executable).with_name("sotto-native")
    if not program.exists():
        raise DeviceError(f"no {program}: pip install . makes it")
    return program


def arm64(
    tests: Annotated[
        bool, typer.Option("--tests", help="Also the C++ tests, which take minutes in emulation.")
    ] = False,
) -> None:
    """The runtime on 64-bit Arm, by emulation: the same tokens as on this machine."""
    with clean_exits():
        check_tools()
        emulated = ("qemu-aarch64", "-cpu", CPU, "-L", make_sysroot())
        library = fetch_litert()
        report("cross-compiling")
        program = build(tests)
        if tests:
            report("running the C++ tests")
            call(*emulated, BUILD / "cpp" / "sotto_tests")
        report("making bundles of tiny.en")
        bundles, pieces, native = make_bundles(), write_pieces(), here()
        wrong = []
        for precision, bundle in bundles.items():
            for name, piece in pieces.items():
                asked = ("--model", bundle, "--window", "10", "--timestamps", "--tokens", piece)
                options = ("--weight-cache", "", "--temperature", "0", "--threads", "1")
                expected = call(native, *options, "--litert", find_litert(), *asked)
                heard = call(*emulated, program, *options, "--litert", library, *asked)
                same = heard == expected
                verdict = "the same" if same else "other"
                report(f"{precision} {name}: {verdict} tokens and times: {heard!r}")
                if not same:
                    wrong.append(f"{precision} {name}: {heard!r} on Arm, {expected!r} here")
        if wrong:
            raise DeviceError("; ".join(wrong))


if __name__ == "__main__":
    run(arm64)
