"""Probabilities of speech against those of the package silero-vad, on real recordings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from comparison.clips import Clip

from sotto._runtime import VadStream, VoiceActivityDetector
from sotto.errors import AudioError
from sotto.preprocess import read_audio

RATE = 16_000
CHUNK = 512

TOLERANCE = 1e-4
"""Absolute, fp32. Sums in another order give some 1e-6; a span's edge moves by a chunk only
where a probability is as near to the threshold."""


def test_probabilities_are_the_packages(
    detector: VoiceActivityDetector, expected: Callable[[Clip], np.ndarray], clip: Clip
) -> None:
    actual, wanted = detector.probabilities(clip.samples), expected(clip)
    assert actual.shape == wanted.shape == (-(-len(clip.samples) // CHUNK),)
    assert np.abs(actual - wanted).max() <= TOLERANCE
    assert actual.max() > 0.9  # every recording has speech


@pytest.mark.parametrize("sizes", [(1, 511, 512, 513), (160,), (4096, 7), (10**6,)])
def test_a_stream_in_blocks_of_any_size_hears_the_same(
    detector: VoiceActivityDetector, recording: Callable, sizes: tuple[int, ...]
) -> None:
    samples = read_audio(recording("jfk.flac"))
    stream = VadStream(detector)
    heard, at, turn = [], 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        heard.append(stream.push(samples[at : at + size]))
        at, turn = at + size, turn + 1
        assert sum(map(len, heard)) == min(at, len(samples)) // CHUNK
    heard.append(stream.flush())
    whole = detector.probabilities(samples)
    np.testing.assert_array_equal(np.concatenate(heard), whole)
    # After the flush, and after a reset, another stream begins.
    np.testing.assert_array_equal(stream.push(samples[: 9 * CHUNK + 100]), whole[:9])
    stream.reset()
    np.testing.assert_array_equal(stream.push(samples[: 9 * CHUNK]), whole[:9])


def test_streams_of_one_detector_do_not_hear_one_another(
    detector: VoiceActivityDetector, recording: Callable
) -> None:
    one = read_audio(recording("jfk.flac"))[: 100 * CHUNK]
    other = read_audio(recording("mr_quilter.flac"))[: 100 * CHUNK]
    streams, heard = [VadStream(detector), VadStream(detector)], [[], []]
    for at in range(0, len(one), 800):
        for i, samples in enumerate((one, other)):
            heard[i].append(streams[i].push(samples[at : at + 800]))
    for i, samples in enumerate((one, other)):
        whole = detector.probabilities(samples)
        np.testing.assert_array_equal(np.concatenate(heard[i]), whole[: len(samples) // CHUNK])


@pytest.mark.parametrize("kind", ["silence", "noise", "tone", "hum"])
def test_what_is_no_speech_is_improbable(detector: VoiceActivityDetector, kind: str) -> None:
    time = np.arange(5 * RATE) / RATE
    sound = {
        "silence": np.zeros_like(time),
        "noise": 0.05 * np.random.default_rng(0).standard_normal(len(time)),
        "tone": 0.3 * np.sin(2 * np.pi * 1000 * time),
        "hum": 0.3 * np.sin(2 * np.pi * 50 * time),
    }[kind].astype(np.float32)
    assert np.median(detector.probabilities(sound)) < 0.1


@pytest.mark.parametrize(("samples", "chunks"), [(0, 0), (1, 1), (512, 1), (513, 2)])
def test_there_is_one_for_every_begun_chunk(
    detector: VoiceActivityDetector, samples: int, chunks: int
) -> None:
    assert detector.probabilities(np.zeros(samples, np.float32)).shape == (chunks,)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite_is_refused_and_nothing_taken(
    detector: VoiceActivityDetector, value: float
) -> None:
    stream = VadStream(detector)
    good = np.zeros(600, np.float32)
    bad = good.copy()
    bad[300] = value
    stream.push(good)
    with pytest.raises(AudioError, match="sample 300 is not finite"):
        stream.push(bad)
    assert len(stream.push(good)) == 1
    with pytest.raises(AudioError, match="not finite"):
        detector.probabilities(bad)


def test_samples_of_two_channels_are_refused(detector: VoiceActivityDetector) -> None:
    with pytest.raises(AudioError, match="mono"):
        detector.probabilities(np.zeros((2, 600), np.float32))
