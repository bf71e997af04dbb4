"""Word timestamps against openai-whisper's: the same words, at nearly the same times.

Times are read off a path through the attention of some heads, in steps of 0.02 s; values that
differ in the fourth place can move the path by a step or two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from agreement import same_tokens
from comparison.clips import Clip
from comparison.each_recording import each_recording
from openai_whisper import OpenaiWhisper
from recordings import recording, two_windows

from sotto.asr import SpeechModel

pytestmark = pytest.mark.timeout(1200)

TOLERANCE = 0.06
"""Seconds: three steps of the attention."""

NEAR = 0.98
"""Of the words must be within it; the others are at a pause, where a path has much room."""

PROBABILITY_TOLERANCE = 1e-3

OPTIONS: dict[str, dict[str, Any]] = {
    "hallucinations skipped": {"hallucination_silence_threshold": 1.0},
    "clips": {"clip_timestamps": "0,2.5,4,7"},
    "without the text before": {"condition_on_previous_text": False},
    "own punctuation": {"prepend_punctuations": "", "append_punctuations": ""},
    "without timestamps": {"without_timestamps": True},
}


@pytest.fixture
def agree(
    reference: Callable[[str], OpenaiWhisper], speech: Callable[[str, str], SpeechModel]
) -> Callable[..., None]:
    """Transcribes with both, and asserts the same words at nearly the same times."""

    def check(model: str, samples: np.ndarray, **options: Any) -> None:
        options = {**options, "word_timestamps": True}
        expected = reference(model).transcribe(samples, **options)
        options["temperature"] = 0.0
        actual = speech(model, "fp32").recognize(samples, window=30, **options)
        # A window begins where the word before it ended, and so may begin a step elsewhere.
        wanted = [word for segment in expected.segments for word in segment["words"]]
        found = [word for segment in actual.segments for word in segment.words]
        if [word.word for word in found] != [word["word"] for word in wanted]:
            assert not same_tokens(expected, actual), "the tokens are the same, the words are not"
            return
        assert actual.text == expected.text
        far = [
            f"{w['word']!r}: {w['start']:.2f} to {w['end']:.2f}, not {f.start:.2f} to {f.end:.2f}"
            for w, f in zip(wanted, found, strict=True)
            if max(abs(f.start - w["start"]), abs(f.end - w["end"])) > TOLERANCE + 1e-9
        ]
        assert len(far) <= (1 - NEAR) * len(wanted), "\n".join(far)
        for w, f in zip(wanted, found, strict=True):
            assert f.probability == pytest.approx(w["probability"], abs=PROBABILITY_TOLERANCE)
        for w, f in zip(expected.segments, actual.segments, strict=True):
            assert f.start == pytest.approx(w["start"], abs=TOLERANCE + 1e-9) or far
            assert f.end == pytest.approx(w["end"], abs=TOLERANCE + 1e-9) or far

    return check


@each_recording(
    "tiny.en",
    "base",
    quick=("tiny.en-jfk", "tiny.en-beckett", "base-ja_test_clip"),
)
def test_words_and_their_times_are_openai_whispers(
    agree: Callable[..., None], model: str, clip: Clip
) -> None:
    agree(model, clip.samples)


@each_recording(
    "tiny.en",
    "base",
    only=("tiny.en-jfk", "tiny.en-two_cities", "tiny.en-ted_60", "base-jfk", "base-es_test_clip"),
    quick=("tiny.en-jfk",),
)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_words_and_their_times_are_openai_whispers_with(
    agree: Callable[..., None], model: str, clip: Clip, options: dict[str, Any]
) -> None:
    agree(model, clip.samples, **options)


def test_words_of_two_windows_are_openai_whispers(agree: Callable[..., None]) -> None:
    agree("tiny.en", two_windows())


def test_a_words_tokens_spell_it(
    speech: Callable[[str, str], SpeechModel], reference: Callable[[str], OpenaiWhisper]
) -> None:
    tokenizer = reference("tiny.en").tokenizer
    result = speech("tiny.en", "int8").recognize(
        recording("jfk").samples, word_timestamps=True, temperature=0
    )
    words = [word for segment in result.segments for word in segment.words]
    assert [tokenizer.decode(word.tokens) for word in words] == [word.word for word in words]
    assert "".join(word.word for word in words) == result.text
