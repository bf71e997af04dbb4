"""What holds for any audio and any options: Hypothesis chooses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from comparison.clips import packaged_clips
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai_whisper import OpenaiWhisper
from sounds import RATE, noise, silence

from sotto.asr import SpeechModel, Transcription

pytest.importorskip("moonshine_voice", reason="whose recordings are cut")

SPEECH = np.concatenate([clip.samples for clip in packaged_clips()])

WORD = 0.6
"""Seconds: a word that the end of a clip cuts."""

few = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
many = settings(few, max_examples=60)


@st.composite
def audio(draw: st.DrawFn) -> np.ndarray:
    """Speech from anywhere, silence and noise, one to three pieces: 0.1 s to 36 s."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(("speech", "speech", "silence", "noise")))
        seconds = draw(st.floats(0.1, 12))
        if kind == "speech":
            start = draw(st.integers(0, len(SPEECH) - round(seconds * RATE)))
            parts.append(SPEECH[start : start + round(seconds * RATE)])
        else:
            parts.append(silence(seconds) if kind == "silence" else noise(seconds, 0.01))
    return np.concatenate(parts)


options = st.fixed_dictionaries(
    {"temperature": st.sampled_from((0.0, (0.0, 0.6)))},
    optional={
        "condition_on_previous_text": st.booleans(),
        "without_timestamps": st.booleans(),
        "word_timestamps": st.booleans(),
        "initial_prompt": st.sampled_from(("", "Endgame, by Samuel Beckett.", "word " * 150)),
        "carry_initial_prompt": st.booleans(),
        "prefix": st.sampled_from(("", "It was")),
        "beam_size": st.sampled_from((1, 2)),
        "sample_len": st.integers(1, 40),
        "max_initial_timestamp": st.sampled_from((None, 0.0, 1.0, 5.0)),
        "no_speech_threshold": st.sampled_from((None, 0.0, 0.6)),
        "suppress_tokens": st.sampled_from(("-1", "")),
        "window": st.sampled_from((0, 10, 30)),
    },
)


def check(result: Transcription, seconds: float, decode: Callable[[list[int]], str]) -> None:
    """Asserts what holds for every result."""
    assert result.duration == pytest.approx(seconds, abs=0.011)
    seeks = [segment.seek for segment in result.segments]
    assert seeks == sorted(seeks)
    assert [segment.id for segment in result.segments] == list(range(len(seeks)))
    assert result.text == "".join(segment.text for segment in result.segments)
    before = 0.0
    for segment in result.segments:
        assert 0 <= segment.seek / 100 <= seconds
        assert segment.start <= segment.end
        # A word may be spoken across the end of a window; segments are in its order all the same.
        assert before <= segment.start + 1e-6
        before = segment.start
        assert segment.text == decode(segment.tokens)
        assert len(segment.token_logprobs) == len(segment.tokens)
        words = "".join(word.word for word in segment.words)
        assert words in ("", segment.text)
        for word in segment.words:
            assert segment.start <= word.start <= word.end <= segment.end
            assert 0 <= word.probability <= 1


@pytest.fixture(scope="module")
def decode(reference: Callable[[str], OpenaiWhisper]) -> Callable[[list[int]], str]:
    """Text of tokens, timestamps left out, by openai-whisper's tokenizer."""
    tokenizer = reference("tiny.en").tokenizer
    return lambda tokens: tokenizer.decode([t for t in tokens if t < tokenizer.eot])


def run(
    speech: Callable[[str, str], SpeechModel], samples: np.ndarray, chosen: dict[str, Any]
) -> Transcription:
    """Through the int8 tiny.en."""
    return speech("tiny.en", "int8").recognize(samples, **chosen)


@few
@given(samples=audio(), chosen=options)
def test_segments_are_in_order_and_their_text_is_that_of_their_tokens(
    speech: Callable[[str, str], SpeechModel],
    decode: Callable[[list[int]], str],
    samples: np.ndarray,
    chosen: dict[str, Any],
) -> None:
    check(run(speech, samples, chosen), len(samples) / RATE, decode)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@many
@given(samples=audio(), chosen=options)
def test_segments_are_in_order_for_many_more(
    speech: Callable[[str, str], SpeechModel],
    decode: Callable[[list[int]], str],
    samples: np.ndarray,
    chosen: dict[str, Any],
) -> None:
    check(run(speech, samples, chosen), len(samples) / RATE, decode)


@few
@given(
    cuts=st.lists(st.integers(0, 440), min_size=1, max_size=6, unique=True).map(sorted),
)
def test_no_word_is_heard_outside_the_clips(
    speech: Callable[[str, str], SpeechModel], cuts: list[int]
) -> None:
    samples = packaged_clips()[-1].samples  # 44 s
    times = [cut / 10 for cut in cuts]
    result = run(
        speech,
        samples,
        {"clip_timestamps": times, "word_timestamps": True, "temperature": 0.0},
    )
    ends = [*times, len(samples) / RATE] if len(times) % 2 else times
    spans = list(zip(ends[::2], ends[1::2], strict=True))
    for segment in result.segments:
        assert any(start - 0.005 <= segment.seek / 100 < end for start, end in spans)
        for word in segment.words:
            assert any(start - WORD <= word.start < end + WORD for start, end in spans), word
