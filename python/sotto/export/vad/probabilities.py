"""Recordings as the detector's graph takes them, and the probabilities of speech that it gives.

Conversion, calibration and simulation run graphs of several kinds by this; it needs no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sotto._runtime import speech_spans
from sotto.bundle import Signature, VoiceActivity
from sotto.bundle.components import VAD_CHUNK
from sotto.preprocess import SAMPLE_RATE

THRESHOLD = 0.5
"""Of probability, from which a chunk is speech: the runtime's own."""

Floats = NDArray[np.float32]
Run = Callable[[dict[str, Floats]], Mapping[str, Floats]]
"""The signature's inputs by name, to its outputs by name."""


def lay_out(samples: Floats, detector: VoiceActivity) -> Floats:
    """``[n]`` samples at 16 kHz to the graph's chunks ``[ceil(n / 512), m]``.

    Before a chunk's own samples are the last ones of the chunk before, behind them some that mirror
    its end.
    """
    context, count = detector.context, -(-len(samples) // VAD_CHUNK)
    padded = np.pad(samples, (context, count * VAD_CHUNK - len(samples)))
    starts = range(0, count * VAD_CHUNK, VAD_CHUNK)
    rows = np.stack([padded[start : start + context + VAD_CHUNK] for start in starts])
    return np.concatenate([rows, rows[:, -2 : -2 - detector.reflected : -1]], axis=1)


def run_detector(run: Run, signature: Signature, chunks: Floats) -> Floats:
    """Probabilities ``[n]`` of laid out chunks ``[n, m]``, from the start of a recording on."""
    state = {name: np.zeros(signature.shape(name), np.float32) for name in ("h", "c")}
    probabilities = np.empty(len(chunks), np.float32)
    for i, chunk in enumerate(chunks):
        found = run({"samples": chunk[None], **state})
        state = {name: np.array(found[f"new_{name}"]) for name in state}
        probabilities[i] = found["probability"][0, 0]
    return probabilities


@dataclass(frozen=True)
class Disagreement:
    """Two detectors over the same recordings.

    Attributes:
        chunks: of 32 ms that both heard.
        changed: chunks of which one says that they are speech, and the other not.
        seconds: of the recordings.
        apart: seconds that are within a span of speech of one of them alone.
        largest: difference of a chunk's probabilities.
    """

    chunks: int
    changed: int
    seconds: float
    apart: float
    largest: float

    @property
    def share(self) -> float:
        """Of chunks that changed."""
        return self.changed / max(self.chunks, 1)

    def __str__(self) -> str:
        return (
            f"{self.changed} of {self.chunks} decisions changed ({self.share:.1%}), spans of "
            f"speech {self.apart:.2f} of {self.seconds:.0f} s apart, probabilities by up to "
            f"{self.largest:.2g}"
        )


def disagreement(found: list[Floats], expected: list[Floats], samples: list[int]) -> Disagreement:
    """How far probabilities of recordings are from others.

    Args:
        found, expected: of each recording, a chunk each.
        samples: how many each recording has.
    """
    pairs = list(zip(found, expected, samples, strict=True))
    return Disagreement(
        chunks=sum(map(len, expected)),
        changed=sum(int(((a >= THRESHOLD) != (b >= THRESHOLD)).sum()) for a, b, _ in pairs),
        seconds=sum(samples) / SAMPLE_RATE,
        apart=sum(int((_spoken(a, n) != _spoken(b, n)).sum()) for a, b, n in pairs) / SAMPLE_RATE,
        # A NaN is the largest of all: it must not pass.
        largest=float(np.max([np.abs(a - b).max(initial=0) for a, b, _ in pairs])),
    )


def _spoken(probabilities: Floats, samples: int) -> NDArray[np.bool_]:
    """Whether each sample is in a span of speech, by the runtime's own rules."""
    spoken = np.zeros(samples, np.bool_)
    for start, end in speech_spans(probabilities.tolist(), samples):
        spoken[start:end] = True
    return spoken
