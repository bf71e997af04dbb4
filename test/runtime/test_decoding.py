"""One window's decoding in C++ against openai-whisper's ``decode``, over real bundles.

Both are given the same log-mel frames of 30 s and the same weights in float32, so the tokens
are equal but where two candidates are as likely as float32's rounding, which no case here meets.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sotto import _runtime
from sotto.errors import CancelledError, OptionError
from sotto.runtime.locate import find_litert

whisper = pytest.importorskip("whisper", reason="openai-whisper is the reference")
torch = pytest.importorskip("torch")

from comparison.baseline import Baseline  # noqa: E402
from comparison.clips import all_clips  # noqa: E402

# XNNPACK and torch add up float32 in another order: measured 3e-5 over all clips at most.
TOLERANCE = 1e-3


@dataclass
class Pair:
    """The runtime's decoder and openai-whisper's model with the same weights."""

    window: _runtime.WindowDecoder
    baseline: Baseline
    features: Any = None
    language: str = "en"
    heard: tuple[str, float, float] | None = None

    def hear(self, name: str, start: float = 0, end: float = math.inf) -> None:
        """Both encode 30 s of a recording, if it is not what they heard last."""
        if self.heard == (name, start, end):
            return
        clip = next((clip for clip in all_clips() if clip.name == name), None)
        if clip is None:
            pytest.skip(f"no recording {name}: set SOTTO_TEST_AUDIO to the recordings")
        samples = clip.samples[: int(min(end, clip.seconds) * 16_000)]
        log_mel = self.baseline.log_mel(samples[int(start * 16_000) :])
        self.features = self.baseline.model.encoder(log_mel)
        self.language = clip.language or "en"
        self.window.encode(log_mel[0].numpy())
        self.heard = (name, start, end)

    def decode(self, **request: Any) -> dict[str, Any]:
        """The runtime's result."""
        return self.window.decode(**{"language": self.language, **request})

    def reference(self, **options: Any) -> Any:
        """openai-whisper's result."""
        options = {"language": self.language, "fp16": False, **options}
        return whisper.decode(self.baseline.model, self.features, **options)[0]

    def check(self, **options: Any) -> dict[str, Any]:
        """Both give the same; returns it."""
        ours, theirs = self.decode(**options), self.reference(**options)
        assert ours["tokens"] == theirs.tokens
        assert ours["text"] == theirs.text
        assert ours["avg_logprob"] == pytest.approx(theirs.avg_logprob, abs=TOLERANCE)
        assert ours["no_speech_prob"] == pytest.approx(theirs.no_speech_prob, abs=TOLERANCE)
        assert np.float32(ours["compression_ratio"]) == np.float32(theirs.compression_ratio)
        assert ours["temperature"] == theirs.temperature
        assert len(ours["token_logprobs"]) == len(ours["tokens"])
        return ours


@pytest.fixture(scope="module")
def pair(bundle: Callable[..., Path], baseline: Callable[[str], Baseline]) -> Callable[[str], Pair]:
    """Both decoders of a checkpoint by its name."""

    @cache
    def make(checkpoint: str) -> Pair:
        window = _runtime.WindowDecoder(bundle(checkpoint, "fp32"), library=find_litert())
        return Pair(window, baseline(checkpoint))

    with torch.no_grad():
        yield make


@pytest.fixture
def english(pair: Callable[[str], Pair]) -> Pair:
    """tiny.en over a sentence."""
    both = pair("tiny.en")
    both.hear("beckett", end=5)
    return both


# What a window before might have said.
PROMPT = [383, 2644, 1297, 428, 290, 262, 1499, 466, 329, 345, 13, 843, 523, 616, 5891, 11]

