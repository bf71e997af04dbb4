"""Which windows are decoded again at a higher temperature, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from comparison.clips import Clip
from comparison.each_recording import each_recording
from openai_whisper import Expected, OpenaiWhisper
from recordings import recording

from sotto.asr import SpeechModel, Transcription

NEAR = 5e-3
"""A window as near to a threshold as this may fall on either side: float32 differs."""


def thresholds_between(scores: set[float]) -> list[float]:
    """Below all scores, between each two that are not near to each other, above all."""
    ordered = sorted(scores)
    between = [(low + high) / 2 for low, high in pairwise(ordered) if high - low > 2 * NEAR]
    return [ordered[0] - 0.1, *between, ordered[-1] + 0.1]


def first_failure(expected: Expected, threshold: float) -> int | None:
    """The seek of the first window whose log probability is below the threshold."""
    return next((s["seek"] for s in expected.segments if s["avg_logprob"] < threshold), None)


def first_fallback(actual: Transcription) -> int | None:
    """The seek of the first segment that was sampled above temperature 0."""
    return next((s.seek for s in actual.segments if s.temperature > 0), None)


@each_recording("tiny.en", "base", quick=("tiny.en-beckett",))
def test_the_windows_that_fail_at_temperature_0_are_openai_whispers(
    reference: Callable[[str], OpenaiWhisper],
    speech: Callable[[str, str], SpeechModel],
    model: str,
    clip: Clip,
) -> None:
    expected = reference(model).transcribe(clip.samples)
    for threshold in thresholds_between({s["avg_logprob"] for s in expected.segments}):
        actual = speech(model, "fp32").recognize(
            clip.samples,
            window=30,
            temperature=(0.0, 0.4),
            logprob_threshold=threshold,
            no_speech_threshold=None,
        )
        # What follows the first has another prompt than openai-whisper's.
        assert first_fallback(actual) == first_failure(expected, threshold)


@pytest.mark.parametrize(
    ("options", "temperature"),
    [
        ({"compression_ratio_threshold": 0.5}, 0.4),
        ({"logprob_threshold": 0.0, "no_speech_threshold": None}, 0.4),
        ({"compression_ratio_threshold": None, "logprob_threshold": None}, 0.0),
        ({"compression_ratio_threshold": 100.0, "logprob_threshold": -100.0}, 0.0),
    ],
    ids=["too repetitive", "too unsure", "no test", "nothing fails"],
)
def test_a_window_that_always_fails_is_kept_at_the_last_temperature(
    speech: Callable[[str, str], SpeechModel], options: dict[str, Any], temperature: float
) -> None:
    result = speech("tiny.en", "int8").recognize(
        recording("beckett").samples[: 4 * 16_000], temperature=(0.0, 0.2, 0.4), **options
    )
    assert result.segments
    assert {round(s.temperature, 6) for s in result.segments} == {temperature}


def test_the_same_seed_samples_the_same_text(
    speech: Callable[[str, str], SpeechModel],
) -> None:
    model, samples = speech("tiny.en", "int8"), recording("beckett").samples[: 4 * 16_000]

    def sampled(seed: int) -> list[int]:
        return model.recognize(samples, temperature=1.0, seed=seed).tokens

    assert sampled(7) == sampled(7)
    assert len({tuple(sampled(seed)) for seed in range(4)}) > 1


def test_the_best_of_several_samples_is_surer_than_one(
    speech: Callable[[str, str], SpeechModel],
) -> None:
    model, samples = speech("tiny.en", "int8"), recording("beckett").samples[: 4 * 16_000]

    def logprob(best_of: int) -> float:
        found = [
            model.recognize(samples, temperature=1.0, best_of=best_of, seed=seed).segments
            for seed in range(3)
        ]
        return sum(segments[0].avg_logprob for segments in found) / len(found)

    assert logprob(8) > logprob(1)
