"""Recordings to vectors: the features of Whisper's encoder, pooled where there is sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sotto.bundle import components as bundle_components
from sotto.embed.bundle import EmbeddingBundle
from sotto.embed.encoder import Encoder, Output, Progress, Vectors, check_options, listed
from sotto.errors import AudioError, OptionError
from sotto.preprocess import SAMPLE_RATE, AudioSource, stream_audio
from sotto.runtime.option_values import integer, wrong
from sotto.runtime.source import named, read_twice

Samples = NDArray[np.float32]
Blocks = Callable[[], Iterator[Samples]]


class AudioEncoder(Encoder):
    """Whisper's encoder as an encoder of recordings; see :class:`Encoder` for arguments and errors.

    A recording's vector is the mean of the encoder's features (after its last norm) over the
    positions, 20 ms each, that hold sound: whose power is at most 30 dB below the recording's
    loudest. As that is a ratio, the same positions count however loud the recording is. A
    recording that is digital silence is pooled over all of it.

    One that is longer than the longest window is heard window by window, and the mean is over the
    positions of all of them.

    Args:
        bundle, options: as for :class:`Encoder`.
        window: seconds of the shortest window that may be taken. 0 is any: a recording takes the
            shortest that it fits in. 30 is openai-whisper's only one, which costs many times as
            much; of short clips its vectors have a cosine of 0.98 to those of 5 s.
    """

    modality = "audio"

    def __init__(
        self,
        bundle: str | os.PathLike[str] | EmbeddingBundle,
        *,
        window: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(bundle, **options)
        self._bundle.component(bundle_components.AudioEncoder)
        if integer("window", window, " of seconds") not in (0, *self.windows):
            known = ", ".join(map(str, self.windows))
            raise wrong("window", window, f"0, or one of {known} seconds")
        self._window = window

    def encode(
        self,
        items: Any,
        *,
        batch_size: int = 32,
        normalize: bool = True,
        output: Output = "numpy",
        progress: Progress | None = None,
        sample_rate: float | None = None,
    ) -> Any:
        """Recordings to vectors, in memory that does not grow with their length.

        Args:
            items: a recording, or several in a list or tuple; each what
                :func:`sotto.preprocess.stream_audio` takes: a path, the bytes of a file, a file
                object, or samples ``[n]`` or ``[n, channels]``.
            batch_size: no effect: a window of audio is a batch.
            normalize, output, progress: as :meth:`Encoder.encode`.
            sample_rate: of arrays, in Hz; 16,000 if not given.

        Returns:
            As :meth:`Encoder.encode`.

        Raises:
            AudioError: an item is not audio, has no samples, or holds NaN or infinity.
            OptionError: an option is out of range.
        """
        check_options(batch_size, normalize, output)
        recordings, single = listed(items)
        vectors = np.empty((len(recordings), self.dimensions), np.float32)
        for number, recording in enumerate(recordings):
            vectors[number] = self._whole(recording, sample_rate)
            if progress is not None:
                progress(number + 1, len(recordings))
        return self._finish(vectors, single, normalize, output)

    def encode_spans(
        self,
        item: AudioSource,
        seconds: float,
        *,
        normalize: bool = True,
        output: Output = "numpy",
        sample_rate: float | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], Any]:
        """A recording in spans of equal length, each with a vector of its own.

        Args:
            item: a recording, as :meth:`encode` takes it.
            seconds: length of a span, up to that of the longest window; the last is shorter.
            normalize, output: as :meth:`Encoder.encode`.
            sample_rate: as :meth:`encode`.

        Returns:
            Starts and ends in seconds ``[n]``, and vectors ``[n, dimensions]``. Spans in which no
            position is as loud as sound is are left out.

        Raises:
            AudioError, OptionError: as :meth:`encode`.
        """
        check_options(1, normalize, output)
        if not isinstance(seconds, int | float) or not 0.1 <= seconds <= self.windows[-1]:
            raise OptionError(
                f"seconds is {seconds!r}; expected 0.1 to {self.windows[-1]}, the longest window"
            )
        starts, ends, vectors = [], [], []
        at = 0
        for samples, vector, count in self._windows(item, seconds, sample_rate):
            if count > 0:
                starts.append(at / SAMPLE_RATE)
                ends.append((at + len(samples)) / SAMPLE_RATE)
                vectors.append(vector)
            at += len(samples)
        stacked = np.array(vectors, np.float32).reshape(len(vectors), self.dimensions)
        return np.array(starts), np.array(ends), self._finish(stacked, False, normalize, output)

    @property
    def windows(self) -> list[int]:
        """Seconds of each window that has a graph, ascending."""
        return self._runtime.windows

    def _whole(self, item: AudioSource, sample_rate: float | None) -> NDArray[np.float64]:
        """The mean over all positions that hold sound: at least the loudest does."""
        total, positions = np.zeros(self.dimensions), 0
        for _, vector, count in self._windows(item, self.windows[-1], sample_rate):
            total += count * vector.astype(np.float64)
            positions += count
        return total / positions

    def _windows(
        self, item: AudioSource, seconds: float, sample_rate: float | None
    ) -> Iterator[tuple[Samples, Vectors, int]]:
        """Samples of each window with their vector and how many positions hold sound."""
        source = read_twice(item)

        def blocks() -> Iterator[Samples]:
            return stream_audio(source, float(seconds), sample_rate=sample_rate)

        try:
            loudest, first = _loudest(blocks, self._runtime.loudest_position)
            # A recording of one window is not decoded again.
            for samples in blocks() if first is None else [first]:
                yield samples, *self._runtime.encode_audio(samples, loudest, self._window)
        except AudioError as error:
            raise named(item, error) from None


def _loudest(blocks: Blocks, measure: Callable[[Samples], float]) -> tuple[float, Samples | None]:
    """Power of a recording's loudest position, and its block if there is only one."""
    loudest, only = 0.0, None
    for number, samples in enumerate(blocks()):
        loudest = max(loudest, measure(samples))
        only = samples if number == 0 else None
    return loudest, only