OPTIONS = {
    "timestamps": {},
    "no timestamps": {"without_timestamps": True},
    "a short prompt": {"prompt": PROMPT},
    "a prompt longer than its half of the context": {"prompt": PROMPT * 16},
    "a prompt without timestamps": {"prompt": PROMPT, "without_timestamps": True},
    "a prefix": {"prefix": [1649]},
    "a prefix that is cut": {"prefix": PROMPT, "sample_len": 220},
    "a prefix and more samples than half the context": {"prefix": PROMPT, "sample_len": 226},
    "a prompt and a prefix": {"prompt": PROMPT, "prefix": [1649]},
    "few samples": {"sample_len": 5},
    "one sample": {"sample_len": 1},
    "own suppressed tokens": {"suppress_tokens": [13, 11, 0]},
    "the default and own suppressed tokens": {"suppress_tokens": [-1, 13, 11]},
    "no suppressed tokens": {"suppress_tokens": []},
    "blanks": {"suppress_blank": False},
    "blanks without timestamps": {"suppress_blank": False, "without_timestamps": True},
    "any first timestamp": {"max_initial_timestamp": None},
    "a first timestamp of 0 s, which is no limit": {"max_initial_timestamp": 0.0},
    "a first timestamp within 0.5 s": {"max_initial_timestamp": 0.5},
    "a first timestamp within 0.02 s": {"max_initial_timestamp": 0.02},
    "a first timestamp within half a step": {"max_initial_timestamp": 0.05},
    "one beam": {"beam_size": 1},
    "two beams of patience 2": {"beam_size": 2, "patience": 2.0},
    "five beams": {"beam_size": 5},
    "beams without timestamps": {"beam_size": 2, "without_timestamps": True},
    "beams of which some are forbidden": {"beam_size": 3, "max_initial_timestamp": 0.02},
    "beams that are cut short": {"beam_size": 4, "sample_len": 7},
}

