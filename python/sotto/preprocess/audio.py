"""Any audio in, 16 kHz mono float32 out: the first stage of the pipeline.

    source --decode--> frames --mean over channels--> mono --soxr HQ--> 16 kHz --> blocks

Everything is decoded, mixed and resampled in pieces, so that a recording of hours needs
no more memory than a short one. `read_audio` is the concatenation of `stream_audio`: the
two can't differ, whatever the block length.

Against openai-whisper, which runs the command ``ffmpeg -ac 1 -ar 16000 -f s16le``
(``whisper/audio.py``, ``load_audio``): the decoder is the same, FFmpeg's. A 16-bit mono
recording at 16 kHz comes out bit-equal. Other rates are resampled by soxr HQ and not by
FFmpeg's own resampler (30 to 74 dB apart on recordings of speech: see
``test/preprocess/test_audio.py``), and nothing is rounded to 16 bits on the way.
"""

from __future__ import annotations

import io
import math
import numbers
import os
import stat
from array import array
from collections.abc import Generator, Iterable
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
import soxr
from numpy.typing import NDArray

from sotto.errors import AudioError, OptionError
from sotto.preprocess.audio_array import (
    TYPES,
    Samples,
    as_array,
    is_sample_type,
    scaled,
    warn_of_scale,
)
from sotto.preprocess.audio_decode import decode

SAMPLE_RATE = 16_000
"""Samples a second of all audio past this module: what Whisper was trained on."""

AudioSource: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | NDArray[Any] | array[Any]"
)
"""A path, the bytes of a file, a binary file object, or an array of samples."""

# Frames mixed and resampled at a time. It does not depend on the block length asked for,
# so that every block length sees the same arithmetic.
_CHUNK = 1 << 16

# Rates outside are a damaged header or a wrong argument; 1 Hz would blow up 16,000-fold.
_RATES = (1_000, 1_000_000)

# Beyond any way of scaling samples (int32 taken as it is reaches 2e9), and small enough
# for the power spectrum of a 400-sample window to stay finite in float32.
_LOUDEST = 1e10

# More columns than any recorder writes: an array of [channels, samples] by mistake.
_MAX_CHANNELS = 64


def read_audio(source: AudioSource, *, sample_rate: float | None = None) -> Samples:
    """Read a whole recording. Takes, gives and raises what `stream_audio` does.

    Returns:
        float32 [n_samples], 16 kHz mono, n_samples >= 1. One hour is 230 MB, and twice that
        while it is put together: prefer `stream_audio` for long recordings.
    """
    return np.concatenate(list(stream_audio(source, sample_rate=sample_rate)))


