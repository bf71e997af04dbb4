"""The seek loop against openai-whisper's ``transcribe`` with the same weights, window and samples.

Decoding is greedy: at a temperature the two draw from different random numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("whisper", reason="openai-whisper is the reference")

import torch
import whisper
from comparison.baseline import Baseline
from comparison.bundles import Precision
from comparison.clips import Clip, all_clips

from sotto import load_model
from sotto.asr import Segment, SpeechModel, Transcription
from sotto.bundle import read_manifest

WORD_TOLERANCE = 0.06
"""Seconds: three steps of the attention, whose values differ in the fourth place. 0 was seen."""

QUICK = [("tiny.en", "jfk"), ("tiny.en", "two_cities"), ("base", "sr_french")]
SLOW = [
    pytest.param(model, clip.name, marks=pytest.mark.slow)
    for model in ("tiny.en", "base")
    for clip in all_clips()
    if (model, clip.name) not in QUICK and (model == "base" or clip.language == "en")
]

Options = dict[str, Any]


@pytest.fixture(scope="module")
def ours(bundle: Callable[[str, Precision], Path]) -> Callable[[str], SpeechModel]:
    return cache(lambda model: load_model(bundle(model, "fp32")))


@pytest.fixture(scope="module")
def reference(bundle: Callable[[str, Precision], Path]) -> Callable[[str], Any]:
    """openai-whisper's model with the bundle's weights."""

    @cache
    def make(model: str) -> Any:
        manifest = read_manifest(bundle(model, "fp32"))
        made = Baseline(manifest).model
        heads = torch.zeros(made.dims.n_text_layer, made.dims.n_text_head, dtype=torch.bool)
        for layer, head in manifest["alignment_heads"]:
            heads[layer, head] = True
        made.register_buffer("alignment_heads", heads.to_sparse(), persistent=False)
        return made

    return make


@pytest.fixture(scope="module")
def both(
    ours: Callable[[str], SpeechModel], reference: Callable[[str], Any]
) -> Callable[..., tuple[Transcription, dict[str, Any]]]:
    def transcribe(
        model: str, samples: np.ndarray, **options: Any
    ) -> tuple[Transcription, dict[str, Any]]:
        found = ours(model).recognize(samples, window=30, temperature=0.0, **options)
        expected = whisper.transcribe(
            reference(model), samples.copy(), temperature=0.0, fp16=False, **options
        )
        return found, expected

    return transcribe


def find(name: str) -> Clip:
    return next(clip for clip in all_clips() if clip.name == name)


def values(segment: Segment) -> dict[str, Any]:
    """What must be the same to the last bit."""
    names = ("id", "seek", "start", "end", "text", "tokens", "temperature")
    return {name: getattr(segment, name) for name in names}


def assert_same(found: Transcription, expected: dict[str, Any]) -> None:
    assert [values(segment) for segment in found.segments] == [
        {name: segment[name] for name in values(found.segments[0])}
        for segment in expected["segments"]
    ]
    assert found.text == expected["text"]
    assert found.language == expected["language"]
    for segment, other in zip(found.segments, expected["segments"], strict=True):
        assert len(segment.token_logprobs) == len(segment.tokens)
        assert segment.avg_logprob == pytest.approx(other["avg_logprob"], abs=1e-3)
        assert segment.compression_ratio == pytest.approx(other["compression_ratio"], rel=1e-6)
        assert segment.no_speech_prob == pytest.approx(other["no_speech_prob"], abs=1e-3)


@pytest.mark.parametrize(("model", "name"), [*QUICK, *SLOW])
@pytest.mark.parametrize("condition", [True, False])
def test_segments_are_whispers(
    both: Callable[..., Any], model: str, name: str, condition: bool
) -> None:
    if not condition and name != "two_cities" and (model, name) in QUICK:
        pytest.skip("one window: no text before it")
    assert_same(*both(model, find(name).samples, condition_on_previous_text=condition))


@pytest.mark.parametrize(("model", "name"), [*QUICK, *SLOW])
def test_words_are_whispers_at_nearly_the_same_times(
    both: Callable[..., Any], model: str, name: str
) -> None:
    found, expected = both(model, find(name).samples, word_timestamps=True)
    ours = [word for segment in found.segments for word in segment.words]
    theirs = [word for segment in expected["segments"] for word in segment["words"]]
    assert [word.word for word in ours] == [word["word"] for word in theirs]
    for word, other in zip(ours, theirs, strict=True):
        assert abs(word.start - other["start"]) <= WORD_TOLERANCE, word
        assert abs(word.end - other["end"]) <= WORD_TOLERANCE, word
        assert word.probability == pytest.approx(other["probability"], abs=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {"clip_timestamps": [2.0, 5.5, 7.0]},
        {"without_timestamps": True, "initial_prompt": "The President speaks."},
        {"carry_initial_prompt": True, "initial_prompt": "The President speaks."},
        {"word_timestamps": True, "hallucination_silence_threshold": 0.2},
    ],
    ids=lambda options: "-".join(options),
)
def test_options_mean_what_they_mean_to_whisper(both: Callable[..., Any], options: Options) -> None:
    assert_same(*both("tiny.en", find("jfk").samples, **options))


def test_silence_gives_what_whisper_gives(both: Callable[..., Any]) -> None:
    found, expected = both("tiny.en", np.zeros(32_000, np.float32))
    assert found.text == expected["text"] == ""
    assert found.segments == expected["segments"] == []


def test_a_clip_that_ends_past_the_audio_ends_with_it(
    ours: Callable[[str], SpeechModel],
) -> None:
    samples = find("jfk").samples
    results = [
        ours("tiny.en").recognize(samples, clip_timestamps=clips, temperature=0.0).text
        for clips in ([0.0, 4.0, 8.0, 12.0], [0.0, 4.0, 8.0, 11.0])
    ]
    assert results[0] == results[1]


def test_a_text_that_ends_at_0_s_does_not_hold_the_window_where_whisper_stays_for_ever(
    ours: Callable[[str], SpeechModel],
) -> None:
    tokenizer = whisper.tokenizer.get_tokenizer(multilingual=False)
    begin = tokenizer.timestamp_begin
    seen: list[float] = []
    result = ours("tiny.en").recognize(
        find("two_cities").samples,
        without_timestamps=True,  # and so no timestamp rules
        suppress_tokens=[*range(begin), *range(begin + 1, tokenizer.encoding.n_vocab)],
        suppress_blank=False,
        sample_len=3,
        window=30,
        temperature=0.0,
        no_speech_threshold=None,
        on_progress=lambda done, duration: seen.append(done),
    )
    assert seen == [30.0, 44.37]
    assert result.text == ""


def test_the_language_is_detected_as_by_whisper(
    ours: Callable[[str], SpeechModel], reference: Callable[[str], Any]
) -> None:
    samples = find("sr_french").samples
    mel = whisper.log_mel_spectrogram(samples.copy(), 80, padding=480_000)
    _, expected = reference("base").detect_language(whisper.pad_or_trim(mel, 3000))
    found = ours("base").recognize(samples, window=30, temperature=0.0).language_probabilities
    assert found.keys() == expected.keys()
    for code, probability in found.items():
        assert probability == pytest.approx(expected[code], abs=1e-3)


def test_one_encoder_run_detects_and_transcribes_in_a_fitted_window(
    ours: Callable[[str], SpeechModel],
) -> None:
    profile = ours("base").recognize(find("sr_french").samples, temperature=0.0).profile
    assert profile.encoder_runs == 1
