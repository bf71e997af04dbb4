"""Recordings to log-mel spectrograms, one or a batch: what audio encoders take.

The spectrogram is the runtime's own (``sotto/log_mel.h``), the same as openai-whisper's
``log_mel_spectrogram(pad_or_trim(audio))`` to float32 rounding.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sotto._runtime import LogMel
from sotto.bundle import AudioEncoder, SpeechEncoder, open_bundle
from sotto.bundle.components import seconds_of
from sotto.errors import AudioError, BundleError, OptionError
from sotto.preprocess.audio import SAMPLE_RATE, AudioSource, read_audio

if TYPE_CHECKING:
    import pyarrow

Floats = NDArray[np.float32]

HOP = 160
"""Samples from one frame of the spectrogram to the next, 10 ms."""

FFT_SIZE = 400
"""Samples a frame is made of, 25 ms."""

MAX_SECONDS = 3600.0


class AudioProcessor:
    """Recordings to log-mel of one length.

    Args:
        n_mels: bands; 80, or 128 for Whisper large-v3. Of ``filters``, where these are given.
        seconds: length of what comes out; longer recordings are cut, shorter ones are padded
            with silence. Two frames at least.
        filters: float32 ``[n_mels, 201]``, in the place of the usual ones.

    Raises:
        OptionError: ``n_mels`` or ``seconds`` is out of range.
        BundleError: the filters are of another shape or not finite.
    """

    def __init__(
        self, n_mels: int = 80, seconds: float = 30.0, *, filters: Floats | None = None
    ) -> None:
        frames = round(seconds * SAMPLE_RATE / HOP)
        if not (frames >= 2 and seconds <= MAX_SECONDS):
            raise OptionError(f"seconds is {seconds!r}; expected 0.02 to {MAX_SECONDS:.0f}")
        self.frames = frames
        self._mel = _log_mel(n_mels) if filters is None else LogMel(filters)

    @classmethod
    def from_bundle(cls, directory: str | Path, seconds: float | None = None) -> AudioProcessor:
        """With the filters of a bundle of a Whisper or an audio encoder.

        Args:
            directory: the bundle.
            seconds: see the class; the longest that the bundle's graphs take, by default.

        Raises:
            BundleError: the bundle takes no audio, or its filters can't be read.
        """
        reader = open_bundle(directory)
        encoder = reader.manifest.find(SpeechEncoder) or reader.manifest.need(AudioEncoder)
        try:
            longest = max(seconds_of(graph) for graph in encoder.graphs)
            filters = np.load(BytesIO(reader.read(encoder.mel_filters)), allow_pickle=False)
        except (KeyError, IndexError, ValueError, OSError, EOFError) as error:
            raise BundleError(
                f"{directory} has no mel filters that can be read ({type(error).__name__}: {error})"
            ) from error
        return cls(seconds=longest if seconds is None else seconds, filters=filters)

    @property
    def n_mels(self) -> int:
        """Bands of the spectrogram."""
        return self._mel.n_mels

    @property
    def shape(self) -> tuple[int, int]:
        """Of one recording's log-mel: bands, frames of 10 ms."""
        return self.n_mels, self.frames

    def __call__(self, audio: AudioSource | Iterable[AudioSource]) -> Floats:
        """Recordings to log-mel.

        Args:
            audio: one recording or several; of each what ``read_audio`` takes: a path, the
                bytes of a file, or samples at 16 kHz, float ``[n]``.

        Returns:
            float32 ``[count, n_mels, frames]``.

        Raises:
            AudioError: a recording can't be read.
        """
        sources: list[Any] = [audio] if _is_one(audio) else list(audio)  # type: ignore[arg-type]
        out = np.empty((len(sources), *self.shape), np.float32)
        for number, source in enumerate(sources):
            out[number] = self._mel.compute(self._samples(source), self.frames)
        return out

    def log_mel(self, samples: Floats) -> Floats:
        """Samples ``[n]`` at 16 kHz, cut or padded, to log-mel ``[n_mels, frames]``.

        Raises:
            AudioError: a sample is not finite, or there is more than one channel.
        """
        return self._mel.compute(samples, self.frames)

    def pad_or_trim(self, samples: Floats) -> Floats:
        """Samples ``[n]`` to ``[frames * 160]``: cut, or padded with silence. May be a view."""
        length = self.frames * HOP
        if len(samples) >= length:
            return samples[:length]
        return np.pad(samples, (0, length - len(samples)))

    def to_arrow(self, audio: AudioSource | Iterable[AudioSource]) -> pyarrow.Array:
        """Recordings as an Arrow array of float32 tensors ``[n_mels, frames]``, one each.

        The array is over the memory that :meth:`__call__` filled: nothing is copied.

        Raises:
            AudioError: a recording can't be read.
        """
        from sotto.preprocess.arrow import tensor_array

        return tensor_array(self(audio))

    def from_arrow(self, array: pyarrow.Array | pyarrow.ChunkedArray) -> Floats:
        """Log-mel, of an Arrow array of any of four kinds.

        Args:
            array: fixed-shape tensors as :meth:`to_arrow` makes them, of which the result is a
                view (of one chunk); lists of floats, samples at 16 kHz, which are read where
                they lie; binary, the bytes of an audio file each; or strings, which are
                paths. None may be null.

        Returns:
            float32 ``[count, n_mels, frames]``.

        Raises:
            AudioError: the array is of another kind, has nulls, or holds what is not audio.
        """
        from sotto.preprocess.arrow import items, samples, tensor_values

        values = tensor_values(array, AudioError)
        if values is None:
            given = samples(array, AudioError)
            return self(items(array, AudioError) if given is None else given)
        if values.dtype != np.float32 or values.shape[1:] != self.shape:
            raise AudioError(
                f"the tensors are {values.dtype} {list(values.shape[1:])}; expected float32 "
                f"{list(self.shape)}"
            )
        return values

    def _samples(self, source: AudioSource) -> Floats:
        if isinstance(source, np.ndarray) and source.dtype == np.float32 and source.ndim == 1:
            return source  # at the right rate already, and checked where it is used
        return read_audio(source)


