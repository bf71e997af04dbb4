"""The Python interface: what it takes and refuses, among threads and in callbacks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

import sotto
from sotto import SottoError
from sotto.asr import Segment, SpeechModel, available_models, load_model
from sotto.errors import AudioError, CancelledError, DeviceError, OptionError

# A few tokens of text a window, at one try.
BRIEF = {"sample_len": 3, "without_timestamps": True, "temperature": 0.0}


@pytest.fixture(scope="module")
def model(tiny_en: Path) -> SpeechModel:
    return load_model(tiny_en)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("gone", "no such file"),
        ("folder", "is a directory"),
        ("text", "is not audio"),
        ("nothing", ""),
        ("empty", "holds no samples"),
        ("nan", "sample 800"),
        ("inf", "sample 800"),
        ("short", "the audio is 0.05"),
    ],
)
def test_a_bad_file_is_an_audio_error_that_names_it(
    model: SpeechModel, bad_files: dict[str, Path], kind: str, message: str
) -> None:
    with pytest.raises(AudioError) as caught:
        model.recognize(bad_files[kind])
    assert str(caught.value).startswith(f"{bad_files[kind]}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("count", [1, 800, 1599])
def test_less_than_a_tenth_of_a_second_is_refused(model: SpeechModel, count: int) -> None:
    with pytest.raises(AudioError, match=r"s long, expected 0\.100000 s or more of speech"):
        model.transcribe(np.zeros(count, np.float32))


def test_a_tenth_of_a_second_is_transcribed(model: SpeechModel) -> None:
    result = model.recognize(np.zeros(1600, np.float32), sample_len=1)
    assert (result.duration, result.profile.encoder_runs) == (0.1, 1)


def test_nan_after_the_first_window_is_an_error_too(model: SpeechModel) -> None:
    samples = np.zeros(31 * 16_000, np.float32)
    samples[-1] = np.nan
    with pytest.raises(AudioError, match="sample 495999 "):
        model.recognize(samples, sample_len=1)


def test_a_file_object_is_named_by_its_name(model: SpeechModel, bad_files: dict[str, Path]) -> None:
    with bad_files["short"].open("rb") as file, pytest.raises(AudioError, match=r"short\.wav: the"):
        model.transcribe(file)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(800), 16_000, format="WAV")
    with pytest.raises(AudioError, match=r"^the audio is 0\.05"):
        model.transcribe(buffer)


@pytest.mark.parametrize(
    "options",
    [
        {"language": "fr"},
        {"language": 3},
        {"language": b"en"},
        {"language": "\udcff"},
        {"task": "sing"},
        {"task": None},
        {"task": "translate"},
        {"window": 20},
        {"window": -10},
        {"window": 10.0},
        {"window": None},
        {"window": 2**40},
        {"sample_len": -1},
        {"sample_len": 449},
        {"sample_len": True},
        {"sample_len": "3"},
        {"seed": -1},
        {"seed": 2**64},
        {"best_of": 2.5},
        {"patience": "much"},
        {"length_penalty": float("nan")},
        {"prefix": [1, 2]},
        {"suppress_tokens": "-1,all"},
        {"suppress_tokens": 2.5},
        {"suppress_tokens": [True]},
        {"suppress_blank": "True"},
        {"word_timestamps": 1},
        {"temperature": None, "temperatures": 1},
        {"temperature": "warm"},
        {"temperature": float("nan")},
        {"temperature": b"0"},
        {"clip_timestamps": "0;3"},
        {"clip_timestamps": [0, "3"]},
        {"initial_prompt": 7},
        {"max_tokens": 3},
        {"verbose": True},
    ],
    ids=str,
)
def test_an_option_out_of_range_is_an_option_error_that_names_it(
    model: SpeechModel, options: dict[str, object]
) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        model.recognize(np.zeros(16_000, np.float32), **options)


@pytest.mark.parametrize("threads", [-1, 1025, 2**40, 1.5, "2", None, True])
def test_threads_out_of_range_are_an_option_error(tiny_en: Path, threads: int) -> None:
    with pytest.raises(OptionError, match="threads"):
        load_model(tiny_en, threads=threads)


def test_an_integer_of_numpy_is_an_integer(model: SpeechModel) -> None:
    silence = np.zeros(16_000, np.float32)
    assert len(model.recognize(silence, sample_len=np.int64(1)).tokens) <= 1


def test_every_error_is_a_sotto_error(model: SpeechModel) -> None:
    with pytest.raises(SottoError):
        model.transcribe("gone.wav")


def test_after_an_error_the_model_works_as_before(model: SpeechModel, jfk: Path) -> None:
    before = model.recognize(jfk).text
    with pytest.raises(AudioError):
        model.transcribe("gone.wav")
    assert model.recognize(jfk).text == before


# ---- callbacks and threads ---------------------------------------------------------------


def test_an_exception_of_the_callback_ends_the_transcription_and_is_raised(
    model: SpeechModel, jfk: Path
) -> None:
    segments: list[Segment] = []

    def stop(segment: Segment) -> None:
        segments.append(segment)
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        model.recognize(jfk, window=10, on_segment=stop, **BRIEF)
    assert len(segments) == 1


def test_segments_are_given_as_they_are_in_the_result(model: SpeechModel, jfk: Path) -> None:
    segments: list[Segment] = []
    result = model.recognize(jfk, window=10, on_segment=segments.append, **BRIEF)
    assert segments == result.segments


@pytest.mark.parametrize("vad_filter", [False, True])
def test_the_detected_language_is_told_before_the_first_segment(
    base: Path, jfk: Path, vad_filter: bool
) -> None:
    told: list[object] = []
    options = {**BRIEF, "vad_filter": vad_filter}
    callbacks = {"on_language": told.append, "on_segment": told.append}
    model = load_model(base)
    result = model.recognize(jfk, **callbacks, **options)
    assert told == [result.language, *result.segments]
    assert len(told) > 1
    told.clear()
    assert model.recognize(jfk, language="en", **callbacks, **options).segments == told


def test_an_english_only_model_tells_no_language(model: SpeechModel, jfk: Path) -> None:
    told: list[str] = []
    model.recognize(jfk, on_language=told.append, **BRIEF)
    assert told == []


def test_progress_ends_with_the_whole_audio(model: SpeechModel, jfk: Path) -> None:
    seen: list[tuple[float, float]] = []
    model.recognize(jfk, window=10, on_progress=lambda *each: seen.append(each), **BRIEF)
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (11.0, 11.0)


def test_a_transcription_is_cancelled_within_a_step(model: SpeechModel, jfk: Path) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked == 3

    with pytest.raises(CancelledError):
        model.recognize(jfk, cancelled=cancelled)
    assert asked == 3


def test_an_exception_of_the_cancelling_callback_is_raised(model: SpeechModel, jfk: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        model.recognize(jfk, cancelled=lambda: bool(1 // 0))


# ---- kinds of audio ----------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """A stream that can't be rewound."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        return self._data.readinto(buffer)


