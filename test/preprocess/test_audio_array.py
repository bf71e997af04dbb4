"""What is taken for samples, and what is said of numbers that no recorder writes."""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sotto.errors import AudioError, SampleScaleWarning
from sotto.preprocess import read_audio
from sotto.preprocess.audio_array import as_array

SAMPLES = (np.sin(np.arange(1_600) * 0.1) * 0.5).astype(np.float32)
INT16 = (SAMPLES * 32767).astype(np.int16)


def quietly(source: object) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_audio(source)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source",
    [
        SAMPLES[np.newaxis, :],
        SAMPLES[:, np.newaxis],
        memoryview(SAMPLES),
        array("f", SAMPLES.tolist()),
        array("d", SAMPLES.tolist()),
        memoryview(array("f", SAMPLES.tolist())),
        SAMPLES.astype(">f4"),
    ],
    ids=["[1, n]", "[n, 1]", "memoryview", "array f", "array d", "view of array", "big-endian"],
)
def test_samples_in_any_holder_are_the_same_audio(source: object) -> None:
    np.testing.assert_array_equal(quietly(source), SAMPLES)


def test_half_precision_is_read_as_it_is() -> None:
    half = SAMPLES.astype(np.float16)
    np.testing.assert_array_equal(quietly(half), half.astype(np.float32))


def test_integers_of_an_array_are_scaled_by_their_range() -> None:
    expected = INT16 / np.float32(32768)
    np.testing.assert_array_equal(quietly(array("h", INT16.tolist())), expected)
    np.testing.assert_array_equal(quietly(memoryview(INT16)), expected)


def test_memory_of_bytes_is_a_file(recording: Callable[[str], Path]) -> None:
    data = recording("jfk.flac").read_bytes()
    expected = read_audio(data)
    for source in (bytearray(data), memoryview(data), array("B", data)):
        assert as_array(source) is None
        np.testing.assert_array_equal(quietly(source), expected)


def test_memory_of_other_numbers_is_refused_by_its_type() -> None:
    with pytest.raises(AudioError, match="int64"):
        read_audio(array("q", [1, 2, 3]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_int16_numbers_as_floats_are_warned_of_with_the_scale(dtype: type) -> None:
    with pytest.warns(SampleScaleWarning, match="int16 numbers, divide them by 32768"):
        read_audio(INT16.astype(dtype))


def test_int32_numbers_as_floats_are_warned_of_with_the_scale() -> None:
    with pytest.warns(SampleScaleWarning, match="int32 numbers, divide them by 2147483648"):
        read_audio(SAMPLES * np.float32(2**31))


def test_int32_that_holds_int16_is_warned_of_with_the_scale() -> None:
    with pytest.warns(SampleScaleWarning, match=r"astype\('int16'\), or divide them by 32768"):
        read_audio(INT16.astype(np.int32))


@pytest.mark.parametrize(
    "source",
    [SAMPLES * 20, INT16.astype(np.int32) << 16, np.zeros(1_600, np.int32), INT16 // 4096],
    ids=["clipped floats", "int32", "silence", "quiet int16"],
)
def test_what_recorders_write_is_not_warned_of(source: np.ndarray) -> None:
    quietly(source)
