"""Sounds that are no speech, or hardly: an end, finite numbers, and nothing made up in silence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import same_transcript
from comparison.score import error_rate
from openai_whisper import OpenaiWhisper
from recordings import recording
from sounds import backwards, chords, clipped, noise, noisy, silence, telephone, tone

from sotto.asr import SpeechModel, Transcription

SOUNDS: dict[str, Callable[[], np.ndarray]] = {
    "noise": lambda: noise(20),
    "loud noise": lambda: noise(20, level=0.5),
    "noise that can't be heard": lambda: noise(20, level=1e-5),
    "chords": lambda: chords(20),
    "a tone": lambda: tone(20),
    "silence": lambda: silence(20),
    "a constant": lambda: np.full(160_000, 0.5, np.float32),
    "a click": lambda: np.eye(1, 160_000, 80_000, dtype=np.float32)[0],
    "clipped speech": lambda: clipped(recording("beckett").samples),
    "speech backwards": lambda: backwards(recording("beckett").samples),
    "speech in noise": lambda: noisy(recording("beckett").samples, 0),
    "samples far above full scale": lambda: 1e4 * recording("beckett").samples,
    "samples far below hearing": lambda: 1e-6 * recording("beckett").samples,
}

QUICK = ("noise", "chords", "a tone", "silence", "clipped speech")
"""Of the sounds, those that are tried where there is little time."""


def sound(result: Transcription, seconds: float) -> None:
    """Asserts numbers that can be, in an order that can be."""
    assert result.duration == pytest.approx(seconds, abs=0.011)
    assert [segment.id for segment in result.segments] == list(range(len(result.segments)))
    for segment in result.segments:
        for value in _numbers(asdict(segment)):
            assert math.isfinite(value)
        assert 0 <= segment.seek / 100 <= seconds
        assert segment.seek / 100 <= segment.start <= segment.end <= segment.seek / 100 + 30
        assert 0 <= segment.no_speech_prob <= 1
        assert segment.avg_logprob <= 0
        assert segment.compression_ratio >= 0
        assert all(logprob <= 0 for logprob in segment.token_logprobs)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [number for each in inner for number in _numbers(each)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in SOUNDS],
)
def test_any_sound_comes_to_an_end_with_finite_results(
    speech: Callable[[str, str], SpeechModel], name: str
) -> None:
    samples = SOUNDS[name]()
    result = speech("tiny.en", "int8").recognize(samples)
    sound(result, len(samples) / 16_000)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ("silence", "a tone") else [pytest.mark.slow])
        for name in SOUNDS
    ],
)
@pytest.mark.parametrize(
    "model", ["tiny.en", pytest.param("base", marks=[pytest.mark.slow, pytest.mark.grid])]
)
def test_any_sound_has_openai_whispers_transcript(
    reference: Callable[[str], OpenaiWhisper],
    speech: Callable[[str, str], SpeechModel],
    model: str,
    name: str,
) -> None:
    samples = SOUNDS[name]()
    expected = reference(model).transcribe(samples, language="en")
    actual = speech(model, "fp32").recognize(samples, window=30, language="en", temperature=0)
    same_transcript(expected, actual)


@pytest.mark.slow
def test_a_minute_of_silence_has_openai_whispers_transcript(
    reference: Callable[[str], OpenaiWhisper], speech: Callable[[str, str], SpeechModel]
) -> None:
    for model in ("tiny.en", "base"):
        expected = reference(model).transcribe(silence(60))
        actual = speech(model, "fp32").recognize(silence(60), window=30, temperature=0)
        same_transcript(expected, actual)


@pytest.mark.slow
def test_ten_minutes_of_silence_come_to_an_end(speech: Callable[[str, str], SpeechModel]) -> None:
    result = speech("base", "int8").recognize(silence(600))
    sound(result, 600)
    assert len(result.text.split()) <= 20 * 3  # three words a window, such as "Thank you."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "max_rate"),
    # Which words are lost depends on the kernels: of 118 over the telephone 10 here, 12 elsewhere.
    [(clipped, 0.25), (telephone, 0.15), (lambda speech: noisy(speech, 15), 0.1)],
    ids=["clipped", "over the telephone", "in noise"],
)
def test_damaged_speech_is_still_understood(
    speech: Callable[[str, str], SpeechModel],
    damage: Callable[[np.ndarray], np.ndarray],
    max_rate: float,
) -> None:
    model, samples = speech("base", "int8"), recording("two_cities").samples
    clean = model.recognize(samples, language="en").text
    assert (
        error_rate([(clean, model.recognize(damage(samples), language="en").text)], "en")
        <= max_rate
    )


@pytest.mark.slow
def test_speech_after_silence_is_not_lost(speech: Callable[[str, str], SpeechModel]) -> None:
    model, samples = speech("base", "int8"), recording("beckett").samples
    alone = model.recognize(samples, language="en").text
    later = model.recognize(np.concatenate([silence(40), samples]), language="en")
    words = [segment for segment in later.segments if segment.end > 40]
    assert error_rate([(alone, "".join(segment.text for segment in words))], "en") <= 0.1


@pytest.mark.parametrize(
    "samples",
    [silence(20), noise(20), tone(20)],
    ids=["silence", "noise", "a tone"],
)
@pytest.mark.parametrize("model", ["tiny.en", "base"])
def test_what_is_no_speech_gives_no_text_with_the_vad_filter(
    speech: Callable[[str, str], SpeechModel], vad: Path, model: str, samples: np.ndarray
) -> None:
    result = speech(model, "int8").recognize(samples, vad_filter=True)
    assert result.segments == []
    assert result.text == ""
    assert result.duration == pytest.approx(20)
    assert result.duration_after_vad == 0
