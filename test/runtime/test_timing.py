"""What word timestamps are computed with, against openai-whisper's own (whisper/timing.py)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sotto import _runtime
from sotto.errors import OptionError

timing = pytest.importorskip("whisper.timing", reason="openai-whisper is the reference")
torch = pytest.importorskip("torch")

# Few different values, so that paths tie.
COSTS = st.sampled_from([0.0, 0.5, 1.0, -1.0, 0.25]) | st.floats(-10, 10, width=32)
VALUES = st.floats(width=32, allow_infinity=False)


@settings(max_examples=300, deadline=None)
@given(
    arrays.arrays(
        np.float32, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=COSTS
    )
)
def test_the_cheapest_path_is_whispers(cost: np.ndarray) -> None:
    expected = timing.dtw_cpu(cost.astype(np.float64))
    assert np.array_equal(_runtime.dtw(cost), expected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (50, 700), (228, 1500)])
def test_the_cheapest_path_is_whispers_at_every_size(shape: tuple[int, int]) -> None:
    cost = np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)
    assert np.array_equal(_runtime.dtw(cost), timing.dtw_cpu(cost.astype(np.float64)))


def test_costs_that_are_no_numbers_give_whispers_path() -> None:
    cost = np.random.default_rng(0).normal(size=(9, 12)).astype(np.float32)
    for rows in (slice(4, 5), slice(None)):
        cost[rows] = np.nan
        assert np.array_equal(_runtime.dtw(cost), timing.dtw_cpu(cost.astype(np.float64)))


@settings(max_examples=300, deadline=None)
@given(
    arrays.arrays(np.float32, arrays.array_shapes(max_dims=3, max_side=20), elements=VALUES),
    st.sampled_from([1, 3, 5, 7, 9]),
)
def test_the_median_filter_is_whispers(x: np.ndarray, width: int) -> None:
    expected = timing.median_filter(torch.from_numpy(x.copy()), width).numpy()
    assert np.array_equal(_runtime.median_filter(x, width), expected, equal_nan=True)


def test_long_rows_are_filtered_as_by_whisper() -> None:
    x = np.random.default_rng(1).normal(size=(2, 5, 1500)).astype(np.float32)
    expected = timing.median_filter(torch.from_numpy(x), 7).numpy()
    assert np.array_equal(_runtime.median_filter(x, 7), expected)


def test_a_width_that_has_no_middle_is_an_option_error() -> None:
    for width in (0, 4, -1):
        with pytest.raises(OptionError, match=f"width is {width}; expected an odd number"):
            _runtime.median_filter(np.zeros(10, np.float32), width)
    with pytest.raises(OptionError, match=r"\[N, M\]"):
        _runtime.dtw(np.zeros(3, np.float32))
