"""How word errors are counted."""

from __future__ import annotations

import pytest

pytest.importorskip("jiwer", reason="which counts them")
pytest.importorskip("whisper", reason="whose normaliser it is")

from accuracy import Errors, word_errors


def test_case_punctuation_and_spelling_do_not_count() -> None:
    heard = {"a": "Mr. Quilter's color, in 1813!"}
    assert word_errors({"a": "MISTER QUILTER'S COLOUR IN 1813"}, heard).errors == 0


def test_each_kind_of_error_counts_once() -> None:
    expected = {"a": "one red house by the sea", "b": "it is late"}
    heard = {"a": "one blue house by the", "b": "it is very late"}
    assert word_errors(expected, heard) == Errors(errors=3, words=9, recordings=2)


def test_the_rate_is_over_all_words_not_over_recordings() -> None:
    expected = {"short": "yes", "long": "and so my fellow citizens ask not what"}
    heard = {"short": "no", "long": expected["long"]}
    found = word_errors(expected, heard)
    assert found.rate == pytest.approx(1 / 9)


def test_what_was_not_heard_at_all_is_deleted() -> None:
    assert word_errors({"a": "one red house"}, {}).rate == 1.0


def test_recordings_without_a_reference_are_passed_over() -> None:
    assert word_errors({"a": "red"}, {"a": "red", "b": "anything"}).errors == 0


def test_an_empty_reference_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing is left"):
        word_errors({"a": "[applause]"}, {"a": "red"})