@lru_cache
def mel_filters(n_mels: int) -> Floats:
    """Triangular filters on Slaney's mel scale, float32 ``[n_mels, 201]``, not writable.

    Those of ``librosa.filters.mel(sr=16000, n_fft=400, n_mels=n_mels)``, which openai-whisper keeps
    in ``assets/mel_filters.npz``: linear up to 1 kHz, logarithmic above, of equal area.

    Raises:
        OptionError: ``n_mels`` is out of range.
    """
    if not 1 <= n_mels <= 128:
        raise OptionError(f"n_mels is {n_mels!r}; expected 1 to 128")
    linear, knee, ratio = 200 / 3, 1000.0, np.log(6.4) / 27
    highest = knee / linear + np.log(SAMPLE_RATE / 2 / knee) / ratio
    mels = np.linspace(0, highest, n_mels + 2)
    edges = np.where(
        mels < knee / linear, mels * linear, knee * np.exp(ratio * (mels - knee / linear))
    )
    bins = np.linspace(0, SAMPLE_RATE / 2, FFT_SIZE // 2 + 1)
    slopes = edges[:, None] - bins
    widths = np.diff(edges)[:, None]
    rising, falling = -slopes[:-2] / widths[:-1], slopes[2:] / widths[1:]
    area = 2 / (edges[2:] - edges[:-2])[:, None]
    filters = (np.maximum(0, np.minimum(rising, falling)) * area).astype(np.float32)
    filters.flags.writeable = False
    return filters


@lru_cache
def _log_mel(n_mels: int) -> LogMel:
    return LogMel(mel_filters(n_mels))


def _is_one(audio: Any) -> bool:
    single = isinstance(audio, str | os.PathLike | bytes | bytearray | memoryview | np.ndarray)
    return single or hasattr(audio, "read")
