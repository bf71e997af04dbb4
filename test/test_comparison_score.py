"""The harness itself: what it calls a difference, a near tie and an error."""

from __future__ import annotations

import pytest

pytest.importorskip("whisper", reason="whose normalisers score the transcripts")
pytest.importorskip("jiwer", reason="scores the transcripts")

from comparison.baseline import choices_of
from comparison.first_difference import FirstDifference, first_difference
from comparison.recording_whisper import DecodedWindow
from comparison.result import Choice, WindowTokens, tokens_by_window
from comparison.score import error_rate


def parted(
    expected: list[list[int]], actual: list[list[int]], margin: float = 1.0
) -> FirstDifference | None:
    """The first difference of tokens a window, the expected ones chosen by the margin."""
    wanted, found = (
        [WindowTokens(3000 * i, tokens) for i, tokens in enumerate(windows)]
        for windows in (expected, actual)
    )
    choices = [[Choice(t, 5.0, 99, 5.0 - margin) for t in [*part, 0]] for part in expected]
    return first_difference(wanted, choices, found)


def test_equal_tokens_have_no_difference() -> None:
    assert parted([[1, 2], [3]], [[1, 2], [3]]) is None


def test_the_first_difference_is_found_in_its_window() -> None:
    difference = parted([[1, 2], [3, 4]], [[1, 2], [3, 5]])
    assert difference is not None
    assert (difference.window, difference.position) == (1, 1)
    assert (difference.expected, difference.actual) == (4, 5)


@pytest.mark.parametrize(
    ("actual", "tokens"), [([1], (2, None)), ([1, 2, 3], (None, 3))], ids=["early", "late"]
)
def test_an_end_that_comes_early_or_late_is_a_difference(
    actual: list[int], tokens: tuple[int | None, int | None]
) -> None:
    difference = parted([[1, 2]], [actual])
    assert difference is not None
    assert (difference.expected, difference.actual) == tokens


def test_a_missing_window_is_a_difference() -> None:
    assert parted([[1], [2]], [[1]]) is not None


def test_the_segments_of_a_window_are_joined() -> None:
    segments = [(0, [1, 2]), (0, [3]), (2800, [4])]
    assert tokens_by_window(segments) == [WindowTokens(0, [1, 2, 3]), WindowTokens(2800, [4])]


def test_choices_are_those_of_the_window_with_the_same_tokens() -> None:
    # The first window was silence; the second's last token is in no segment.
    silent, spoken = (
        DecodedWindow(tokens, [Choice(token, 1.0, 0, 0.0) for token in tokens], 0.0, 1)
        for tokens in ([9], [1, 2, 3])
    )
    assert choices_of([WindowTokens(3000, [1, 2])], [silent, spoken]) == [spoken.choices]


@pytest.mark.parametrize(("margin", "near"), [(0.009, True), (0.02, False)])
def test_a_difference_is_a_near_tie_where_the_references_best_two_are_within_a_hundredth(
    margin: float, near: bool
) -> None:
    difference = parted([[1, 2]], [[1, 99]], margin)
    assert difference is not None
    assert difference.is_near_tie is near


def test_a_third_token_is_no_near_tie() -> None:
    difference = parted([[1, 2]], [[1, 98]], margin=0.001)
    assert difference is not None
    assert not difference.is_near_tie


def test_english_is_scored_by_words_after_whispers_normaliser() -> None:
    said = "MISTER QUILTER IS IN EIGHTEEN THIRTEEN"
    assert error_rate([(said, "Mr. Quilter is in 1813.")], "en") == 0
    assert error_rate([(said, "Mr. Quilter was in 1813.")], "en") == 1 / 5


def test_chinese_is_scored_by_characters() -> None:
    assert error_rate([("砸自己的脚", "扎自己的脚。")], "zh") == 1 / 5


def test_several_texts_are_scored_as_one() -> None:
    assert error_rate([("a b c", "a b c"), ("d", "e")], "fr") == 1 / 4
