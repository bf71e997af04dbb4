"""Texts, code and transcripts cut into passages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sotto.index.folder.passage_cuts import OVERLAP, Passage, passages, spoken_passages


def words(texts: list[str]) -> list[list[tuple[int, int]]]:
    """A token a word."""
    return [[match.span() for match in re.finditer(r"\S+", text)] for text in texts]


def count(text: str) -> int:
    return len(text.split())


def test_a_short_text_is_one_passage() -> None:
    assert passages("one two\nthree", words, tokens=10) == [Passage("one two\nthree", (1, 2))]


@pytest.mark.parametrize("text", ["", "\n\n", "  \t \n \n"])
def test_white_space_is_no_passage(text: str) -> None:
    assert passages(text, words) == []


def test_it_is_cut_between_paragraphs_where_one_ends_in_the_second_half() -> None:
    text = "a b c\nd e f\n\ng h i\nj k l\n"
    first, second = passages(text, words, tokens=8)
    assert first == Passage("a b c\nd e f", (1, 2))
    assert second == Passage("g h i\nj k l", (4, 5))


def test_code_is_cut_where_something_unindented_begins() -> None:
    text = "def a():\n    x = 1\n\n    return x\n\n\ndef b():\n    return 2\n"
    found = passages(text, words, code=True, tokens=9)
    assert [each.lines for each in found] == [(1, 4), (7, 8)]


def test_without_paragraphs_the_end_of_a_passage_begins_the_next() -> None:
    text = "\n".join(f"word{i} more" for i in range(100))
    found = passages(text, words, tokens=50)
    for before, after in pairwise(found):
        shared = before.lines[1] - after.lines[0] + 1
        assert 0 < 2 * shared <= OVERLAP
    assert found[-1].lines[1] == 100


def test_a_line_that_is_too_long_is_cut_between_words_and_keeps_its_number() -> None:
    line = " ".join(f"w{i}" for i in range(1000))
    found = passages(f"first\n{line}\nlast", words, tokens=64)
    assert all(count(each.text) <= 64 for each in found)
    assert {number for each in found for number in each.lines} == {1, 2, 3}
    seen = " ".join(each.text for each in found).split()
    assert set(seen) == {*line.split(), "first", "last"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(end: str) -> None:
    text = end.join(["a\x0cb\u2028c", "", "d e"])
    found = passages(text, words, tokens=3)
    assert found[-1].lines[1] == 3


@given(
    st.lists(st.lists(st.integers(0, 99).map(str), max_size=30).map(" ".join), max_size=30),
    st.integers(4, 40),
    st.booleans(),
)
def test_all_words_are_in_order_and_no_passage_is_too_long(
    lines: list[str], tokens: int, code: bool
) -> None:
    text = "\n".join(lines)
    found = passages(text, words, code=code, tokens=tokens)
    assert all(0 < count(each.text) <= tokens for each in found)
    starts = [each.lines[0] for each in found]
    assert starts == sorted(starts)
    # Lines that fit are in some passage as they stand.
    for number, line in enumerate(lines, start=1):
        if 0 < count(line) <= tokens:
            holding = [each for each in found if each.lines[0] <= number <= each.lines[1]]
            assert any(line.strip() in each.text for each in holding)


@dataclass
class Said:
    start: float
    end: float
    text: str


def test_segments_are_joined_to_passages_of_half_a_minute_with_their_times() -> None:
    segments = [Said(10.0 * i, 10.0 * i + 9, f" part {i}.") for i in range(7)]
    segments.insert(3, Said(29.5, 29.9, "  "))
    assert spoken_passages(segments) == [
        (0.0, 29.0, "part 0. part 1. part 2."),
        (30.0, 59.0, "part 3. part 4. part 5."),
        (60.0, 69.0, "part 6."),
    ]


def test_a_segment_longer_than_a_passage_stands_alone() -> None:
    segments = [Said(0, 45, " long"), Said(45, 50, " short")]
    assert spoken_passages(segments) == [(0, 45, "long"), (45, 50, "short")]


def test_silence_says_nothing() -> None:
    assert spoken_passages([]) == []
    assert spoken_passages([Said(0, 30, " ")]) == []
