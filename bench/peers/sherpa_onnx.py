"""sherpa-onnx: Whisper on ONNX Runtime.

As users get it: it appends 10 s of silence to whatever is shorter than 20 s, and encodes that.
It takes one window alone, and has neither a limit of tokens nor timings of its stages.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from peers.peer import Peer, Recogniser

if TYPE_CHECKING:
    from weights.sherpa import Precision

SAMPLE_RATE = 16_000
# It cuts what is longer, less half a second of silence (csrc/offline-recognizer-whisper-impl.h).
MAX_SECONDS = 29.5


class _SherpaOnnx(Recogniser):
    def __init__(self, recognizer: Any) -> None:
        self._recognizer = recognizer

    def transcribe(self, samples: np.ndarray, *, timestamps: bool) -> str:
        """``timestamps`` changes nothing: there is no long form."""
        stream = self._recognizer.create_stream()
        stream.accept_waveform(SAMPLE_RATE, samples)
        self._recognizer.decode_stream(stream)
        return str(stream.result.text)


class SherpaOnnx(Peer):
    """Its pair of graphs, as float32 and as its exporter quantises them."""

    name = "sherpa-onnx"
    library = "sherpa_onnx"
    distribution = "sherpa-onnx"
    settings = ("int8", "fp32")

    def max_seconds(self) -> float:
        return MAX_SECONDS

    def prepare(self, model: str, setting: str, folder: Path) -> Path:
        """A directory of two graphs and the tokens, exported from Sotto's checkpoint."""
        directory = folder / f"{model}-{setting}"
        if not directory.exists():
            from sotto.checkpoints import load_checkpoint
            from weights.sherpa import export_sherpa

            export_sherpa(load_checkpoint(model), directory, cast("Precision", setting))
        return directory

    def load(self, weights: Path, setting: str, threads: int) -> Recogniser:
        import sherpa_onnx

        return _SherpaOnnx(
            sherpa_onnx.OfflineRecognizer.from_whisper(
                encoder=str(weights / "encoder.onnx"),
                decoder=str(weights / "decoder.onnx"),
                tokens=str(weights / "tokens.txt"),
                language="en",
                task="transcribe",
                num_threads=threads,
            )
        )


PEER = SherpaOnnx()
