"""The parts of ``sotto listen``: latency, pace, resampling, options that agree."""

from __future__ import annotations

import inspect
import math
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from sotto import _runtime
from sotto.asr.microphone import Resampler, microphone
from sotto.asr.pace import fast_blocks, paced_blocks
from sotto.asr.stream import StreamOptions, StreamUpdate, StreamWord
from sotto.commands.latency import Latency
from sotto.commands.listen import listen
from sotto.errors import DeviceError

RATE = 16_000


def update(ends: list[float], confirmed_at: float, compute_ms: float) -> StreamUpdate:
    words = [StreamWord(" a", end - 0.1, end, 1.0, [], confirmed_at, 0) for end in ends]
    return StreamUpdate(words, [], 0, confirmed_at, 0.0, "en", 1, compute_ms)


def test_latency_is_audio_time_and_what_the_push_took() -> None:
    latency = Latency(live=False)
    latency.add(update([1.0, 1.5], 2.0, 250))
    latency.add(update([], 3.0, 250))
    latency.add(update([3.0], 4.0, 500))
    assert latency.seconds == pytest.approx([1.25, 0.75, 1.5])
    assert latency.quantiles == pytest.approx((1.25, 1.45, 1.5))
    assert latency.compute_share == pytest.approx(0.25)


def test_live_latency_is_what_the_clock_says() -> None:
    latency = Latency(live=True)
    latency.heard(RATE)  # began a second ago
    time.sleep(0.05)
    latency.add(update([0.2], 1.0, 0))
    assert latency.seconds[0] >= 0.85


def test_without_words_there_is_no_latency() -> None:
    latency = Latency(live=False)
    assert all(math.isnan(each) for each in latency.quantiles)
    assert latency.summary().endswith("0% of real time; no words")


def test_a_recording_comes_whole_at_either_pace() -> None:
    audio = np.arange(RATE // 2 + 7, dtype=np.float32) / RATE
    assert np.array_equal(np.concatenate(list(fast_blocks(audio))), audio)
    assert np.array_equal(np.concatenate(list(paced_blocks(audio))), audio)


def test_paced_audio_never_comes_before_its_time() -> None:
    begin, heard = time.monotonic(), 0
    for block in paced_blocks(np.zeros(RATE // 2, np.float32)):
        heard += len(block)
        assert time.monotonic() - begin >= heard / RATE - 0.001


def test_a_slow_reader_is_given_all_that_has_come() -> None:
    blocks = paced_blocks(np.zeros(RATE, np.float32))
    next(blocks)
    time.sleep(0.35)
    assert len(next(blocks)) >= 0.3 * RATE


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_microphones_rate_becomes_16_khz(rate: int) -> None:
    times = np.arange(rate) / rate
    tone = np.sin(2 * np.pi * 440 * times).astype(np.float32)
    resample = Resampler(rate)
    blocks = [resample(block) for block in np.array_split(tone, 10)]
    heard = np.concatenate([*blocks, resample(tone[:0], last=True)])
    assert abs(len(heard) - RATE) <= 1
    expected = np.sin(2 * np.pi * 440 * np.arange(len(heard)) / RATE)
    assert np.abs(heard - expected)[200:-200].max() < 0.01


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)  # makes the import fail
    with pytest.raises(DeviceError, match=r"pip install 'sotto\[listen\]'"), microphone():
        pass


def test_a_missing_portaudio_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # What sounddevice raises where it finds no library.
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with pytest.raises(DeviceError, match="libportaudio2"), microphone():
        pass


# ---- one set of options ------------------------------------------------------------------


def test_options_are_those_of_the_runtime_with_the_same_defaults() -> None:
    made, default = StreamOptions().to_runtime(), _runtime.StreamOptions()
    names = {name for name in vars(_runtime.StreamOptions) if not name.startswith("_")}
    assert names == {field.name for field in fields(StreamOptions)}
    for name in names:
        assert getattr(made, name) == getattr(default, name), name


def test_the_command_has_every_option_with_the_same_default() -> None:
    command = inspect.signature(listen).parameters
    for field in fields(StreamOptions):
        default = command[field.name].default
        assert getattr(default, "value", default) == field.default