def stream_audio(
    source: AudioSource,
    block_seconds: float = 30.0,
    *,
    sample_rate: float | None = None,
) -> Generator[Samples, None, None]:
    """Read a recording block by block, in memory that does not grow with its length.

    Args:
        source: what to read.
            A path (or the bytes of a file, or a seekable binary file object, which is read
            from its start and left open): any container and codec that FFmpeg reads (wav,
            flac, mp3, ogg, opus, aiff, m4a, mp4, webm, mkv, ...), told by its content and
            not by its name, any rate from 1 kHz to 1 MHz, any number of channels. Of a
            video the best audio track is taken.
            An array: [n], [1, n] or [n, channels], of float32, float64 or float16 as they are,
            or of int16, int32 or uint8 (offset 128, as in 8-bit WAV) scaled by their full range:
            of numpy, what numpy takes for one, or an ``array.array`` or memoryview of such
            numbers. Memory of single bytes (``bytes``, ``array("B")``) is a file's.
        block_seconds: length of a block, > 0; at least one sample.
        sample_rate: samples a second of an array (default 16,000). A file has its own, so
            that to give one with a file is an error.

    Yields:
        float32 [round(block_seconds * 16000)], the last one shorter: 16 kHz mono, nominally
        in [-1, 1] (float sources may go beyond; nothing is clipped). Channels are mixed to
        their mean, which for mono and stereo is what ``ffmpeg -ac 1`` does (of surround
        sound FFmpeg weighs the channels and leaves out the bass). ``n`` frames at ``rate``
        give ``n * 16000 / rate`` samples to within one. Gaps between timestamps are not
        filled.

        A file that was cut off or damaged gives what can be decoded, with a warning to the
        log of this module. The file is opened at the first block and closed at the last, at
        an error, and when the generator is closed or dropped.

    Raises:
        AudioError: there is no such file, or it is not a file, not readable, not audio, has
            no audio track or no samples; a sample is NaN, infinite or absurdly loud (the
            blocks before it have been given by then); the array has the wrong shape or type.
        OptionError: block_seconds or sample_rate is out of range.

    Warns:
        SampleScaleWarning: an array's numbers look like those of another type (int16 as floats,
            or in int32), in which Whisper hears nothing.
    """
    block = _block_samples(block_seconds)
    samples = as_array(source)
    if samples is not None:
        rate = _array_rate(SAMPLE_RATE if sample_rate is None else sample_rate)
        _check_array(samples)
        warn_of_scale(samples, "the array")
        return _stream(_array_pieces(samples, rate), block, "the array")
    if sample_rate is not None:
        raise OptionError(
            f"sample_rate is {sample_rate!r}, but the source is not an array: files carry "
            f"their own rate. Leave sample_rate out (the result is always {SAMPLE_RATE} Hz)"
        )
    if isinstance(source, bytes | bytearray | memoryview | array):
        name = f"the {memoryview(source).nbytes} bytes given"
        return _stream(_file_pieces(io.BytesIO(source), name), block, name)
    if isinstance(source, str | os.PathLike):
        name = os.fsdecode(source)
        return _stream(_path_pieces(name), block, name)
    if hasattr(source, "read") and hasattr(source, "seek") and hasattr(source, "tell"):
        name = str(getattr(source, "name", "the file object"))
        return _stream(_open_file_pieces(cast(BinaryIO, source), name), block, name)
    raise AudioError(
        f"can't read audio from a {type(source).__name__}: expected a path, the bytes of a "
        "file, a binary file object, or a numpy array of samples"
    )


# A piece of a recording: its rate in Hz, and float32 [n] mono samples at that rate.
_Piece: TypeAlias = tuple[float, Samples]
_Pieces: TypeAlias = Generator[_Piece, None, None]


def _stream(pieces: _Pieces, block: int, name: str) -> Generator[Samples, None, None]:
    """Pieces at any rate -> blocks of `block` samples at 16 kHz. Closes `pieces`."""
    empty = True
    with closing(pieces):
        for samples in _regrouped(_resampled(pieces, name), block):
            empty = False
            yield samples
    if empty:
        raise AudioError(
            f"{name}: holds no samples; expected at least one at {SAMPLE_RATE} Hz. "
            "Check that the recording was finished and record or export it again"
        )


def _resampled(pieces: Iterable[_Piece], name: str) -> Generator[Samples, None, None]:
    """Pieces -> float32 [n] at 16 kHz by soxr HQ (20-bit precision); 16 kHz is untouched.

    A change of rate within a recording (a stream that was cut together) starts a new
    resampler: the old one is flushed first, so that no sample is lost.
    """
    position = 0
    for rate, run in groupby(pieces, key=itemgetter(0)):
        if not _RATES[0] <= rate <= _RATES[1]:
            raise AudioError(
                f"{name}: its header says {rate} Hz; expected {_RATES[0]} to {_RATES[1]} Hz. "
                "The file is damaged: export it again"
            )
        chunks = _regrouped((samples for _, samples in run), _CHUNK)
        resampler = None
        if rate != SAMPLE_RATE:
            resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
        for chunk in chunks:
            _check_samples(chunk, position, rate, name)
            position += len(chunk)
            yield chunk if resampler is None else resampler.resample_chunk(chunk)
        if resampler is not None:
            yield resampler.resample_chunk(np.empty(0, np.float32), last=True)


def _regrouped(pieces: Iterable[Samples], size: int) -> Generator[Samples, None, None]:
    """float32 [n] of any lengths -> new arrays of exactly `size` samples, the last shorter."""
    held: list[Samples] = []
    missing = size
    for piece in pieces:
        rest = piece
        while len(rest) >= missing:
            yield np.concatenate([*held, rest[:missing]])
            rest = rest[missing:]
            held, missing = [], size
        if len(rest):
            held.append(rest)
            missing -= len(rest)
    if held:
        yield np.concatenate(held)