# As much again, with more beams.
MORE_OPTIONS = {
    "five beams of patience 0.5": {"beam_size": 5, "patience": 0.5},
    "five beams of patience 2": {"beam_size": 5, "patience": 2.0},
    "beams and a prompt": {"beam_size": 3, "prompt": PROMPT},
    "beams of which some are forbidden": {"beam_size": 5, "max_initial_timestamp": 0.02},
    "a length penalty of 0": {"beam_size": 5, "length_penalty": 0.0},
    "a length penalty of 0.5": {"beam_size": 5, "length_penalty": 0.5},
    "a length penalty of 1": {"beam_size": 5, "length_penalty": 1.0},
    "a penalty of 0 and texts of different lengths": {
        "beam_size": 5,
        "length_penalty": 0.0,
        "suppress_blank": False,
        "without_timestamps": True,
    },
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_every_option_gives_whispers_tokens(english: Pair, options: dict[str, Any]) -> None:
    english.check(**options)


@pytest.mark.parametrize("options", MORE_OPTIONS.values(), ids=MORE_OPTIONS)
@pytest.mark.slow
def test_more_beams_give_whispers_tokens(english: Pair, options: dict[str, Any]) -> None:
    english.check(**options)


def test_the_options_above_have_effects(english: Pair) -> None:
    plain = english.decode()["tokens"]
    for name in ("no timestamps", "own suppressed tokens", "few samples", "a prefix that is cut"):
        assert english.decode(**OPTIONS[name])["tokens"] != plain, name


@pytest.mark.slow
def test_the_limit_of_the_context_ends_a_text_as_whispers(pair: Callable[[str], Pair]) -> None:
    both = pair("tiny.en")
    both.hear("two_cities", start=30)
    # Without the end of the text, it goes on until the context is full.
    options = {"suppress_tokens": [-1, 50256], "sample_len": 440, "without_timestamps": True}
    ours = both.check(prompt=PROMPT * 16, **options)
    # 1 + 223 tokens of prompt, 2 of start: of 448 positions, and the last token needs none.
    assert len(ours["tokens"]) == 448 - 226 + 1


@pytest.mark.grid
@pytest.mark.parametrize("options", [{}, {"without_timestamps": True}, {"beam_size": 5}])
@pytest.mark.parametrize(
    "clip", ["sr_french", "es_test_clip", "ja_test_clip", "aishell-BAC009S0724W0121"]
)
@pytest.mark.parametrize("task", ["transcribe", "translate"])
@pytest.mark.slow
def test_languages_and_tasks_give_whispers_tokens(
    pair: Callable[[str], Pair], clip: str, task: str, options: dict[str, Any]
) -> None:
    both = pair("base")
    both.hear(clip)
    both.check(task=task, **options)


@pytest.mark.parametrize("task", ["transcribe", "translate"])
def test_another_language_gives_whispers_tokens(pair: Callable[[str], Pair], task: str) -> None:
    both = pair("base")
    both.hear("sr_french")
    both.check(task=task)


@pytest.mark.grid
@pytest.mark.parametrize("checkpoint", ["tiny.en", "base"])
@pytest.mark.parametrize("options", [{}, {"without_timestamps": True}, {"beam_size": 5}])
@pytest.mark.parametrize("start", [0, 30])
@pytest.mark.parametrize("clip", ["two_cities", "endgame_nagg_nell", "ted_60", "jfk", "mr_quilter"])
@pytest.mark.slow
def test_english_recordings_give_whispers_tokens(
    pair: Callable[[str], Pair], clip: str, start: int, options: dict[str, Any], checkpoint: str
) -> None:
    both = pair(checkpoint)
    both.hear(clip, start)
    both.check(**options)


@pytest.mark.parametrize("clip", ["sr_french", "beckett"])
def test_languages_are_as_likely_as_whispers(pair: Callable[[str], Pair], clip: str) -> None:
    both = pair("base")
    both.hear(clip)
    _, probabilities = both.baseline.model.detect_language(both.features)
    ours = both.window.detect_language()
    assert ours == pytest.approx(probabilities[0], abs=TOLERANCE)
    assert max(ours, key=ours.__getitem__) == both.language


def test_an_english_only_model_detects_no_language(english: Pair) -> None:
    with pytest.raises(OptionError, match=r"tiny\.en is English-only"):
        english.window.detect_language()


def scores_of(both: Pair, tokens: list[int]) -> list[float]:
    """Log probability of each of the tokens after the start, as openai-whisper's model has it."""
    start = [*whisper.tokenizer.get_tokenizer(False).sot_sequence_including_notimestamps]
    logits = both.baseline.model.logits(torch.tensor([start + tokens]), both.features)[0]
    logprobs = torch.log_softmax(logits[len(start) - 1 : -1].float(), dim=-1)
    return logprobs[torch.arange(len(tokens)), torch.tensor(tokens)].tolist()


# No filters, so that what was sampled from is what the model gives.
UNFILTERED = {"without_timestamps": True, "suppress_blank": False, "suppress_tokens": []}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"beam_size": 5},
        {"beam_size": 2, "patience": 3.0},
        {"temperature": 0.8, "samples": 1, "seed": 1},
        {"temperature": 1.0, "samples": 6, "seed": 2, "sample_len": 12},
    ],
)
def test_log_probabilities_are_those_of_the_tokens(english: Pair, options: dict[str, Any]) -> None:
    # A text that read another's caches after a fork would have other ones.
    ours = english.decode(**UNFILTERED, **options)
    assert len(ours["tokens"]) > 5
    assert ours["token_logprobs"] == pytest.approx(
        scores_of(english, ours["tokens"]), abs=TOLERANCE
    )


def test_a_seed_draws_the_same_text_and_another_one_another(english: Pair) -> None:
    def draw(seed: int) -> list[int]:
        drawn = english.decode(temperature=1.0, samples=2, seed=seed, sample_len=12)
        tokens: list[int] = drawn["tokens"]
        return tokens

    assert draw(7) == draw(7)
    assert len({tuple(draw(seed)) for seed in range(4)}) > 1


def test_the_likeliest_of_many_samples_beats_one(english: Pair) -> None:
    one = english.decode(temperature=1.0, samples=1, seed=3, sample_len=12)
    several = english.decode(temperature=1.0, samples=5, seed=3, sample_len=12)
    assert several["temperature"] == one["temperature"] == 1.0
    score = [sum(r["token_logprobs"]) / len(r["tokens"]) for r in (one, several)]
    assert score[1] > score[0]


