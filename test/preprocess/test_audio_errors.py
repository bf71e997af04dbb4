"""What `read_audio` refuses, and how it says so; and that it cleans up after itself."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_audio import encode, noise, tone

from sotto.errors import AudioError, OptionError
from sotto.preprocess import SAMPLE_RATE, read_audio, stream_audio

Recording = Callable[[str], Path]


def wav_bytes(samples: np.ndarray, **how: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, SAMPLE_RATE, format="WAV", **how)
    return file.getvalue()


# ---- files -------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav: no such file.*Check the path"):
        read_audio(tmp_path / "gone.wav")


def test_a_path_through_a_file_is_no_such_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(tone(0.1, SAMPLE_RATE)))
    with pytest.raises(AudioError, match="no such file"):
        read_audio(tmp_path / "a.wav" / "b.wav")


def test_a_url_is_not_opened() -> None:
    with pytest.raises(AudioError, match="no such file"):
        read_audio("http://localhost:9/a.wav")


def test_a_path_that_no_system_accepts_is_refused() -> None:
    for path in ("a\0b.wav", "x" * 5000):
        with pytest.raises(AudioError, match="Check the path"):
            read_audio(path)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"is a directory.*Name one file"):
        read_audio(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AudioError, match=r"is a pipe.*Save the stream to a file"):
        read_audio(tmp_path / "pipe")


def test_a_file_without_read_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret.wav"
    path.write_bytes(wav_bytes(tone(0.1, SAMPLE_RATE)))
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AudioError, match=r"secret\.wav: no permission to read it.*chmod"):
        read_audio(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"Dear diary, today I spoke to my telephone.\n" * 100,
        b'{"not": "audio"}',
        b"ID3\x04\x00\x00\x00\x00\x00\x00",
        b"%PDF-1.7\n" + bytes(1000),
        bytes(100_000),
    ],
    ids=["empty", "a stub", "text", "json", "an empty tag", "pdf", "zeros"],
)
def test_what_is_not_audio_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "note.wav").write_bytes(content)
    with pytest.raises(AudioError, match=r"note\.wav: "):
        read_audio(tmp_path / "note.wav")


def test_random_bytes_are_refused() -> None:
    with pytest.raises(AudioError, match="the 100000 bytes given: "):
        read_audio(np.random.default_rng(0).bytes(100_000))


@pytest.mark.parametrize(
    "playlist",
    ["ffconcat version 1.0\nfile '{}'\n", "#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"],
)
def test_a_playlist_does_not_make_us_open_the_files_it_names(
    tmp_path: Path, playlist: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(tone(1.0, SAMPLE_RATE)))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list").write_text(playlist.format("a.wav"))
    with pytest.raises(AudioError):
        read_audio(tmp_path / "list")


def test_a_file_with_no_samples_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 1)), SAMPLE_RATE)
    with pytest.raises(AudioError, match=r"none\.wav: holds no samples.*record or export"):
        read_audio(tmp_path / "none.wav")


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as file:
        video = file.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        file.mux([*video.encode(picture), *video.encode(None)])
    with pytest.raises(AudioError, match=r"silent\.mp4: has no audio track .*\(it holds: video\)"):
        read_audio(path)


def test_a_header_with_an_absurd_rate_is_refused() -> None:
    wav = bytearray(wav_bytes(tone(0.1, SAMPLE_RATE)))
    wav[24:28] = (1).to_bytes(4, "little")
    with pytest.raises(AudioError, match="its header says 1 Hz"):
        read_audio(bytes(wav))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_a_sample_that_is_not_a_level_is_refused_with_its_place(
    tmp_path: Path, value: float
) -> None:
    frames = tone(2.0, SAMPLE_RATE, channels=2)
    frames[24_000, 1] = value
    frames[24_007, 0] = value
    soundfile.write(tmp_path / "bad.wav", frames, SAMPLE_RATE, subtype="FLOAT")
    for source, name in ((tmp_path / "bad.wav", r"bad\.wav"), (frames, "the array")):
        with pytest.raises(AudioError, match=rf"{name}: sample 24000 \(1\.500 s\) is "):
            read_audio(source)


def test_opposite_infinities_do_not_cancel() -> None:
    with pytest.raises(AudioError, match="sample 0 "):
        read_audio(np.array([[np.inf, -np.inf]]))


@pytest.mark.filterwarnings("error")
def test_a_float64_too_large_for_float32_is_refused_without_a_warning() -> None:
    with pytest.raises(AudioError, match="is inf"):
        read_audio(np.array([[0.0, 1e300]]))


# ---- damage ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "container"),
    [("flac", "flac"), ("libmp3lame", "mp3"), ("libopus", "ogg"), ("pcm_s16le", "wav")],
)
def test_a_file_that_was_cut_off_gives_what_is_there(codec: str, container: str) -> None:
    whole = encode(noise(4.0, 48_000), 48_000, codec, container)
    half = read_audio(whole[: len(whole) // 2])
    # Half of the bytes is half of the time but for headers and, in Ogg, whole pages of 1 s.
    assert 0.9 * SAMPLE_RATE <= len(half) <= 2.3 * SAMPLE_RATE


def test_damage_in_the_middle_costs_only_the_middle_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mp3 = bytearray(encode(noise(4.0, 48_000), 48_000, "libmp3lame", "mp3"))
    middle = len(mp3) // 2
    mp3[middle : middle + 3000] = np.random.default_rng(1).bytes(3000)
    with caplog.at_level(logging.WARNING):
        got = read_audio(bytes(mp3))
    assert len(got) > 3.5 * SAMPLE_RATE
    assert "cut off or damaged" in caplog.text


def test_an_mp4_whose_index_is_missing_is_refused() -> None:
    mp4 = encode(tone(2.0, 44_100), 44_100, "aac", "mp4")  # its index is at the end
    with pytest.raises(AudioError, match="is not audio that FFmpeg can read"):
        read_audio(mp4[: len(mp4) // 2])


class FailsAfter(io.BytesIO):
    """A file on a disk that fails once `limit` bytes have been read."""

    limit = 100_000

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= self.limit:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_a_disk_that_fails_is_an_error_and_not_a_shorter_recording() -> None:
    wav = wav_bytes(tone(30.0, SAMPLE_RATE))
    with pytest.raises(AudioError, match=r"reading it failed .*Input/output error.*disk"):
        read_audio(FailsAfter(wav))


@settings(deadline=None, max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(
    head=st.sampled_from(
        [
            b"",
            b"RIFF\0\0\0\0WAVEfmt ",
            b"fLaC",
            b"OggS",
            b"ID3",
            b"\xff\xfb\x90",
            b"caff",
            b"FORM\0\0\0\0AIFF",
            b"\0\0\0\x20ftypM4A ",
            b"\x1aE\xdf\xa3",
            b"#EXTM3U\n",
            b".snd",
        ]
    ),
    tail=st.binary(max_size=3000),
)
def test_arbitrary_bytes_raise_nothing_but_audio_error(head: bytes, tail: bytes) -> None:
    try:
        samples = read_audio(head + tail)
    except AudioError:
        return
    assert samples.dtype == np.float32
    assert len(samples)
    assert np.isfinite(samples).all()


@pytest.fixture(scope="module")
def healthy_files() -> list[bytes]:
    sound = tone(0.5, 48_000)
    kinds = [("pcm_f32le", "wav"), ("flac", "flac"), ("libmp3lame", "mp3"), ("libopus", "webm")]
    kinds += [("aac", "mp4"), ("libopus", "ogg"), ("pcm_s16be", "aiff"), ("alac", "mp4")]
    return [encode(sound, 48_000, codec, container) for codec, container in kinds]


@settings(deadline=None, max_examples=1000)
@given(data=st.data(), which=st.integers(0, 7))
def test_a_damaged_file_raises_nothing_but_audio_error(
    healthy_files: list[bytes], data: st.DataObject, which: int
) -> None:
    file = bytearray(healthy_files[which])
    for _ in range(data.draw(st.integers(1, 8))):
        # half of the damage in the header, where it matters most
        end = data.draw(st.sampled_from([min(200, len(file)), len(file)]))
        file[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    try:
        samples = read_audio(bytes(file[: data.draw(st.integers(0, len(file)))]))
    except AudioError:
        return
    assert len(samples)
    assert np.isfinite(samples).all()


# ---- arguments ---------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (2, 16_000), (100, 0), (10, 2, 2)])
def test_an_array_of_the_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(AudioError, match=r"has shape .*expected \[n\] or \[n, channels\]"):
        read_audio(np.zeros(shape, np.float32))


@pytest.mark.parametrize("dtype", [np.int64, bool, np.complex64, object, "U1"])
def test_an_array_of_the_wrong_type_is_refused(dtype: type) -> None:
    with pytest.raises(AudioError, match=r"has type .*expected float32"):
        read_audio(np.zeros(100, dtype))


def test_an_empty_array_is_refused() -> None:
    with pytest.raises(AudioError, match="the array: holds no samples"):
        read_audio(np.zeros(0, np.float32))


@pytest.mark.parametrize("source", [None, 3, [0.0, 0.1], (0.0,)])
def test_what_is_no_source_of_audio_is_refused(source: object) -> None:
    with pytest.raises(AudioError, match="expected a path"):
        read_audio(source)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [0, -16_000, float("nan"), float("inf"), 10, "16000", True])
def test_a_sample_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(OptionError, match="sample_rate is"):
        read_audio(np.zeros(100, np.float32), sample_rate=rate)


def test_a_sample_rate_beside_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="files carry their own rate"):
        read_audio(tmp_path / "a.wav", sample_rate=8_000)


def test_a_file_open_as_text_is_refused() -> None:
    with pytest.raises(AudioError, match=r"is open as text.*'rb'"):
        read_audio(io.StringIO("text"))  # type: ignore[arg-type]


def test_a_closed_file_is_refused() -> None:
    file = io.BytesIO(b"x")
    file.close()
    with pytest.raises(AudioError, match="can't be read from its start"):
        read_audio(file)


# ---- cleaning up -------------------------------------------------------------------------


def open_files() -> set[str]:
    fds = Path("/proc/self/fd")
    if not fds.exists():
        pytest.skip("open files are counted in /proc")
    return {str(fd.readlink()) for fd in fds.iterdir() if fd.is_symlink()}


@pytest.mark.parametrize("end", ["exhausted", "closed", "dropped"])
def test_the_file_is_closed_however_the_reading_ends(recording: Recording, end: str) -> None:
    path = recording("ted_60.m4a")
    blocks = stream_audio(path, 5.0)
    assert str(path.resolve()) not in open_files()  # opened at the first block
    next(blocks)
    assert str(path.resolve()) in open_files()
    if end == "exhausted":
        assert len(list(blocks)) == 12
    elif end == "closed":
        blocks.close()
    else:
        del blocks
    assert str(path.resolve()) not in open_files()


def test_the_file_is_closed_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "note.wav"
    path.write_bytes(b"not audio" * 100)
    with pytest.raises(AudioError) as caught:
        read_audio(path)
    assert caught.value.__cause__ is not None  # what FFmpeg said is kept
    assert str(path) not in open_files()


def test_damaged_files_leave_the_terminal_alone(capfd: pytest.CaptureFixture[str]) -> None:
    mp3 = encode(tone(2.0, 44_100), 44_100, "libmp3lame", "mp3")
    read_audio(mp3[: len(mp3) // 2])
    with pytest.raises(AudioError):
        read_audio(mp3[:5] + b"\xff\xfb" * 50)
    assert capfd.readouterr() == ("", "")
