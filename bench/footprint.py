#!/usr/bin/env python3
"""Peak memory and disk space: of transcribing 11 s of speech, and of converting a checkpoint.

Each figure is the largest resident set (ru_maxrss) of one fresh process, as the operating system
counts it; --convert also converts MODEL into a temporary directory, which takes minutes.

    python bench/footprint.py models/whisper-base models/whisper-base-fp32
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import sotto
from peers.sotto import Sotto
from sotto.export.recording import packaged_recording
from sotto.preprocess import SAMPLE_RATE, read_audio
from sotto.runtime.locate import find_litert
from sotto.terminal import report, run
from wav import write_wav

SECONDS = 11
MEBIBYTE = 1 << 20
ROOT = Path(__file__).resolve().parent.parent


def peak_memory(command: list[str]) -> float:
    """MiB of the largest resident set of ``command``; raises CalledProcessError if it fails."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        messages = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=messages)
    return usage.ru_maxrss / 1024


def write_clip(path: Path) -> None:
    """The first seconds of a recording, as 16 kHz 16-bit WAV."""
    write_wav(path, read_audio(packaged_recording())[: SECONDS * SAMPLE_RATE])


def disk_space(bundle: Path) -> float:
    """MiB of what a device needs."""
    return Sotto().disk_bytes(bundle) / MEBIBYTE


def footprint(
    bundles: Annotated[list[Path], typer.Argument(help="Bundles to measure.")],
    convert: Annotated[
        str | None, typer.Option(help="Checkpoint whose conversion is measured, too.")
    ] = None,
) -> None:
    """Peak memory and disk space of transcribing, and of converting."""
    scripts = Path(sys.executable).parent
    table = Table(title=f"sotto {sotto.__version__}, {platform.machine()}, {os.cpu_count()} CPUs")
    table.add_column("what")
    table.add_column("peak MiB", justify="right")
    table.add_column("disk MiB", justify="right")
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        write_clip(clip)
        for bundle in bundles:
            common = ["--model", str(bundle), str(clip)]
            native = [str(scripts / "sotto-native"), "--litert", str(find_litert()), *common]
            command = [str(scripts / "sotto"), "transcribe", *common]
            for name, line in (("sotto-native", native), ("sotto transcribe", command)):
                report(" ".join(line))
                size = f"{disk_space(bundle):.0f}"
                table.add_row(
                    f"{name}, {bundle.name}, {SECONDS} s", f"{peak_memory(line):.0f}", size
                )
        if convert is not None:
            out = str(Path(folder) / "bundle")
            step1 = ROOT / "convert" / "step1_pt_to_torchscript.py"
            step2 = ROOT / "convert" / "step2_torchscript_to_tflite.py"
            for name, line in (
                ("step 1", [sys.executable, str(step1), "--model", convert, "--out", out]),
                ("step 2", [sys.executable, str(step2), out]),
            ):
                report(" ".join(line))
                table.add_row(f"{name}, {convert}", f"{peak_memory(line):.0f}", "")
    Console(width=100).print(table)


if __name__ == "__main__":
    run(footprint)
