"""Whether a transcription is openai-whisper's, and if not, where the two first part."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from comparison.first_difference import FirstDifference
from comparison.recording_whisper import DecodedWindow
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
    message, near_tie = explain(expected, wanted, found)
    if not near_tie:
        pytest.fail(message, pytrace=False)
    warnings.warn(message, NearTie, stacklevel=2)
    return False


def same_scores(wanted: dict[str, Any], segment: Segment) -> None:
    """Asserts what the thresholds are compared with."""
    assert segment.temperature == pytest.approx(wanted["temperature"])
    assert segment.avg_logprob == pytest.approx(wanted["avg_logprob"], abs=LOGPROB_TOLERANCE)
    assert segment.no_speech_prob == pytest.approx(
        wanted["no_speech_prob"], abs=PROBABILITY_TOLERANCE
    )
    assert segment.compression_ratio == pytest.approx(wanted["compression_ratio"], rel=1e-6)


def explain(
    expected: Expected, wanted: list[tuple[int, list[int]]], found: list[tuple[int, list[int]]]
) -> tuple[str, bool]:
    """The first segment that differs, the token, the reference's two best there.

    Args:
        expected: whose windows hold the choices.
        wanted: (seek, tokens) of the reference's segments.
        found: of the runtime's.

    Returns:
        The message, and whether the reference's own choice was a near tie.
    """
    for index in range(max(len(wanted), len(found))):
        seek, tokens = wanted[index] if index < len(wanted) else (None, [])
        other_seek, other = found[index] if index < len(found) else (None, [])
        if (seek, tokens) == (other_seek, other):
            continue
        lines = [
            f"segment {index}: openai-whisper at frame {seek}, Sotto at {other_seek}",
            f"  openai-whisper: {_spelled(expected, tokens)}",
            f"  Sotto:          {_spelled(expected, other)}",
        ]
        if seek != other_seek:
            return "\n".join(lines), False
        earlier = sum(len(part) for at, part in wanted[:index] if at == seek)
        difference = _difference(expected, seek, earlier, tokens, other)
        lines.append(f"  first at {difference.describe(lambda t: _spelled(expected, [t]))}")
        return "\n".join(lines), difference.is_near_tie
    raise AssertionError("the segments are equal")


def _difference(
    expected: Expected, seek: int | None, earlier: int, tokens: list[int], other: list[int]
) -> FirstDifference:
    """Of two segments of one window, the first of which has ``earlier`` tokens before it."""
    position = next(
        (at for at, pair in enumerate(zip(tokens, other, strict=False)) if pair[0] != pair[1]),
        min(len(tokens), len(other)),
    )
    window = _window_of(expected, seek)
    choice = None
    if window is not None and earlier + position < len(window.choices):
        choice = window.choices[earlier + position]
    return FirstDifference(
        seek or 0,
        earlier + position,
        tokens[position] if position < len(tokens) else None,
        other[position] if position < len(other) else None,
        choice,
    )


def _window_of(expected: Expected, seek: int | None) -> DecodedWindow | None:
    tokens = [t for s in expected.segments if s["seek"] == seek for t in s["tokens"]]
    return next((w for w in expected.windows if w.tokens[: len(tokens)] == tokens), None)


def _spelled(expected: Expected, tokens: list[int]) -> str:
    return expected.tokenizer.decode_with_timestamps(tokens)
