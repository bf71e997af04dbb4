"""How the growth of cost is read from a few lengths."""

from __future__ import annotations

import pytest

from figures import Figure
from growth import LENGTHS, Growth, slope
from measurement import Heard, Measurement


def round_of(calls: list[float], limits: dict[str, float], noisy: int = -1) -> Measurement:
    heard = [Heard("", [ms], noisy=i == noisy) for i, ms in enumerate(calls)]
    last = Heard("", [calls[-1]], limit_ms=limits, noisy=noisy == len(calls) - 1)
    return Measurement(0.0, 0.0, 0.0, [*heard[:-1], last])


def test_each_length_is_dropped_alone_where_it_was_noisy() -> None:
    calls = [10.0 * seconds for seconds in LENGTHS]
    slow = [20.0 * seconds for seconds in LENGTHS]
    growth = Growth("base", "x", 2, [round_of(calls, {}), round_of(slow, {}, noisy=1)])
    found = growth.by_length()
    assert found[LENGTHS[0]] == Figure(15.0, 10.0, 20.0, 2)
    assert found[LENGTHS[1]] == Figure(20.0, 20.0, 20.0, 1)


def test_the_slope_is_what_a_unit_more_costs() -> None:
    points = {count: Figure.of([100.0 + 7.0 * count]) for count in (1, 8, 32, 64)}
    assert slope({count: each for count, each in points.items() if each}) == pytest.approx(7.0)


def test_one_point_has_no_slope() -> None:
    assert slope({1: Figure(1, 1, 1, 1)}) is None


def test_a_peer_without_a_limit_of_tokens_has_no_figures_of_tokens() -> None:
    growth = Growth("base", "x", 2, [round_of([1.0] * len(LENGTHS), {})])
    assert growth.by_tokens() == {}
