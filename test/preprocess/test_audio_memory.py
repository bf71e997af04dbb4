"""Three hours of audio stream in the memory of half a minute."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

HOURS = 3

# Peak resident memory is measured in a process of its own, beyond what it needs for one second.
MEASURE = """
import resource, sys
from sotto.preprocess import stream_audio
def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
for _ in stream_audio(sys.argv[1]):
    pass
before = peak_mib()
samples = sum(len(block) for block in stream_audio(sys.argv[2]))
print(samples, peak_mib() - before)
"""


def write_tone(path: Path, seconds: int, rate: int) -> None:
    second = (0.3 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)
    minute = np.tile(second, 60)
    with soundfile.SoundFile(path, "w", rate, 1, subtype="PCM_16") as file:
        for start in range(0, seconds, 60):
            file.write(minute[: (seconds - start) * rate])


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
@pytest.mark.parametrize("suffix", ["flac", pytest.param("wav", marks=pytest.mark.slow)])
def test_three_hours_stream_within_32_mib(tmp_path: Path, suffix: str) -> None:
    write_tone(tmp_path / f"short.{suffix}", 1, 8_000)
    write_tone(tmp_path / f"long.{suffix}", HOURS * 3600, 8_000)
    command = [sys.executable, "-c", MEASURE]
    command += [str(tmp_path / f"{length}.{suffix}") for length in ("short", "long")]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert int(report[0]) == HOURS * 3600 * 16_000
    # Whole, it would be 659 MiB. A block of 30 s and the pieces it is put together from are 4.
    assert float(report[1]) < 32
