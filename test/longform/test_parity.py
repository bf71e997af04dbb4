"""The same transcript as openai-whisper's ``transcribe``, whatever the options.

The fp32 bundle in the 30 s window and openai-whisper with the same weights, at temperature 0:
the same segments, tokens, windows and text, and times equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import PROBABILITY_TOLERANCE, same_transcript
from comparison.baseline import Baseline
from comparison.clips import Clip
from comparison.each_recording import each_recording
from openai_whisper import OpenaiWhisper, cache_of
from recordings import recording, two_windows
from sounds import silence

from sotto.asr import SpeechModel

pytestmark = pytest.mark.timeout(1200)

FOREIGN = ("es", "ja", "fr", "zh")

OPTIONS: dict[str, dict[str, Any]] = {
    "without timestamps": {"without_timestamps": True},
    "a prompt": {"initial_prompt": "A tale by Charles Dickens, 1859: Jerry Cruncher, Tellson's."},
    "a prompt for every window": {
        "initial_prompt": "A tale by Charles Dickens, 1859.",
        "carry_initial_prompt": True,
    },
    "a prompt longer than its room": {"initial_prompt": "It was the best of times. " * 60},
    "a long prompt for every window": {
        "initial_prompt": "It was the best of times. " * 25,
        "carry_initial_prompt": True,
    },
    "a prefix": {"prefix": "Well,"},
    "symbols that are not speech": {"suppress_tokens": ""},
    "suppressed words": {"suppress_tokens": [-1, 11, 13, 262, 632]},
    "blanks at first": {"suppress_blank": False},
    "few tokens a window": {"sample_len": 12},
    "any first timestamp": {"max_initial_timestamp": None},
    "an early first timestamp": {"max_initial_timestamp": 0.1},
    "no thresholds": {
        "compression_ratio_threshold": None,
        "logprob_threshold": None,
        "no_speech_threshold": None,
    },
    "silence at the least doubt": {"no_speech_threshold": 1e-6, "logprob_threshold": 0.0},
}

CLIPS_WITHIN = {"two clips": "0,4,8,12", "a clip and the rest": "5,10,13", "one": [2.5, 11.25]}
"""Of recordings longer than 15 s: at a clip that ends later, openai-whisper loops for ever."""

QUICK = (
    "without timestamps",
    "a prompt",
    "a prefix",
    "symbols that are not speech",
    "suppressed words",
    "few tokens a window",
    "silence at the least doubt",
)
"""Of the options, those that are tried where there is little time."""

SEVERAL = (
    "tiny.en-jfk",
    "tiny.en-two_cities",
    "tiny.en-ted_60",
    "base-jfk",
    "base-es_test_clip",
    "base-ja_test_clip",
)
"""Recordings with one window and two, with little and much text, in three languages."""

BEAMS: dict[str, dict[str, Any]] = {
    "three, patient, long texts preferred": {
        "beam_size": 3,
        "patience": 2.0,
        "length_penalty": 1.0,
    },
    "two, impatient": {"beam_size": 2, "patience": 0.5, "length_penalty": 0.0},
}


@pytest.fixture
def agree(
    reference: Callable[[str], OpenaiWhisper], speech: Callable[[str, str], SpeechModel]
) -> Callable[..., None]:
    """Transcribes with both, and asserts that the two are the same."""

    def check(model: str, samples: np.ndarray, **options: Any) -> None:
        expected = reference(model).transcribe(samples, **options)
        options = {"temperature": 0.0, **options}
        same_transcript(expected, speech(model, "fp32").recognize(samples, window=30, **options))

    return check


@each_recording(
    "tiny.en",
    "base",
    quick=(
        "tiny.en-jfk",
        "tiny.en-mr_quilter",
        "tiny.en-two_cities",
        "base-es_test_clip",
        "base-ja_test_clip",
    ),
)
def test_the_transcript_is_openai_whispers(
    agree: Callable[..., None], model: str, clip: Clip
) -> None:
    agree(model, clip.samples)


@each_recording("tiny.en", "base")
def test_the_transcript_is_openai_whispers_without_the_text_before(
    agree: Callable[..., None], model: str, clip: Clip
) -> None:
    agree(model, clip.samples, condition_on_previous_text=False)


@each_recording("tiny.en", "base", only=SEVERAL, quick=("tiny.en-jfk",))
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=name, marks=[] if name in QUICK else [pytest.mark.slow])
        for name, options in OPTIONS.items()
    ],
)
def test_the_transcript_is_openai_whispers_with(
    agree: Callable[..., None], model: str, clip: Clip, options: dict[str, Any]
) -> None:
    agree(model, clip.samples, **options)


@each_recording("tiny.en", "base", longer=15, quick=("tiny.en-libri-1088-134315-0000",))
@pytest.mark.parametrize(
    "clips",
    [
        pytest.param(clips, id=name, marks=[pytest.mark.slow] if name == "two clips" else [])
        for name, clips in CLIPS_WITHIN.items()
    ],
)
def test_the_transcript_of_clips_is_openai_whispers(
    agree: Callable[..., None], model: str, clip: Clip, clips: str | list[float]
) -> None:
    agree(model, clip.samples, clip_timestamps=clips)


@pytest.mark.parametrize("clips", ["0,4,8,11.5", "3,4,50,60"])
def test_a_clip_that_ends_after_the_recording_ends_with_it(
    speech: Callable[[str, str], SpeechModel], clips: str
) -> None:
    model, samples = speech("tiny.en", "int8"), recording("jfk").samples
    times = [min(float(time), len(samples) / 16_000) for time in clips.split(",")]

    def found(clips: str | list[float]) -> list[tuple[int, list[int]]]:
        result = model.recognize(samples, window=30, temperature=0, clip_timestamps=clips)
        return [(segment.seek, segment.tokens) for segment in result.segments]

    assert found(clips) == found(times)


@pytest.mark.parametrize(
    "options",
    [{"condition_on_previous_text": False}, OPTIONS["a prompt for every window"]],
    ids=["without the text before", "a prompt for every window"],
)
def test_two_windows_are_openai_whispers_with(
    agree: Callable[..., None], options: dict[str, Any]
) -> None:
    agree("tiny.en", two_windows(), **options)


@each_recording("tiny.en", "base", quick=("tiny.en-jfk",))
def test_five_beams_find_openai_whispers_transcript(
    agree: Callable[..., None], model: str, clip: Clip
) -> None:
    agree(model, clip.samples, beam_size=5)


@each_recording("tiny.en", "base", only=SEVERAL)
@pytest.mark.parametrize("options", BEAMS.values(), ids=BEAMS)
def test_beams_find_openai_whispers_transcript(
    agree: Callable[..., None], model: str, clip: Clip, options: dict[str, Any]
) -> None:
    agree(model, clip.samples, **options)


@each_recording("base", languages=FOREIGN, quick=("base-es_test_clip",))
def test_the_translation_is_openai_whispers(
    agree: Callable[..., None], model: str, clip: Clip
) -> None:
    agree(model, clip.samples, task="translate")


@each_recording("base", languages=FOREIGN, quick=("base-sr_french",))
def test_a_language_that_is_given_is_not_detected(
    agree: Callable[..., None],
    speech: Callable[[str, str], SpeechModel],
    model: str,
    clip: Clip,
) -> None:
    agree(model, clip.samples, language="en")
    result = speech(model, "fp32").recognize(
        clip.samples, window=30, language="en", sample_len=1, temperature=0
    )
    assert result.language_probabilities == {}


@each_recording("base", quick=("base-sr_chinese",))
def test_the_probabilities_of_languages_are_openai_whispers(
    reference: Callable[[str], OpenaiWhisper],
    speech: Callable[[str, str], SpeechModel],
    model: str,
    clip: Clip,
) -> None:
    expected = reference(model).language_probabilities(clip.samples)
    result = speech(model, "fp32").recognize(clip.samples, window=30, sample_len=1, temperature=0)
    assert result.language == max(expected, key=lambda code: expected[code])
    assert result.language_probabilities == pytest.approx(expected, abs=PROBABILITY_TOLERANCE)


def test_a_recording_of_a_window_and_a_little_more_is_openai_whispers(
    agree: Callable[..., None],
) -> None:
    samples = np.concatenate([recording("jfk").samples, silence(20)])
    agree("tiny.en", samples[: 30 * 16_000])
    agree("tiny.en", samples[: 30 * 16_000 + 800])


def test_the_shortest_recording_is_openai_whispers(agree: Callable[..., None]) -> None:
    agree("tiny.en", recording("two_cities").samples[:1600])


def test_without_pytests_cache_the_reference_is_computed(
    bundle: Callable[[str, str], Path], baseline: Callable[[str], Baseline]
) -> None:
    kept = cache_of(pytest.Config.__new__(pytest.Config))  # as -p no:cacheprovider leaves it
    computed = OpenaiWhisper(bundle("tiny.en", "fp32"), lambda: baseline("tiny.en"), kept)
    assert computed.transcribe(recording("two_cities").samples[:1600]).windows
