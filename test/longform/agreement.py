"""Whether a transcription is openai-whisper's, and if not, where the two first part."""

from __future__ import annotations

import warnings
from itertools import zip_longest
from typing import Any

import pytest
from comparison.baseline import choices_of
from comparison.first_difference import first_difference
from comparison.result import tokens_by_window
from openai_whisper import Expected

from sotto.asr import Segment, Transcription

LOGPROB_TOLERANCE = 2e-3
"""Of a mean of log probabilities: the logits of the fp32 graphs are within 1e-3 themselves."""

PROBABILITY_TOLERANCE = 1e-3
"""Likewise."""


class NearTie(UserWarning):
    """Two float32 evaluations chose two tokens whose logits are equal but for a hundredth."""


def same_transcript(expected: Expected, actual: Transcription) -> bool:
    """Asserts the same segments to the last bit of their times, and the same text.

    Returns:
        False where the two part at a near tie, after which nothing can be compared.
    """
    assert actual.language == expected.result["language"]
    if not same_tokens(expected, actual):
        return False
    for index, (wanted, segment) in enumerate(zip(expected.segments, actual.segments, strict=True)):
        found = {name: getattr(segment, name) for name in ("id", "seek", "start", "end", "text")}
        assert found == {name: wanted[name] for name in found}, f"segment {index}"
        same_scores(wanted, segment)
    assert actual.text == expected.text
    return True


def same_tokens(expected: Expected, actual: Transcription) -> bool:
    """Asserts the same tokens in the same segments and windows; False at a near tie."""
    wanted = [(segment["seek"], segment["tokens"]) for segment in expected.segments]
    found = [(segment.seek, segment.tokens) for segment in actual.segments]
    if found == wanted:
        return True
    lines = ["openai-whisper, then Sotto, and what comes before that is the same:"]
    for index, (theirs, ours) in enumerate(zip_longest(wanted, found)):
        if theirs != ours:
            lines += [f"segment {index}: {_spelled(expected, each)}" for each in (theirs, ours)]
            break
    windows = tokens_by_window(wanted)
    difference = first_difference(
        windows, choices_of(windows, expected.windows), tokens_by_window(found)
    )
    if difference is not None:
        lines.append(
            difference.describe(lambda token: expected.tokenizer.decode_with_timestamps([token]))
        )
    if difference is None or not difference.is_near_tie:
        pytest.fail("\n".join(lines), pytrace=False)
    warnings.warn("\n".join(lines), NearTie, stacklevel=2)
    return False


def same_scores(wanted: dict[str, Any], segment: Segment) -> None:
    """Asserts what the thresholds are compared with."""
    assert segment.temperature == pytest.approx(wanted["temperature"])
    assert segment.avg_logprob == pytest.approx(wanted["avg_logprob"], abs=LOGPROB_TOLERANCE)
    assert segment.no_speech_prob == pytest.approx(
        wanted["no_speech_prob"], abs=PROBABILITY_TOLERANCE
    )
    assert segment.compression_ratio == pytest.approx(wanted["compression_ratio"], rel=1e-6)


def _spelled(expected: Expected, segment: tuple[int, list[int]] | None) -> str:
    if segment is None:
        return "none"
    seek, tokens = segment
    return f"frame {seek}: {expected.tokenizer.decode_with_timestamps(tokens)}"
