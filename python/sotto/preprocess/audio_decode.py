"""Containers and codecs -> frames of float32 samples, by FFmpeg's libraries (PyAV).

Why FFmpeg alone: on PCM it is bit-equal to libsndfile, and on compressed audio libsndfile 1.2.2
(as python-soundfile 0.14 calls it) loses speech without an error. A VBR MP3 without a Xing
header ends at an estimate of its length, the second half of a chained Ogg stream is not
there, a FLAC or MP3 file stops at its first damaged frame, and a WAV whose recorder was killed
before it wrote the length reads as empty. FFmpeg reads all of them, and it is the decoder that
openai-whisper's transcripts were made with.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any, BinaryIO

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer

from sotto.errors import AudioError
from sotto.preprocess.audio_array import Samples, scaled

_log = logging.getLogger(__name__)

# What PyAV and FFmpeg raise on input that is not what it claims to be.
_DAMAGE = (av.error.FFmpegError, ValueError, RuntimeError, OverflowError, LookupError)


class _Unnamed:
    """The reading half of a file without its name, so that FFmpeg must go by the content."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _any_metadata() -> dict[str, Any]:
    """What has ``av.open`` take tags that are not UTF-8: from PyAV 19 on it always does."""
    return {} if int(av.__version__.partition(".")[0]) >= 19 else {"metadata_errors": "replace"}


def decode(file: BinaryIO, name: str) -> Generator[tuple[int, Samples], None, None]:
    """Decode the best audio track of a file.

    Args:
        file: open, seekable and binary; read from where FFmpeg seeks to, not closed.
        name: what messages call it.

    Yields:
        (rate in Hz, float32 [n, channels]) a decoded frame, in file order. Rate and channels
        may change on the way: HE-AAC is announced at half its rate, streams are cut together.
        Packets that can't be decoded are skipped, as ``ffmpeg`` does, and a file that breaks
        off ends there: both with one warning in the log, at the end.

    Raises:
        AudioError: not audio, no audio track, nothing decodable, or the reading failed.
    """
    try:
        container = av.open(
            _Unnamed(file),
            mode="r",
            **_any_metadata(),
            # A playlist is not audio, and may not make us open what it names.
            container_options={"protocol_whitelist": "none"},
        )
    except _DAMAGE as error:
        raise AudioError(
            f"{name}: is not audio that FFmpeg can read ({_reason(error)}); expected wav, flac, "
            "mp3, ogg, opus, aiff, m4a, mp4, webm or the like, whole from its start. "
            "Check that it plays, and export it again"
        ) from error
    except OSError as error:
        raise _unreadable(name, error) from error
    with container:
        stream = container.streams.best("audio")
        if not isinstance(stream, AudioStream):
            kinds = ", ".join(sorted({s.type for s in container.streams})) or "no tracks"
            raise AudioError(
                f"{name}: has no audio track that can be decoded (it holds: {kinds}); expected "
                "a recording with sound. Name the file that has the speech"
            )
        if stream.codec_context is None:
            raise AudioError(
                f"{name}: its audio has a codec that this FFmpeg does not know. "
                "Export it as wav, flac, mp3 or m4a"
            )
        yield from _frames(container, stream, name)


def _frames(
    container: InputContainer, stream: AudioStream, name: str
) -> Generator[tuple[int, Samples], None, None]:
    packets = container.demux(stream)
    interleaved = _Interleaver()
    decoded, damaged = 0, 0
    fault: Exception | None = None
    while True:
        try:
            # After an error of its own the demuxer is at its end, and gives None.
            packet = next(packets, None)
            frames = [] if packet is None else packet.decode()
            pieces = [(f.sample_rate, _samples(f)) for frame in frames for f in interleaved(frame)]
        except _DAMAGE as error:
            damaged, fault = damaged + 1, error
            continue
        except OSError as error:
            raise _unreadable(name, error) from error
        if packet is None:
            break
        for piece in pieces:
            decoded += 1
            yield piece
    if fault is None:
        return
    if not decoded:
        raise AudioError(
            f"{name}: nothing in its audio track can be decoded ({_reason(fault)}). "
            "The file is damaged or encrypted: export it again"
        ) from fault
    _log.warning(
        "%s: cut off or damaged: %d packets were left out (%s)", name, damaged, _reason(fault)
    )


class _Interleaver:
    """Planar frames of many channels -> interleaved frames of the same samples, by FFmpeg.

    PyAV 18.1 finds the planes of a frame by looking for a null pointer, which from eight
    channels on is not there (`AudioFrame.planes`, av/audio/frame.py): `to_ndarray` of a 7.1
    film's sound reads wild memory and ends the process.
    """

    def __init__(self) -> None:
        self._made_for: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler

    def __call__(self, frame: av.AudioFrame) -> list[av.AudioFrame]:
        if not frame.format.is_planar or frame.layout.nb_channels < 8:
            return [frame]
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._made_for:
            self._resampler = av.AudioResampler(format=frame.format.packed)
            self._made_for = kind
        return self._resampler.resample(frame)  # no change of rate: no delay, nothing to flush


def _samples(frame: av.AudioFrame) -> Samples:
    """PyAV's [channels, n] (planar) or [1, n * channels] (packed) -> float32 [n, channels]."""
    if frame.format.is_planar:
        return scaled(frame.to_ndarray().T)
    return scaled(frame.to_ndarray().reshape(-1, frame.layout.nb_channels))


def _unreadable(name: str, error: OSError) -> AudioError:
    return AudioError(f"{name}: reading it failed ({error}). Check the disk or the connection")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
