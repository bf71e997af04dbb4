"""Sounds and files that the tests make: a tone, and any codec in any container."""

from __future__ import annotations

import io

import av
import numpy as np


def tone(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    """A 440 Hz sine at half scale, float32 [n, channels], each channel at half the one before."""
    sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
    return np.stack([sine / 2**c for c in range(channels)], axis=1).astype(np.float32)


def noise(seconds: float, rate: int) -> np.ndarray:
    """White noise, the same every time, float32 [n, 1]: it does not compress to nothing."""
    values = np.random.default_rng(0).standard_normal((round(seconds * rate), 1))
    return (0.1 * values).astype(np.float32)


def encode(
    samples: np.ndarray,
    rate: int,
    codec: str,
    container: str,
    quality: int | None = None,
    **options: str,
) -> bytes:
    """float32 [n, channels] -> the bytes of a file, by FFmpeg's own encoders.

    `quality` asks for a variable bit rate (ffmpeg's -q:a), `options` are the container's.
    """
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1", 16: "hexadecagonal"}[samples.shape[1]]
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        if quality is not None:
            stream.codec_context.flags |= 2  # AV_CODEC_FLAG_QSCALE
            stream.codec_context.options = {"global_quality": str(118 * quality)}  # FF_QP2LAMBDA
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        file.mux([*stream.encode(frame), *stream.encode(None)])
    return out.getvalue()
