"""What a peer is: how its weights are made, and how it is loaded and called in a worker.

A peer is one module of this folder with a class that derives from :class:`Peer`, and the line
``PEER = ThatClass()``. The harness imports all of them, so a module imports its library inside
its methods only. ``prepare`` runs in the harness, once; all else runs in a worker process that
is made anew for each round (``bench/worker.py``)::

    import library                     import_ms
    load(...)                          load_ms
    first_tokens(window, 1)            cold_first_token_ms
    transcribe(...)                    warm-up
    transcribe(...)                    call_ms, one a run; nothing else happens meanwhile
    first_tokens(window, 1)            first_token_ms
    stages(window)                     encoder_ms, decoder_ms, steps

where a window is what the audio begins with, 30 s of it at most.

Whoever is measured: greedy (one beam, temperature 0 alone), English, no voice activity detection,
text before a window as its prompt (what openai-whisper, faster-whisper and Sotto do if not told
otherwise), thresholds as they come.
"""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from measurement import Job, Measurement

SAMPLES_A_WINDOW = 30 * 16_000


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Makes a file whole or not at all: ``write`` gets the path of what is then renamed."""
    part = path.with_name(f"{path.name}.part")
    write(part)
    part.replace(path)


@dataclass(frozen=True)
class Stages:
    """Where the time of one window goes; None is what a peer does not let one see.

    Attributes:
        encoder_ms: of its encoder run.
        decoder_ms: of its decoder steps.
        steps: tokens that were sampled, the end of text with them.
    """

    encoder_ms: float | None = None
    decoder_ms: float | None = None
    steps: int | None = None


class Recogniser(ABC):
    """A loaded model."""

    @abstractmethod
    def transcribe(self, samples: np.ndarray, *, timestamps: bool) -> str:
        """The text of float32 ``[n]`` at 16 kHz. This call is what is timed.

        Args:
            samples: of any length.
            timestamps: False: text alone, of one window, 30 s at most. True: long-form.
        """

    def first_tokens(self, window: np.ndarray, count: int) -> bool:
        """Transcribes one window, without timestamps, as far as ``count`` tokens.

        Returns:
            Whether it did; False where a peer has no limit of tokens, and nothing was done.
        """
        return False

    def stages(self, window: np.ndarray) -> Stages:
        """Where the time of transcribing one window, without timestamps, goes."""
        return Stages()

    def peak_mib(self) -> float:
        """MiB of the largest resident set so far; of this process if not overridden."""
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            # Not ru_maxrss, which counts what the parent held when it forked.
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("/proc/self/status has no VmHWM")


class Peer(ABC):
    """One recogniser that is measured.

    Attributes:
        name: as in tables and in ``--peers``.
        library: the module to import; a peer whose library is not installed is left out.
        distribution: whose version is reported, as on PyPI.
        settings: what it can compute with, such as ``int8``. All of them run.
        environment: of the worker, besides what the harness has; read before any import.
    """

    name: ClassVar[str]
    library: ClassVar[str]
    distribution: ClassVar[str]
    settings: ClassVar[tuple[str, ...]]
    environment: ClassVar[Mapping[str, str]] = {}

    def installed(self) -> bool:
        """Whether the library is there; nothing is imported."""
        package = self.library.partition(".")[0]  # looking for a part of it would import it
        return importlib.util.find_spec(package) is not None

    def max_seconds(self) -> float:
        """The longest audio that it takes in one call, in seconds."""
        return float("inf")

    @abstractmethod
    def prepare(self, model: str, setting: str, folder: Path) -> Path:
        """Makes the weights from the checkpoint ``model``, where they are not there already.

        Args:
            model: a published name such as ``base`` (``sotto.checkpoints.load_checkpoint``).
            setting: one of ``settings``.
            folder: of this peer alone, which is kept between runs; write whole files only.

        Returns:
            What ``load`` takes: a file or a directory.
        """

    def disk_bytes(self, weights: Path) -> int:
        """What has to be on a device's disk besides the library."""
        files = [weights] if weights.is_file() else weights.rglob("*")
        return sum(file.stat().st_size for file in files if file.is_file())

    def measure(self, job: Job) -> Measurement:
        """Does a worker's job; overridden where a peer is a program, not a library."""
        from measure import measure_library

        return measure_library(self, job)

    @abstractmethod
    def load(self, weights: Path, setting: str, threads: int) -> Recogniser:
        """Loads what ``prepare`` made, ready to be called, on ``threads`` CPU threads."""
