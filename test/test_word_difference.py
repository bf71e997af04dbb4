"""The demo says which words differ."""

from __future__ import annotations

from comparison.word_difference import changed_words

TEXT = "it was the best of times, it was the worst of times"


def test_equal_transcripts_have_no_changed_words() -> None:
    assert changed_words(TEXT, TEXT) == []


def test_a_changed_word_is_shown_with_the_words_before_it() -> None:
    found = changed_words(TEXT, TEXT.replace("best", "rest"))
    assert list(map(str, found)) == ["after “it was the”: “rest” for “best”"]


def test_words_that_are_left_out_or_added_are_said_to_be_so() -> None:
    found = changed_words(TEXT, TEXT.replace("it was the best of times, ", "") + " indeed")
    assert [str(each) for each in found] == [
        "at the beginning: “it was the best of times,” is not there",
        "after “worst of times”: “indeed” more",
    ]


def test_the_order_is_that_of_the_text() -> None:
    found = changed_words("a b c d", "x b c y")
    assert [(each.expected, each.actual) for each in found] == [("a", "x"), ("d", "y")]
