"""The Markdown that a run writes."""

from __future__ import annotations

import pytest

from figures import Figure, Result
from measurement import Heard, Measurement
from tables import ABSENT, HEADER, different_texts, markdown_table, result_tables, shown


def result(
    contender: str, calls: dict[int, float], text: str = "so my fellow", case: str = "11s"
) -> Result:
    rounds = {
        number: Measurement(0.0, 50.0, 100.0, [Heard(text, [ms])]) for number, ms in calls.items()
    }
    return Result("base", 2, case, 11.0, contender, 3 << 20, rounds)


def cells(table: str, contender: str) -> dict[str, str]:
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {contender} |"))
    return dict(zip(HEADER, line.strip("| ").split(" | "), strict=True))


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Figure(12.4, 11.0, 14.0, 3), "12 (11 to 14)"),
        (Figure(12.4, 12.4, 12.4, 1), "12"),
        (None, ABSENT),
    ],
)
def test_a_figure_shows_its_spread_where_there_is_one(figure: Figure | None, text: str) -> None:
    assert shown(figure) == text


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert "a\\|b" in markdown_table(["x"], [["a|b"]])


def test_the_ratio_is_sottos_time_by_the_peers() -> None:
    table = result_tables(
        [
            result("sotto int8", {0: 100.0, 1: 300.0}),
            result("faster-whisper int8", {0: 200.0, 1: 600.0}),
        ],
        "sotto int8",
    )
    peer = cells(table, "faster-whisper int8")
    assert peer["sotto's time ÷ its"] == "0.50 (0.50 to 0.50)"
    assert peer["call, ms"] == "400 (200 to 600)"
    assert peer["real-time factor"] == "0.036 (0.018 to 0.055)"
    assert peer["encoder, ms"] == ABSENT
    assert peer["disk MiB"] == "3"
    assert peer["rounds"] == "2 of 2"
    assert cells(table, "sotto int8")["sotto's time ÷ its"] == ABSENT


def test_without_sotto_there_is_no_ratio() -> None:
    table = result_tables([result("faster-whisper int8", {0: 200.0})], "sotto int8")
    assert cells(table, "faster-whisper int8")["sotto's time ÷ its"] == ABSENT


def test_each_case_has_a_table() -> None:
    table = result_tables(
        [result("sotto int8", {0: 1.0}), result("sotto int8", {0: 1.0}, case="6s")], "sotto int8"
    )
    assert table.count("| contender |") == 2


def test_another_text_is_told() -> None:
    results = [
        result("sotto int8", {0: 1.0}, "so my fellow"),
        result("same", {0: 1.0}, " so  my fellow"),
        result("other", {0: 1.0}, "so my"),
    ]
    assert "other | 2 for 3" in different_texts(results, "sotto int8")
    assert "same" not in different_texts(results, "sotto int8")
