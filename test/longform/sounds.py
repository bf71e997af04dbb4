"""Sounds that are hard on a speech recogniser, float32 ``[n]`` at 16 kHz."""

from __future__ import annotations

import numpy as np
import soxr

RATE = 16_000


def silence(seconds: float) -> np.ndarray:
    """Digital zero."""
    return np.zeros(round(seconds * RATE), np.float32)


def noise(seconds: float, level: float = 0.05) -> np.ndarray:
    """White, the same every time."""
    values = np.random.default_rng(0).standard_normal(round(seconds * RATE))
    return (level * values).astype(np.float32)


def tone(seconds: float) -> np.ndarray:
    """440 Hz at half scale."""
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)).astype(
        np.float32
    )


def chords(seconds: float) -> np.ndarray:
    """Half a second each of four chords of three notes with six harmonics, which die away."""
    roots = [(261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196, 246.9, 294)]
    time = np.arange(RATE // 2) / RATE
    bars = [
        sum(np.sin(2 * np.pi * note * k * time) / k for note in chord for k in range(1, 7))
        * np.exp(-3 * time)
        for chord in roots
    ]
    song = np.tile(0.1 * np.concatenate(bars), int(seconds // 2) + 1)
    return song[: round(seconds * RATE)].astype(np.float32)


def clipped(speech: np.ndarray) -> np.ndarray:
    """Thirty times too loud, cut off at full scale."""
    return np.clip(30 * speech, -1, 1)


def telephone(speech: np.ndarray) -> np.ndarray:
    """Through 8 kHz and eight bits."""
    narrow = soxr.resample(speech, RATE, 8_000)
    narrow = np.round(narrow * 127) / 127
    return soxr.resample(narrow, 8_000, RATE).astype(np.float32)


def backwards(speech: np.ndarray) -> np.ndarray:
    """From its end to its beginning."""
    return speech[::-1].copy()


def noisy(speech: np.ndarray, decibels: float) -> np.ndarray:
    """With white noise as many decibels below it."""
    power = np.sqrt(np.mean(speech**2)) / 10 ** (decibels / 20)
    return speech + noise(len(speech) / RATE, float(power))[: len(speech)]
