#!/usr/bin/env python3
"""What a decoder step copies: bytes that the host writes, and bytes that LiteRT's kernels move.

Transcribes one clip with sotto-native twice, with different limits on the tokens, while a shim
counts every memcpy of 16 KiB or more; the difference is what the additional steps copied.

    python bench/copied_bytes.py models/whisper-base
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

import sotto
from footprint import write_clip
from sotto.preprocess import read_audio
from sotto.runtime.locate import find_litert
from sotto.terminal import run

SHIM = Path(__file__).with_suffix(".c")
MEBIBYTE = 1 << 20
FEW, MANY = 2, 18


def copied(command: list[str], shim: Path) -> tuple[int, int]:
    """Bytes copied in large pieces, and decoder steps, of one run of sotto-native."""
    environment = os.environ | {"LD_PRELOAD": str(shim)}
    result = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found = re.search(r"copied-bytes (\d+)", result.stderr)
    steps = re.search(r"in (\d+) steps", result.stderr)
    if found is None or steps is None:
        raise RuntimeError(f"unexpected output: {result.stderr}")
    return int(found[1]), int(steps[1])


def copied_bytes(
    bundle: Annotated[Path, typer.Argument(help="Bundle to measure.")],
    window: Annotated[int, typer.Option(help="Seconds of the window.")] = 30,
) -> None:
    """Bytes that a decoder step copies."""
    with tempfile.TemporaryDirectory() as folder:
        shim, clip = Path(folder) / "shim.so", Path(folder) / "clip.wav"
        subprocess.run(
            ["cc", "-O2", "-shared", "-fPIC", "-o", str(shim), str(SHIM), "-ldl"], check=True
        )
        write_clip(clip)
        runs = []
        for tokens in (FEW, MANY):
            command = [
                str(Path(sys.executable).parent / "sotto-native"),
                *("--litert", str(find_litert()), "--model", str(bundle), "--profile"),
                *("--window", str(window), "--sample-len", str(tokens), str(clip)),
            ]
            runs.append(copied(command, shim))
        (few_bytes, few_steps), (many_bytes, many_steps) = runs
        kernels = (many_bytes - few_bytes) / (many_steps - few_steps)
        profile = sotto.load_model(bundle).recognize(read_audio(clip), window=window).profile
    written = profile.cache_bytes_written / profile.decoder_steps
    print(f"{bundle.name}, {window} s window, a decoder step:")
    print(f"  written to the caches by the host {written:.0f} bytes")
    print(f"  moved by LiteRT's kernels         {kernels / MEBIBYTE:.1f} MiB")
    print(f"encoder runs a window               {profile.encoder_runs}")


if __name__ == "__main__":
    run(copied_bytes)