def test_samples_of_a_low_temperature_are_greedy(english: Pair) -> None:
    greedy = english.decode(sample_len=12)
    sampled = english.decode(temperature=1e-4, samples=3, sample_len=12)
    assert sampled["tokens"] == greedy["tokens"]
    assert sampled["avg_logprob"] == pytest.approx(greedy["avg_logprob"], abs=1e-5)


def test_greedy_decoding_copies_no_caches_and_forks_only_where_texts_part(english: Pair) -> None:
    before = english.window.counters
    english.decode()
    after = english.window.counters
    steps = after["decoder_steps"] - before["decoder_steps"]
    written = (after["cache_bytes_written"] - before["cache_bytes_written"]) / steps
    assert after["cache_bytes_copied"] == before["cache_bytes_copied"]

    english.decode(temperature=1.0, samples=4, seed=1, prompt=PROMPT, sample_len=5)
    forked = english.window.counters
    # The prompt's, sot_prev's and sot's positions went to three further samples, once.
    assert forked["cache_bytes_copied"] - after["cache_bytes_copied"] == 3 * 18 * written
    # And were run once: sot's in a step, those before in a block.
    alone = english.window.counters["decoder_steps"]
    english.decode(temperature=1.0, samples=4, seed=1, prompt=PROMPT, sample_len=1)
    assert english.window.counters["decoder_steps"] - alone == 1


def test_no_timestamp_of_a_shorter_window_lies_behind_its_end(
    english: Pair, bundle: Callable[..., Path]
) -> None:
    silence = english.baseline.log_mel(np.zeros(160_000, np.float32))[0]
    window = _runtime.WindowDecoder(bundle("tiny.en", "int8"), library=find_litert())
    window.encode(silence[:, :1000].numpy())
    begin = 50363
    drawn = [
        window.decode(temperature=2.0, seed=seed, max_initial_timestamp=None, sample_len=20)
        for seed in range(10)
    ]
    timestamps = [token - begin for text in drawn for token in text["tokens"] if token >= begin]
    assert len(timestamps) >= 10
    assert max(timestamps) <= 500


def test_decoding_is_cancelled_at_the_next_step(english: Pair) -> None:
    calls = iter(range(100))
    with pytest.raises(CancelledError):
        english.decode(cancelled=lambda: next(calls) == 7)
    assert next(calls) == 8


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"suppress_tokens": [51864]}, "suppress_tokens holds 51864"),
        ({"suppress_tokens": [-2]}, "suppress_tokens holds -2"),
        ({"prompt": [-1]}, "prompt holds -1"),
        ({"prefix": [99999]}, "prefix holds 99999"),
    ],
)
def test_tokens_outside_the_vocabulary_are_refused(
    english: Pair, request_: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        english.decode(**request_)


def test_a_language_the_model_does_not_know_is_refused(pair: Callable[[str], Pair]) -> None:
    both = pair("base")
    both.hear("beckett")
    with pytest.raises(OptionError, match='language "xx"'):
        both.decode(language="xx")


def texts() -> list[str]:
    """Of every kind of repetition, script and length."""
    random = np.random.default_rng(0)
    words = ["thank you", "the", "砸自己的脚", "C'est la dictée", "…", "a", "\n", "0123456789"]
    drawn = [
        " ".join(random.choice(words, size=int(size))) for size in random.integers(1, 400, size=60)
    ]
    noise = ["".join(map(chr, random.integers(32, 0x2FFF, size=n))) for n in (10, 1000, 70_000)]
    return [*words, *drawn, *noise, "thank you " * 5000, "x" * 300_000]


def test_the_compression_ratio_is_pythons_zlib_to_the_byte() -> None:
    for text in texts():
        encoded = text.encode()
        expected = np.float32(len(encoded) / len(zlib.compress(encoded)))
        assert np.float32(_runtime.compression_ratio(text)) == expected, text[:40]
    assert _runtime.compression_ratio("") == 0
