"""Full text beside vectors, in several scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sotto.index import Collection

Filled = Callable[..., Collection]

LIBRARY = (
    "The launch is on Monday at nine.",
    "Der Zug nach Köln fährt um acht Uhr ab.",
    "Поезд в Москву отправляется утром.",
    "我们明天去北京大学参观图书馆。",
    "明日は東京の図書館で勉強します。",
    "서울에서 부산까지 기차로 갑니다.",
    "القطار إلى القاهرة يغادر صباحا",
    "พรุ่งนี้เราจะไปห้องสมุดที่กรุงเทพ",
    "def parse_http_header(line): return splitHeader(line)",
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("monday", 0),
        ("launches", 0),
        ("Köln", 1),
        ("koln", 1),
        ("Москву", 2),
        ("北京", 3),
        ("图书馆", 3),
        ("東京", 4),
        ("勉強", 4),
        ("부산까지", 5),
        ("القاهرة", 6),
        ("ห้องสมุด", 7),
        ("http", 8),
        ("header", 8),
    ],
)
def test_a_word_is_found_in_its_script(filled: Filled, words: str, expected: int) -> None:
    hits = filled(*LIBRARY).search(words=words)
    assert hits[0].record.text == LIBRARY[expected]
    assert hits[0].similarity is None
    assert hits[0].score > 0


@pytest.mark.parametrize(
    "words", ['"', "(", "a:b", "+x -y", "AND OR NOT", "~", "*", "\\", "'; --", "x\0y", "🙂"]
)
def test_any_text_can_be_looked_for(filled: Filled, words: str) -> None:
    filled(*LIBRARY).search(words=words)


def test_words_and_vectors_together_put_first_what_both_find(filled: Filled) -> None:
    collection = filled("zebra crossing", "zzzz zebras everywhere", "crossing the street", "banana")
    hits = collection.search("zebra crossing", words="zebra crossing", top=3)
    assert hits[0].record.text == "zebra crossing"
    assert hits[0].score == pytest.approx(2 / 61, rel=1e-4)  # first of both: 1 / (60 + 1), twice
    assert hits[0].similarity == pytest.approx(1, abs=1e-6)


def test_what_only_one_of_them_finds_is_there_too(filled: Filled) -> None:
    collection = filled("qqqq unlike", "needle", *(f"{c}{c}{c}" for c in "abcdefghijklmnop"))
    hits = collection.search("aaa", words="needle", top=18)
    found = {hit.record.text: hit for hit in hits}
    assert {"aaa", "needle"} <= found.keys()


def test_text_that_was_just_written_is_found_by_its_words(filled: Filled) -> None:
    filled("first words")
    collection = filled("second thoughts")
    assert [hit.record.text for hit in collection.search(words="thoughts")] == ["second thoughts"]
