"""WAV files, for programs that read nothing else."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from sotto.preprocess import SAMPLE_RATE


def write_wav(path: Path, samples: np.ndarray) -> None:
    """float32 ``[n]`` as 16-bit PCM at 16 kHz, mono; what is beyond ±1 is clipped."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype(np.int16).tobytes())
