"""What `read_audio` gives: format by format, rate by rate, and as blocks."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from made_audio import encode, noise, tone

from sotto.errors import OptionError
from sotto.preprocess import SAMPLE_RATE, read_audio, stream_audio

Recording = Callable[[str], Path]

RECORDINGS = [
    "LJ002-0020.wav",
    "aishell-BAC009S0724W0121.wav",
    "jfk.flac",
    "sr_chinese.flac",
    "sr_french.aiff",
    "ted_60.m4a",
]


def snr_db(reference: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(reference**2) / np.sum((reference - other) ** 2)))


# ---- the same samples as the reference ---------------------------------------------------


@pytest.mark.parametrize("name", ["mr_quilter.flac", "es_test_clip.wav"])
def test_a_16_bit_recording_at_16_khz_is_bit_equal_to_whispers_load_audio(
    recording: Recording, name: str
) -> None:
    int16, rate = soundfile.read(recording(name), dtype="int16")
    assert rate == SAMPLE_RATE
    # whisper/audio.py, load_audio: what it does with the int16 that ffmpeg gives
    expected = int16.flatten().astype(np.float32) / 32768.0
    np.testing.assert_array_equal(read_audio(recording(name)), expected)


@pytest.mark.parametrize("name", ["jfk.flac", "LJ002-0020.wav", "sr_french.aiff"])
def test_resampling_agrees_with_the_ffmpeg_resampler_that_whisper_uses(
    recording: Recording, name: str
) -> None:
    ours = read_audio(recording(name))
    swr = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(recording(name))) as file:
        frames = [r for f in file.decode(audio=0) for r in swr.resample(f)]
    frames += swr.resample(None)
    theirs = np.concatenate([f.to_ndarray()[0] for f in frames]) / np.float32(32768)
    n = min(len(ours), len(theirs))
    assert abs(len(ours) - len(theirs)) <= 32  # swr keeps part of its filter's tail
    # The filters differ above 7 kHz only, where speech has little: 30.3 to 73.6 dB measured.
    assert snr_db(theirs[:n], ours[:n]) > 28


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_16"),
        ("WAV", "PCM_24"),
        ("WAV", "PCM_32"),
        ("WAV", "FLOAT"),
        ("WAV", "DOUBLE"),
        ("WAV", "ULAW"),
        ("WAVEX", "PCM_24"),
        ("WAVEX", "FLOAT"),
        ("RF64", "PCM_16"),
        ("W64", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("AIFF", "PCM_24"),
        ("AU", "PCM_16"),
        ("CAF", "PCM_16"),
        ("FLAC", "PCM_16"),
        ("FLAC", "PCM_24"),
    ],
)
def test_every_lossless_sample_type_is_bit_equal_to_libsndfile(
    container: str, subtype: str
) -> None:
    file = io.BytesIO()
    soundfile.write(file, tone(0.3, SAMPLE_RATE), SAMPLE_RATE, format=container, subtype=subtype)
    file.seek(0)
    expected, _ = soundfile.read(file, dtype="float32")
    np.testing.assert_array_equal(read_audio(file), expected)


@pytest.mark.parametrize(
    ("codec", "container", "rate"),
    [
        ("aac", "mp4", 44_100),
        ("aac", "adts", 44_100),
        ("alac", "mp4", 44_100),
        ("libopus", "webm", 48_000),
        ("libopus", "ogg", 48_000),
        ("libmp3lame", "mp3", 44_100),
        ("libmp3lame", "wav", 22_050),
        ("flac", "ogg", 48_000),
        ("ac3", "ac3", 48_000),
        ("pcm_s24le", "matroska", 96_000),
    ],
)
def test_every_common_codec_and_container_gives_the_tone_back(
    codec: str, container: str, rate: int
) -> None:
    original = tone(2.0, rate, channels=2)
    got = read_audio(encode(original, rate, codec, container))
    expected = read_audio(original, sample_rate=rate)
    # Codecs without gapless marks keep their delay and padding: a few frames of 1024 to 1536.
    assert 0 <= len(got) - len(expected) <= 4096 * SAMPLE_RATE / rate
    # Level in the middle second: LAME scales by 0.95 by default, the other codecs by 1.
    level, wanted = (float(np.std(x[8_000:24_000])) for x in (got, expected))
    assert level == pytest.approx(wanted * (0.95 if codec == "libmp3lame" else 1), rel=0.02)


def test_the_format_is_told_by_content_and_not_by_the_name(tmp_path: Path) -> None:
    for misleading in ("a.mp3", "a.raw", "a.txt", "noext", "http:__x.wav"):
        soundfile.write(tmp_path / misleading, tone(0.1, SAMPLE_RATE), SAMPLE_RATE, format="WAV")
        assert len(read_audio(tmp_path / misleading)) == 1600


def test_path_text_bytes_and_file_object_are_the_same_source(recording: Recording) -> None:
    path = recording("LJ002-0020.wav")
    expected = read_audio(path)
    with path.open("rb") as file:
        file.seek(100)  # read from its start whatever its position
        for source in (str(path), path.read_bytes(), bytearray(path.read_bytes()), file):
            np.testing.assert_array_equal(read_audio(source), expected)
        assert not file.closed


def test_of_a_video_the_audio_track_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as file:
        video = file.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        audio = file.add_stream("aac", rate=48_000, layout="mono")
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            file.mux(video.encode(picture))
        sound = av.AudioFrame.from_ndarray(tone(1.0, 48_000).T.copy(), "fltp", "mono")
        sound.sample_rate, sound.pts = 48_000, 0
        file.mux([*audio.encode(sound), *audio.encode(None), *video.encode(None)])
    samples = read_audio(path)
    assert len(samples) == pytest.approx(SAMPLE_RATE, abs=400)  # AAC pads to whole frames
    assert np.std(samples) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


# ---- channels, scale, rate, length -------------------------------------------------------


def test_channels_are_mixed_to_their_mean() -> None:
    frames = np.array([[1.0, 0.0], [0.5, -0.5], [0.25, 0.75]], np.float32)
    np.testing.assert_array_equal(read_audio(frames), np.array([0.5, 0, 0.5], np.float32))


def test_six_channels_in_a_file_are_mixed_to_their_mean(tmp_path: Path) -> None:
    frames = tone(0.2, SAMPLE_RATE, channels=6)
    soundfile.write(tmp_path / "six.wav", frames, SAMPLE_RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "six.wav"), frames.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("channels", [6, 8, 16])
@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_surround_sound_is_read_whatever_its_number_of_channels(channels: int, codec: str) -> None:
    # PyAV alone ends the process at planar frames of eight channels or more
    sound = np.repeat(tone(1.0, 48_000), channels, axis=1)
    got = read_audio(encode(sound, 48_000, codec, "matroska"))
    assert len(got) == pytest.approx(SAMPLE_RATE, abs=700)  # AAC keeps its first and last frame
    # The fourth of six or eight channels is the bass, from which AAC drops 440 Hz.
    kept = (channels - 1) / channels if codec == "aac" and channels < 16 else 1
    assert np.std(got[4_000:12_000]) == pytest.approx(kept * 0.5 / np.sqrt(2), rel=0.03)


@pytest.mark.parametrize(
    ("dtype", "low", "zero"),
    [(np.uint8, 0, 128), (np.int16, -(2**15), 0), (np.int32, -(2**31), 0), (">i2", -(2**15), 0)],
)
def test_integer_arrays_are_scaled_by_their_full_range(
    dtype: type | str, low: int, zero: int
) -> None:
    got = read_audio(np.array([low, zero], dtype))
    np.testing.assert_array_equal(got, np.array([-1, 0], np.float32))


def test_float_samples_beyond_one_are_not_clipped() -> None:
    np.testing.assert_array_equal(read_audio(np.array([1.5, -3.0])), np.float32([1.5, -3.0]))


def test_very_short_audio_is_returned_as_it_is() -> None:
    assert len(read_audio(tone(0.05, SAMPLE_RATE))) == 800
    assert len(read_audio(np.float32([0.25]))) == 1


def test_the_result_does_not_share_memory_with_the_array() -> None:
    source = tone(0.1, SAMPLE_RATE)[:, 0]
    read_audio(source)[:] = 0
    assert source.any()


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_a_tone_keeps_its_pitch_level_and_length_at_every_rate(rate: int) -> None:
    got = read_audio(tone(1.0, rate), sample_rate=rate)
    assert got.dtype == np.float32
    assert len(got) == SAMPLE_RATE
    expected = tone(1.0, SAMPLE_RATE)[:, 0]
    inner = slice(400, -400)  # the filter rings where the tone starts and stops
    # soxr HQ is a 20-bit resampler: about -120 dB; float32 arithmetic leaves 90 at least.
    assert snr_db(expected[inner], got[inner]) > 90


def test_a_change_of_rate_within_a_stream_loses_nothing() -> None:
    slow = encode(tone(1.0, 22_050), 22_050, "aac", "adts")
    fast = encode(tone(1.0, 44_100), 44_100, "aac", "adts")
    both = read_audio(slow + fast)
    apart = np.concatenate([read_audio(slow), read_audio(fast)])
    assert abs(len(both) - len(apart)) <= 2 * 1024  # the decoder restarts within a frame or two
    assert np.std(both[20_000:28_000]) == pytest.approx(np.std(apart[20_000:28_000]), rel=0.02)


# ---- speech that other decoders lose -----------------------------------------------------


def test_a_vbr_mp3_without_a_length_header_is_read_to_its_end() -> None:
    silence = np.zeros((44_100 * 8, 1), np.float32)
    loud_first = np.concatenate([noise(4.0, 44_100), silence])
    mp3 = encode(loud_first, 44_100, "libmp3lame", "mp3", quality=2, write_xing="0")
    assert soundfile.info(io.BytesIO(mp3)).duration < 11  # libsndfile's estimate
    assert len(read_audio(mp3)) >= 12 * SAMPLE_RATE


def test_every_link_of_a_chained_ogg_stream_is_read() -> None:
    link = encode(tone(1.0, 48_000), 48_000, "libopus", "ogg")
    assert len(read_audio(link + link)) == pytest.approx(2 * SAMPLE_RATE, abs=200)


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_wav_whose_length_was_never_written_is_read_to_its_end(length: int) -> None:
    file = io.BytesIO()
    soundfile.write(file, tone(1.0, SAMPLE_RATE), SAMPLE_RATE, format="WAV")
    wav = bytearray(file.getvalue())
    size_at = wav.index(b"data") + 4
    wav[4:8] = wav[size_at : size_at + 4] = struct.pack("<I", length)
    assert len(read_audio(bytes(wav))) == SAMPLE_RATE


# ---- blocks ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("block_seconds", [0.37, 30.0])
def test_the_blocks_of_a_recording_join_to_what_read_audio_gives(
    recording: Recording, name: str, block_seconds: float
) -> None:
    blocks = list(stream_audio(recording(name), block_seconds))
    np.testing.assert_array_equal(np.concatenate(blocks), read_audio(recording(name)))
    size = round(block_seconds * SAMPLE_RATE)
    assert all(len(block) == size for block in blocks[:-1])
    assert 0 < len(blocks[-1]) <= size


def test_audio_of_whole_blocks_ends_without_an_empty_one() -> None:
    assert [len(b) for b in stream_audio(tone(2.0, SAMPLE_RATE), 1.0)] == [16_000, 16_000]


@settings(deadline=None, max_examples=150)
@given(
    n=st.integers(13, 150_000),  # 13 samples at 192 kHz are one at 16 kHz
    rate=st.sampled_from([8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 192_000]),
    channels=st.integers(1, 6),
    block_seconds=st.floats(0.01, 20.0),
    dtype=st.sampled_from([np.float32, np.float64, np.int16, np.int32, np.uint8]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_array_streams_to_exactly_what_read_audio_gives_at_the_right_length(
    n: int, rate: int, channels: int, block_seconds: float, dtype: type, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        array = rng.integers(info.min, info.max, (n, channels), dtype=dtype, endpoint=True)
    else:
        array = rng.uniform(-1, 1, (n, channels)).astype(dtype)
    whole = read_audio(array, sample_rate=rate)
    blocks = list(stream_audio(array, block_seconds, sample_rate=rate))
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    assert {len(b) for b in blocks[:-1]} <= {round(block_seconds * SAMPLE_RATE)}
    assert whole.dtype == np.float32
    assert abs(len(whole) - n * SAMPLE_RATE / rate) <= 1


@settings(deadline=None, max_examples=60)
@given(
    n=st.integers(13, 60_000),
    rate=st.sampled_from([8_000, 16_000, 44_100, 48_000]),
    channels=st.integers(1, 4),
    kind=st.sampled_from([("WAV", "PCM_16"), ("FLAC", "PCM_24"), ("WAV", "FLOAT")]),
    block_seconds=st.floats(0.01, 5.0),
)
def test_a_file_gives_exactly_what_the_array_of_its_samples_gives(
    n: int, rate: int, channels: int, kind: tuple[str, str], block_seconds: float
) -> None:
    file = io.BytesIO()
    soundfile.write(file, tone(n / rate, rate, channels), rate, format=kind[0], subtype=kind[1])
    file.seek(0)
    array, _ = soundfile.read(file, dtype="float32", always_2d=True)
    blocks = list(stream_audio(file.getvalue(), block_seconds))
    np.testing.assert_array_equal(np.concatenate(blocks), read_audio(array, sample_rate=rate))


@pytest.mark.parametrize("block_seconds", [0, -1.0, 1e-6, float("nan"), float("inf"), "30", True])
def test_a_block_length_that_is_no_positive_time_is_refused_at_the_call(
    block_seconds: float,
) -> None:
    with pytest.raises(OptionError, match="block_seconds is"):
        stream_audio(np.zeros(100), block_seconds)


@pytest.mark.parametrize("version", ["18.1.0", "19.0.2"])
def test_tags_that_are_not_utf8_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    # PyAV 19 takes them without being asked to, and no longer knows the argument.
    told: list[dict[str, object]] = []
    opened, installed = av.open, int(av.__version__.partition(".")[0])
    taken = {} if installed >= 19 else {"metadata_errors": "replace"}

    def open_as(file: object, **options: object) -> object:
        told.append(dict(options))
        options.pop("metadata_errors", None)
        return opened(file, **options, **taken)

    sound = encode(tone(0.2, SAMPLE_RATE), SAMPLE_RATE, "pcm_s16le", "wav")
    tag = b"INFO" + b"INAM" + struct.pack("<I", 4) + b"\xe9t\xe9\0"
    path = tmp_path / "tagged.wav"
    path.write_bytes(sound[:12] + b"LIST" + struct.pack("<I", len(tag)) + tag + sound[12:])
    monkeypatch.setattr(av, "__version__", version)
    monkeypatch.setattr(av, "open", open_as)
    assert len(read_audio(path)) == 0.2 * SAMPLE_RATE
    assert ["metadata_errors" in options for options in told] == [version.startswith("18")]
