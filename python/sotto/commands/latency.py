"""How long after a word's end it is confirmed."""

from __future__ import annotations

import time

import numpy as np

from sotto.asr.stream import StreamUpdate
from sotto.preprocess.audio import SAMPLE_RATE


class Latency:
    """Latencies of a stream's words, in seconds from a word's end to its confirmation.

    The word's end is a time in the audio. Its confirmation is

    - live: the time on the clock at which the push that confirmed it returned, counted from the
      beginning of the audio. Whatever keeps the listener waiting is in it.
    - not live: the seconds of audio pushed by then, and the time that push took. That is what a
      live listener would have had whose decodings are done before the next one is due.

    Args:
        live: whether audio comes as it is spoken.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._begin = 0.0
        self._position = 0.0
        self._compute = 0.0
        self._decodings = 0
        self.seconds: list[float] = []
        """One a word, in their order."""

    def heard(self, samples: int) -> None:
        """Tells that audio came, before it is pushed. The first says when it began."""
        if samples and not self._begin:
            self._begin = time.monotonic() - samples / SAMPLE_RATE

    def add(self, update: StreamUpdate) -> None:
        """Takes in what a push brought, as soon as it has."""
        if self._live:
            now = time.monotonic() - self._begin
            self.seconds += [now - word.end for word in update.confirmed]
        else:
            took = update.compute_ms / 1000
            self.seconds += [word.confirmed_at + took - word.end for word in update.confirmed]
        self._position = update.position
        self._compute += update.compute_ms / 1000
        self._decodings += update.decodings

    @property
    def compute_share(self) -> float:
        """Of real time, spent in pushes; 0 of no audio."""
        return self._compute / self._position if self._position else 0.0

    @property
    def milliseconds_a_decoding(self) -> float:
        """Time in pushes, of the decodings; 0 without one."""
        return 1000 * self._compute / self._decodings if self._decodings else 0.0

    @property
    def quantiles(self) -> tuple[float, float, float]:
        """Median, 90th percentile and largest latency; NaN without words."""
        if not self.seconds:
            return (np.nan, np.nan, np.nan)
        median, most, largest = np.quantile(self.seconds, (0.5, 0.9, 1.0))
        return float(median), float(most), float(largest)

    def summary(self) -> str:
        """All of it in a line."""
        counted = "by the clock" if self._live else "in audio time, and the push's own"
        done = (
            f"{self._position:.1f} s of audio: {self._decodings} decodings in "
            f"{self._compute:.1f} s, {self.compute_share:.0%} of real time"
        )
        if not self.seconds:
            return f"{done}; no words"
        median, most, largest = self.quantiles
        return (
            f"{done}; {len(self.seconds)} words confirmed after {median:.2f} s (median), "
            f"{most:.2f} s (90%), {largest:.2f} s (longest), {counted}"
        )
