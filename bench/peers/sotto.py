"""Sotto from Python."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from peers.peer import Peer, Recogniser, Stages

if TYPE_CHECKING:
    from sotto.asr import SpeechModel
    from sotto.asr.result import Transcription

ROOT = Path(__file__).resolve().parents[2]


def make_bundle(model: str, setting: str, folder: Path) -> Path:
    """The bundle ``FOLDER/whisper-MODEL``, with step 1's default windows, made where missing."""
    sys.path.append(str(ROOT / "test"))
    from comparison.bundles import ensure_bundle

    from sotto.terminal import report

    precision = "int8" if setting == "int8" else "fp32"
    return ensure_bundle(model, precision, report, folder=folder, windows="10,16,30")


class _Sotto(Recogniser):
    def __init__(self, model: SpeechModel) -> None:
        self._model = model

    def _run(self, samples: np.ndarray, **options: Any) -> Transcription:
        return self._model.recognize(samples, language="en", temperature=0.0, **options)

    def transcribe(self, samples: np.ndarray, *, timestamps: bool) -> str:
        return self._run(samples, without_timestamps=not timestamps).text

    def first_tokens(self, window: np.ndarray, count: int) -> bool:
        self._run(window, without_timestamps=True, sample_len=count)
        return True

    def stages(self, window: np.ndarray) -> Stages:
        profile = self._run(window, without_timestamps=True).profile
        return Stages(profile.encoder_ms, profile.decoder_ms, profile.decoder_steps)


class Sotto(Peer):
    """Its bundle in the C++ runtime, called from Python."""

    name = "sotto"
    library = "sotto"
    distribution = "sotto"
    settings = ("int8", "fp32")

    def prepare(self, model: str, setting: str, folder: Path) -> Path:
        return make_bundle(model, setting, folder)

    def disk_bytes(self, weights: Path) -> int:
        """Without step 1's TorchScript, which stays where the bundle was made."""
        return super().disk_bytes(weights) - super().disk_bytes(weights / "torchscript")

    def load(self, weights: Path, setting: str, threads: int) -> Recogniser:
        import sotto

        return _Sotto(sotto.load_model(weights, threads=threads))


PEER = Sotto()