def test_a_stream_that_can_not_be_rewound_is_transcribed(model: SpeechModel, jfk: Path) -> None:
    expected = model.recognize(jfk, **BRIEF).text
    assert model.recognize(Pipe(jfk.read_bytes()), **BRIEF).text == expected
    with jfk.open("rb") as file:
        assert model.recognize(file, **BRIEF).text == expected


def test_a_stream_of_text_is_an_audio_error(model: SpeechModel) -> None:
    class Text(Pipe):
        def read(self, size: int = -1) -> str:  # type: ignore[override]
            return "text"

    with pytest.raises(AudioError, match="is open as text; expected a binary file"):
        model.recognize(Text(b""))


def test_what_numpy_takes_for_an_array_is_transcribed(model: SpeechModel, jfk: Path) -> None:
    class Tensor:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return sotto.load_audio(jfk)

    assert model.recognize(Tensor(), **BRIEF) is not None  # type: ignore[arg-type]


# ---- loading -----------------------------------------------------------------------------


def test_a_device_that_is_not_there_is_a_device_error(tiny_en: Path) -> None:
    assert load_model(tiny_en, device="cpu").device == "cpu"
    with pytest.raises(DeviceError, match="device 'cuda': expected cpu"):
        load_model(tiny_en, "cuda")


def test_a_folder_of_bundles_is_looked_into_first(tiny_en: Path, tmp_path: Path) -> None:
    (tmp_path / "whisper-mine").symlink_to(tiny_en)
    assert load_model("mine", download_root=tmp_path).name == "tiny.en"
    assert "mine" in available_models(tmp_path)


def test_the_language_is_detected_in_the_first_half_minute(base: Path, jfk: Path) -> None:
    language, probabilities = load_model(base).detect_language(jfk)
    assert language == "en" == max(probabilities, key=probabilities.__getitem__)
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-3)  # float32, 99 terms


def test_an_english_only_model_says_english(model: SpeechModel, jfk: Path) -> None:
    assert model.detect_language(jfk) == ("en", {"en": 1.0})
