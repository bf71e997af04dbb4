"""The C++ log-mel spectrogram against openai-whisper's own, in torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sotto import _runtime
from sotto.errors import AudioError, BundleError, OptionError

whisper_audio = pytest.importorskip("whisper.audio", reason="openai-whisper is the reference")
torch = pytest.importorskip("torch")

# Both compute in float32 and differ by the rounding of two FFTs, which the logarithm magnifies
# where a band is 80 dB below the loudest. 1e-4 of the encoder's input scale (about -1..2) is
# a thousandth of what 8-bit activations resolve.
TOLERANCE = 1e-4


def reference(samples: np.ndarray, n_mels: int, frames: int) -> np.ndarray:
    """whisper's log_mel_spectrogram over a window of `frames`: float32 [n_mels, frames]."""
    window = whisper_audio.pad_or_trim(torch.from_numpy(samples), frames * 160)
    return whisper_audio.log_mel_spectrogram(window, n_mels).numpy()


def log_mel(n_mels: int) -> _runtime.LogMel:
    return _runtime.LogMel(whisper_audio.mel_filters("cpu", n_mels).numpy())


def load(path: Path) -> np.ndarray:
    """Mono samples of any file, float32 [n], at 16 kHz."""
    av = pytest.importorskip("av")
    resampler = av.AudioResampler(format="flt", layout="mono", rate=16000)
    with av.open(str(path)) as container:
        pieces = [
            piece.to_ndarray()[0]
            for frame in [*container.decode(audio=0), None]
            for piece in resampler.resample(frame)
        ]
    return np.concatenate(pieces)


def chirp(n: int) -> np.ndarray:
    t = np.arange(n) / 16000
    return (0.5 * np.sin(2 * np.pi * (50 + 600 * t) * t)).astype(np.float32)


SIGNALS = {
    "chirp": chirp(80_000),
    "noise": np.random.default_rng(0).normal(0, 0.1, 80_000).astype(np.float32),
    "quiet noise": np.random.default_rng(1).normal(0, 1e-4, 80_000).astype(np.float32),
    "16-bit noise of one step": (
        np.random.default_rng(2).integers(-1, 2, 80_000).astype(np.float32) / 32768
    ),
    "loud noise": np.random.default_rng(3).normal(0, 30, 80_000).astype(np.float32),
    "silence": np.zeros(80_000, np.float32),
    "constant": np.full(80_000, 0.25, np.float32),
    "click": np.eye(1, 80_000, 12_345, dtype=np.float32)[0],
    "one sample": np.array([0.7], np.float32),
    "nothing": np.zeros(0, np.float32),
}


@pytest.mark.parametrize("frames", [1000, 3000])
@pytest.mark.parametrize("n_mels", [80, 128])
def test_recordings_give_whispers_log_mel(each_recording: Path, n_mels: int, frames: int) -> None:
    samples = load(each_recording)
    ours = log_mel(n_mels).compute(samples, frames)
    difference = float(np.abs(ours - reference(samples, n_mels, frames)).max())
    assert ours.shape == (n_mels, frames)
    assert ours.dtype == np.float32
    assert difference <= TOLERANCE


@pytest.mark.parametrize("frames", [1000, 3000])
@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize("name", SIGNALS)
def test_synthetic_signals_give_whispers_log_mel(name: str, n_mels: int, frames: int) -> None:
    samples = SIGNALS[name]
    ours = log_mel(n_mels).compute(samples, frames)
    difference = np.abs(ours - reference(samples, n_mels, frames)).max()
    assert difference <= TOLERANCE


@pytest.mark.parametrize(
    "n", [1, 199, 200, 201, 359, 360, 361, 400, 799, 159_799, 159_999, 160_000, 160_001, 200_000]
)
def test_every_length_is_cut_or_padded_as_whisper_does(n: int) -> None:
    samples = np.random.default_rng(n).normal(0, 0.1, n).astype(np.float32)
    difference = np.abs(log_mel(80).compute(samples, 1000) - reference(samples, 80, 1000)).max()
    assert difference <= TOLERANCE


@pytest.mark.parametrize("frames", [2, 3, 5, 17, 999, 1500])
def test_every_window_is_whispers_of_that_length(frames: int) -> None:
    samples = SIGNALS["noise"]
    difference = np.abs(log_mel(80).compute(samples, frames) - reference(samples, 80, frames)).max()
    assert difference <= TOLERANCE


def test_a_recording_of_minutes_is_whispers_with_silence_after_it() -> None:
    samples = np.random.default_rng(5).normal(0, 0.1, 1_600_123).astype(np.float32)
    samples[800_000:] *= 1e-3
    padded = whisper_audio.log_mel_spectrogram(torch.from_numpy(samples), 80, padding=480_000)
    ours = log_mel(80).compute(samples, len(samples) // 160 + 3000)
    assert np.abs(ours - padded.numpy()).max() <= TOLERANCE


def test_silence_is_exactly_whispers() -> None:
    ours = log_mel(80).compute(SIGNALS["nothing"], 1000)
    assert np.abs(ours - reference(SIGNALS["silence"], 80, 1000)).max() <= 1e-6
    assert (ours == ours[0, 0]).all()


def test_a_view_with_strides_and_float64_are_taken_by_value() -> None:
    samples = SIGNALS["noise"]
    expected = log_mel(80).compute(samples[::2].copy(), 300)
    assert np.array_equal(log_mel(80).compute(samples[::2], 300), expected)
    assert np.array_equal(log_mel(80).compute(samples[::2].astype(np.float64), 300), expected)


def test_bad_input_raises_the_error_of_its_cause() -> None:
    mel = log_mel(80)
    with pytest.raises(AudioError, match=r"sample 2 \(0\.0001"):
        mel.compute(np.array([0, 0, np.nan], np.float32), 1000)
    with pytest.raises(AudioError, match="mono"):
        mel.compute(np.zeros((2, 100), np.float32), 1000)
    with pytest.raises(OptionError, match="frames is 1;"):
        mel.compute(np.zeros(100, np.float32), 1)
    with pytest.raises(BundleError, match="201"):
        _runtime.LogMel(np.zeros((80, 200), np.float32))