def _check_samples(samples: Samples, position: int, rate: float, name: str) -> None:
    """Refuse NaN, infinity and the absurdly loud, naming the first such sample."""
    bad = ~(np.abs(samples) <= _LOUDEST)  # NaN compares false, so it is bad too
    if bad.any():
        first = int(bad.argmax())
        at = position + first
        raise AudioError(
            f"{name}: sample {at} ({at / rate:.3f} s) is {samples[first]}; expected finite "
            "numbers, nominally in [-1, 1]. Repair what wrote it, or replace such samples by 0"
        )


# ---- the four kinds of source, each as pieces ------------------------------------------


def _array_pieces(samples: NDArray[Any], rate: float) -> _Pieces:
    frames = samples if samples.ndim == 2 else samples[:, np.newaxis]
    for start in range(0, len(frames), _CHUNK):
        yield rate, _mono(scaled(frames[start : start + _CHUNK]))


def _path_pieces(name: str) -> _Pieces:
    try:
        mode = Path(name).stat().st_mode
        if stat.S_ISDIR(mode):
            raise AudioError(f"{name}: is a directory; expected an audio file. Name one file in it")
        if not stat.S_ISREG(mode):
            raise AudioError(
                f"{name}: is a pipe, socket or device; expected an audio file. Save the stream "
                "to a file first, or give its samples as an array"
            )
        file = Path(name).open("rb")  # noqa: SIM115 - closed by the `with` below
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AudioError(
            f"{name}: no such file; expected an audio file. Check the path "
            f"(the working directory is {Path.cwd()})"
        ) from error
    except PermissionError as error:
        raise AudioError(
            f"{name}: no permission to read it; expected a readable audio file. "
            "Change its mode (chmod +r) or run as its owner"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise AudioError(f"{name!r}: can't be opened ({error}). Check the path") from error
    with file:
        yield from _file_pieces(file, name)


def _open_file_pieces(file: BinaryIO, name: str) -> _Pieces:
    try:
        file.seek(0)
        binary = isinstance(file.read(0), bytes)
    except (OSError, ValueError) as error:
        raise AudioError(
            f"{name}: can't be read from its start ({error}); expected an open, seekable binary "
            "file. Pass its path, or its bytes"
        ) from error
    if not binary:
        raise AudioError(f"{name}: is open as text; expected a binary file. Open it with 'rb'")
    yield from _file_pieces(file, name)


def _file_pieces(file: BinaryIO, name: str) -> _Pieces:
    with closing(decode(file, name)) as frames:
        for rate, samples in frames:
            yield rate, _mono(samples)


def _mono(frames: Samples) -> Samples:
    """float32 [n, channels] -> [n], the mean over channels."""
    if frames.shape[1] == 1:
        return frames[:, 0]
    # Infinities, in a channel or by overflow, are refused later, with their position.
    with np.errstate(over="ignore", invalid="ignore"):
        mean: Samples = frames.mean(axis=1, dtype=np.float32)
    return mean


# ---- options ----------------------------------------------------------------------------


def _is_finite_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _block_samples(block_seconds: float) -> int:
    if not _is_finite_number(block_seconds) or round(block_seconds * SAMPLE_RATE) < 1:
        raise OptionError(
            f"block_seconds is {block_seconds!r}; expected a number of seconds of at least "
            f"1/{SAMPLE_RATE}, one sample"
        )
    return round(block_seconds * SAMPLE_RATE)


def _array_rate(sample_rate: float) -> float:
    if not _is_finite_number(sample_rate) or not _RATES[0] <= sample_rate <= _RATES[1]:
        raise OptionError(
            f"sample_rate is {sample_rate!r}; expected {_RATES[0]} to {_RATES[1]} Hz, "
            "the rate at which the array was recorded"
        )
    return float(sample_rate)


def _check_array(samples: NDArray[Any]) -> None:
    if samples.ndim not in (1, 2) or (
        samples.ndim == 2 and not 1 <= samples.shape[1] <= _MAX_CHANNELS
    ):
        raise AudioError(
            f"the array has shape {list(samples.shape)}; expected [n] or [n, channels] with 1 to "
            f"{_MAX_CHANNELS} channels. Transpose it if channels come first"
        )
    if not is_sample_type(samples.dtype):
        raise AudioError(
            f"the array has type {samples.dtype}; expected {TYPES}. "
            "Convert it, and scale it to [-1, 1] if it holds other integers"
        )
