"""What a contender is: how its weights are made, and how it is loaded and called in a worker."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

Encode = Callable[[Sequence[Any], int], np.ndarray]
"""Items and how many at once to float32 ``[n, dimensions]`` of length 1."""


class Embedder(ABC):
    """One contender in one setting. Libraries are imported inside methods only.

    Attributes:
        name: as in tables.
        modality: ``text``, whose items are strings, ``image``, whose items are uint8
            ``[H, W, 3]``, or ``audio``, whose items are float32 ``[n]`` at 16 kHz.
        setting: what it computes with.
    """

    name: ClassVar[str]

    def __init__(self, modality: str, setting: str) -> None:
        self.modality, self.setting = modality, setting

    @abstractmethod
    def prepare(self, checkpoint: Path, folder: Path) -> Path:
        """Makes what ``load`` takes of a Hugging Face directory, where it is not there already.

        Args:
            checkpoint: the directory; of audio, the name of a Whisper.
            folder: of this contender alone, which is kept between runs.
        """

    @abstractmethod
    def load(self, weights: Path, threads: int) -> Encode:
        """Loads what ``prepare`` made, ready to be called."""

    def disk_bytes(self, weights: Path) -> int:
        """What has to be on a device's disk besides the library."""
        files = [weights] if weights.is_file() else weights.rglob("*")
        return sum(file.stat().st_size for file in files if file.is_file())


def normalised(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
