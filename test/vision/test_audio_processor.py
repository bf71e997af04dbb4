"""Recordings become openai-whisper's log-mel, one or a batch."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bundle.made_manifests import graph, manifest, vad

from sotto.errors import AudioError, BundleError, OptionError
from sotto.preprocess import AudioProcessor
from sotto.preprocess.mel import mel_filters

whisper_audio = pytest.importorskip("whisper.audio", reason="openai-whisper is the reference")
torch = pytest.importorskip("torch")

# See test/runtime/test_log_mel.py: the rounding of two FFTs, magnified by the logarithm.
TOLERANCE = 1e-4


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 0.1, round(seconds * 16_000))
    return noise.astype(np.float32)


def reference(samples: np.ndarray, n_mels: int, seconds: float) -> np.ndarray:
    window = whisper_audio.pad_or_trim(torch.from_numpy(samples), round(seconds * 16_000))
    return whisper_audio.log_mel_spectrogram(window, n_mels).numpy()


@pytest.mark.parametrize("n_mels", [80, 128])
def test_the_filters_are_whispers(n_mels: int) -> None:
    # Both are rounded to float32 once; the largest weight is 0.026.
    theirs = whisper_audio.mel_filters("cpu", n_mels).numpy()
    assert np.abs(mel_filters(n_mels) - theirs).max() <= 1e-8


def test_filters_are_made_once() -> None:
    assert mel_filters(80) is mel_filters(80)


@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize("seconds", [0.5, 5.0, 8.0])
def test_one_recording_gives_whispers_log_mel(n_mels: int, seconds: float) -> None:
    samples = sound(5)
    processor = AudioProcessor(n_mels, seconds)
    log_mel = processor.log_mel(samples)
    assert log_mel.shape == processor.shape
    assert np.abs(log_mel - reference(samples, n_mels, seconds)).max() <= TOLERANCE
    assert np.array_equal(processor(samples)[0], log_mel)


def test_a_batch_is_its_recordings(tmp_path: Path) -> None:
    processor = AudioProcessor(seconds=3)
    samples = [sound(2, 1), sound(4, 2)]
    path = tmp_path / "sound.wav"
    soundfile.write(path, samples[1], 16_000, subtype="FLOAT")
    batch = processor([samples[0], path, path.read_bytes()])
    assert batch.shape == (3, 80, 300)
    for one, given in zip(batch, [samples[0], samples[1], samples[1]], strict=True):
        assert np.array_equal(one, processor.log_mel(given))


def test_samples_are_padded_or_trimmed_to_the_window() -> None:
    processor = AudioProcessor(seconds=1)
    short, long = sound(0.5), sound(2)
    assert np.array_equal(processor.pad_or_trim(short), np.pad(short, (0, 8000)))
    trimmed = processor.pad_or_trim(long)
    assert np.array_equal(trimmed, long[:16_000])
    assert np.shares_memory(trimmed, long)


def test_a_bundle_gives_its_own_filters_and_longest_window(tmp_path: Path) -> None:
    from sotto.bundle import AudioEncoder, Embedding, write_manifest

    filters = (mel_filters(80) * 2).astype(np.float32)
    np.save(tmp_path / "mel_filters.npy", filters)
    graphs = (
        graph("audio_2s", "audio.tflite", log_mel=(1, 80, 200)),
        graph("audio_5s", "audio.tflite", log_mel=(1, 80, 500)),
    )
    encoder = AudioEncoder(graphs, "tanh", "mel_filters.npy")
    made = manifest(encoder, embedding=Embedding(True))
    (tmp_path / "audio.tflite").write_bytes(b"")
    write_manifest(tmp_path, made, ["audio.tflite", "mel_filters.npy"])
    processor = AudioProcessor.from_bundle(tmp_path)
    assert processor.shape == (80, 500)
    own = AudioProcessor(seconds=5, filters=filters)
    assert np.array_equal(processor.log_mel(sound(1)), own.log_mel(sound(1)))


def test_what_is_no_audio_or_out_of_range_is_refused(tmp_path: Path) -> None:
    from sotto.bundle import write_manifest

    with pytest.raises(AudioError, match="9 bytes"):
        AudioProcessor()([io.BytesIO(b"").getvalue() + b"not audio"])
    with pytest.raises(AudioError, match="mono"):
        AudioProcessor().log_mel(np.zeros((2, 3), np.float32))
    with pytest.raises(OptionError, match=r"seconds is 0\.01"):
        AudioProcessor(seconds=0.01)
    with pytest.raises(OptionError, match="n_mels is 129"):
        AudioProcessor(129)
    (tmp_path / "vad.tflite").write_bytes(b"")
    write_manifest(tmp_path, vad(), ["vad.tflite"])
    with pytest.raises(BundleError, match="audio-encoder"):
        AudioProcessor.from_bundle(tmp_path)
