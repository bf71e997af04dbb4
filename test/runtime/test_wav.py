"""The C++ WAVE reader against libsndfile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sotto import _runtime
from sotto.errors import AudioError

soundfile = pytest.importorskip("soundfile")

SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]


def signal(channels: int) -> np.ndarray:
    return np.random.default_rng(channels).uniform(-1, 1, (20_001, channels)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_every_format_reads_as_libsndfile_reads_it(
    tmp_path: Path, subtype: str, container: str, channels: int
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, signal(channels), 16000, subtype, format=container)
    expected, _ = soundfile.read(path, dtype="float64", always_2d=True)
    # Exact but for the rounding to float32.
    assert np.abs(_runtime.read_wav(path) - expected.mean(axis=1)).max() <= 2**-24


def test_recordings_read_as_libsndfile_reads_them_or_name_their_rate(
    each_wav_recording: Path,
) -> None:
    rate = soundfile.info(each_wav_recording).samplerate
    if rate != 16000:
        with pytest.raises(AudioError, match=f"sample rate is {rate} Hz"):
            _runtime.read_wav(each_wav_recording)
        return
    expected, _ = soundfile.read(each_wav_recording, dtype="float64", always_2d=True)
    assert np.abs(_runtime.read_wav(each_wav_recording) - expected.mean(axis=1)).max() <= 2**-24


def test_another_rate_or_format_is_an_audio_error_that_says_what_to_do(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", signal(1), 44100)
    with pytest.raises(AudioError, match=r"44100 Hz; expected 16000.*ffmpeg.*sotto transcribe"):
        _runtime.read_wav(tmp_path / "a.wav")
    soundfile.write(tmp_path / "b.wav", signal(1), 16000, "ULAW")
    with pytest.raises(AudioError, match="format 7"):
        _runtime.read_wav(tmp_path / "b.wav")
    soundfile.write(tmp_path / "c.flac", signal(1), 16000)
    with pytest.raises(AudioError, match="not a RIFF/WAVE file"):
        _runtime.read_wav(tmp_path / "c.flac")


def test_a_sample_that_is_not_finite_is_an_audio_error(tmp_path: Path) -> None:
    samples = signal(1)
    samples[12_000] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 16000, "FLOAT")
    with pytest.raises(AudioError, match=r"sample 12000 \(0\.75"):
        _runtime.read_wav(tmp_path / "a.wav")
