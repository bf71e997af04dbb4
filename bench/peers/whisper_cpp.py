"""whisper.cpp: ggml on the CPU, through pywhispercpp.

Two builds of the same version: the wheel as it is installed, and one made on this machine for
this machine (``bench/build_whisper_cpp.py``), which is taken where it is there. Only the compiled
module differs; the Python around it is the wheel's.

As users get it but for what ``peer.py`` asks of all: flash attention on, the encoder over 30 s
whatever the audio's length.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from peers.peer import Peer, Recogniser, Stages

if TYPE_CHECKING:
    from pywhispercpp.model import Model

    from weights.ggml import Precision

NATIVE = Path(__file__).resolve().parents[2] / "build" / "whisper_cpp"
# "whisper_print_timings:   encode time =   412.30 ms /     1 runs ( ... )"
TIMING = re.compile(r"(\w+) time = +([\d.]+) ms / +(\d+) runs")


class _WhisperCpp(Recogniser):
    def __init__(self, model: Model) -> None:
        self._model = model

    def transcribe(self, samples: np.ndarray, *, timestamps: bool) -> str:
        segments = self._model.transcribe(samples, no_timestamps=not timestamps, max_tokens=0)
        # pywhispercpp strips the space that begins each segment.
        return " ".join(segment.text for segment in segments)

    def first_tokens(self, window: np.ndarray, count: int) -> bool:
        # Its limit is of what precedes the last token, and zero is none: the least is two tokens.
        self._model.transcribe(window, no_timestamps=True, max_tokens=max(1, count - 1))
        return True

    def stages(self, window: np.ndarray) -> Stages:
        import _pywhispercpp

        _pywhispercpp.whisper_reset_timings(self._model._ctx)
        self.transcribe(window, timestamps=False)
        lines: list[str] = []
        _pywhispercpp.whisper_log_set(lambda _level, text: lines.append(text))
        self._model.print_timings()
        # A function of Python's that is still set when the process ends makes it abort.
        _pywhispercpp.whisper_log_set(None)
        timings = {
            stage: (float(ms), int(runs)) for stage, ms, runs in TIMING.findall("".join(lines))
        }
        # "prompt" and "batchd" are decoder runs over several tokens at once; "sample" is the
        # filters and the choice of the token.
        decoder_ms = sum(timings[stage][0] for stage in ("prompt", "batchd", "decode", "sample"))
        # A window's first token is sampled after its prompt, and its last is not decoded.
        steps = timings["encode"][1] + timings["decode"][1]
        return Stages(timings["encode"][0], decoder_ms, steps)


class WhisperCpp(Peer):
    """whisper.cpp with its own quantised formats."""

    name = "whisper.cpp"
    library = "pywhispercpp.model"
    distribution = "pywhispercpp"
    settings = ("q8_0", "q5_0", "f16")
    environment: ClassVar = {"PYTHONPATH": str(NATIVE)}

    def installed(self) -> bool:
        return importlib.util.find_spec("pywhispercpp") is not None

    def prepare(self, model: str, setting: str, folder: Path) -> Path:
        """The model file, written from Sotto's checkpoint."""
        from sotto.checkpoints import load_checkpoint
        from weights.ggml import write_ggml

        path = folder / f"ggml-{model}-{setting}.bin"
        if not path.exists():
            write_ggml(load_checkpoint(model), path, cast("Precision", setting))
        return path

    def load(self, weights: Path, setting: str, threads: int) -> Recogniser:
        from pywhispercpp.model import Model

        options: dict[str, Any] = {
            "n_threads": threads,
            "language": "en",
            "print_progress": False,
            "temperature": 0.0,
            "temperature_inc": 0.0,
            "greedy": {"best_of": 1},
        }
        return _WhisperCpp(Model(str(weights), redirect_whispercpp_logs_to=None, **options))


PEER = WhisperCpp()
