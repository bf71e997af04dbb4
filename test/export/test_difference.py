"""The arithmetic that decides whether a conversion is kept."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sotto.export.difference import compare

ONES = np.ones((2, 3), np.float32)


def test_the_largest_difference_is_that_of_the_worst_element_of_any_pair() -> None:
    near, far = ONES.copy(), ONES.copy()
    near[0, 0] += 0.25
    far[1, 2] -= 0.5
    difference = compare("stage", [(near, ONES), (far, 4 * ONES)], largest=10)
    assert difference.largest == 3.5
    assert difference.scale == 4


@pytest.mark.parametrize(("limit", "passed"), [(0.5, True), (0.49, False), (0.0, False)])
def test_a_difference_at_the_limit_passes_and_one_beyond_does_not(
    limit: float, passed: bool
) -> None:
    difference = compare("stage", [(1.5 * ONES, ONES)], largest=limit)
    assert difference.passed is passed
    assert ("within" if passed else "BEYOND") in str(difference)


def test_signal_to_noise_is_in_decibel_and_that_of_the_worst_pair() -> None:
    pairs = [(1.01 * ONES.astype(np.float64), ONES), (1.1 * ONES.astype(np.float64), ONES)]
    difference = compare("stage", pairs, decibel=19.9)
    assert difference.signal_to_noise == pytest.approx(20)
    assert difference.passed
    assert not compare("stage", pairs, decibel=20.1).passed


def test_equal_tensors_have_no_noise_and_pass_every_limit() -> None:
    difference = compare("stage", [(ONES, ONES)], decibel=1000)
    assert (difference.largest, difference.signal_to_noise) == (0, math.inf)
    assert difference.passed
    assert compare("stage", [(ONES, ONES)], largest=0).passed


@pytest.mark.filterwarnings("ignore:(invalid value|divide by zero)")
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("in_expected", [True, False])
@pytest.mark.parametrize("limit", [{"largest": 1e30}, {"decibel": -1e30}])
def test_what_is_not_finite_never_passes(
    value: float, first: bool, in_expected: bool, limit: dict[str, float]
) -> None:
    bad = ONES.copy()
    bad[0, 1] = value
    pairs = [(ONES, bad) if in_expected else (bad, ONES), (ONES, ONES)]
    assert not compare("stage", pairs if first else pairs[::-1], **limit).passed


def test_half_precision_is_compared_in_double() -> None:
    half = np.full((2, 2), 60_000, np.float16)
    difference = compare("stage", [(-half, half.astype(np.float32))], largest=1)
    assert difference.largest == 120_000


def test_other_shapes_are_not_compared() -> None:
    with pytest.raises(ValueError, match=r"stage: \(2, 3\) against \(3, 2\)"):
        compare("stage", [(ONES, ONES.T)], largest=1)


def test_a_limit_is_needed() -> None:
    with pytest.raises(ValueError, match="a limit is needed"):
        compare("stage", [(ONES, ONES)])
