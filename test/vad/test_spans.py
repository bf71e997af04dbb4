"""Spans of speech against the package's own get_speech_timestamps."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from comparison.clips import Clip

from sotto._runtime import VoiceActivityDetector, speech_spans
from sotto.errors import OptionError
from sotto.preprocess import read_audio

CHUNK = 512

FASTER_WHISPER = {
    "min_speech_duration_ms": 0,
    "min_silence_duration_ms": 2000,
    "speech_pad_ms": 400,
}
SILERO = {"min_speech_duration_ms": 250, "min_silence_duration_ms": 100, "speech_pad_ms": 30}

OPTIONS: list[dict[str, Any]] = [
    FASTER_WHISPER,
    SILERO,
    {**SILERO, "threshold": 0.9, "neg_threshold": 0.2},
    {**SILERO, "speech_pad_ms": 0, "min_speech_duration_ms": 700},
    {**SILERO, "max_speech_duration_s": 2.0},
    {**SILERO, "max_speech_duration_s": 2.0, "use_max_poss_sil_at_max_speech": False},
    {**FASTER_WHISPER, "max_speech_duration_s": 5.0, "min_silence_at_max_speech": 30},
    {**FASTER_WHISPER, "max_speech_duration_s": 3.5, "use_max_poss_sil_at_max_speech": False},
]


def pairs(spans: list[dict[str, int]]) -> list[tuple[int, int]]:
    return [(span["start"], span["end"]) for span in spans]


@pytest.mark.parametrize("options", OPTIONS, ids=range(len(OPTIONS)))
def test_spans_are_the_packages(
    silero: ModuleType,
    detector: VoiceActivityDetector,
    expected: Callable[[Clip], np.ndarray],
    clip: Clip,
    options: dict[str, Any],
) -> None:
    total = len(clip.samples)
    wanted = pairs(
        silero.get_speech_timestamps_from_probs(
            expected(clip).tolist(), audio_length_samples=total, **options
        )
    )
    assert wanted
    assert speech_spans(detector.probabilities(clip.samples), total, **options) == wanted


def test_the_whole_way_is_the_packages(
    silero: ModuleType, detector: VoiceActivityDetector, recording: Callable
) -> None:
    import torch
    from silero_vad import load_silero_vad

    samples = read_audio(recording("jfk.flac"))
    wanted = silero.get_speech_timestamps(torch.from_numpy(samples), load_silero_vad())
    spans = speech_spans(detector.probabilities(samples), len(samples), **SILERO)
    assert spans == pairs(wanted)
    assert len(spans) > 1


def test_spans_of_any_probabilities_are_the_packages(silero: ModuleType) -> None:
    random = np.random.default_rng(0)
    for _ in range(3000):
        n = int(random.integers(0, 120))
        # Runs, as in real speech, and values just at the thresholds.
        levels = random.choice([0.0, 0.2, 0.35, 0.4, 0.5, 0.7, 1.0], n)
        probabilities = levels[np.sort(random.integers(0, max(n, 1), n))].astype(np.float32)
        total = max(0, n * CHUNK - int(random.integers(0, CHUNK)))
        options: dict[str, Any] = {
            "threshold": float(random.choice([0.3, 0.5, 0.7])),
            "min_speech_duration_ms": int(random.choice([0, 32, 100, 250])),
            "min_silence_duration_ms": int(random.choice([0, 32, 100, 500])),
            "speech_pad_ms": int(random.choice([0, 30, 33, 400])),
            "min_silence_at_max_speech": int(random.choice([0, 32, 98])),
            "use_max_poss_sil_at_max_speech": bool(random.integers(2)),
            "max_speech_duration_s": float(random.choice([0.85, 1.0, 2.0, math.inf])),
        }
        wanted = silero.get_speech_timestamps_from_probs(
            probabilities.tolist(), audio_length_samples=total, **options
        )
        assert speech_spans(probabilities, total, **options) == pairs(wanted), (
            probabilities.tolist(),
            total,
            options,
        )


def test_the_defaults_are_faster_whispers(
    detector: VoiceActivityDetector, recording: Callable
) -> None:
    samples = read_audio(recording("jfk.flac"))
    probabilities = detector.probabilities(samples)
    by_default = speech_spans(probabilities, len(samples))
    assert by_default == speech_spans(probabilities, len(samples), **FASTER_WHISPER)
    assert by_default != speech_spans(probabilities, len(samples), **SILERO)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("threshold", 0.0, "threshold 0: expected a probability above 0 and up to 1"),
        ("threshold", math.nan, "threshold nan"),
        ("neg_threshold", 0.7, "neg_threshold 0.7: expected 0 to the threshold"),
        ("min_speech_duration_ms", -1, "min_speech_duration_ms -1: expected 0 to 3600000"),
        ("min_silence_duration_ms", -1, "min_silence_duration_ms -1"),
        ("speech_pad_ms", 10**8, "speech_pad_ms 1e"),
        ("max_speech_duration_s", 0.8, "max_speech_duration_s 0.8: expected more than 0.832 s"),
    ],
)
def test_an_option_out_of_range_is_named(option: str, value: float, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        speech_spans([0.0], CHUNK, **{option: value})
