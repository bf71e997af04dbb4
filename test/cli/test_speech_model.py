"""The Python interface: what it refuses, and how it behaves among threads and callbacks."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sotto import SottoError
from sotto.asr import Piece, SpeechModel, load_model
from sotto.errors import AudioError, OptionError


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
        model.transcribe(bad_files[kind])
    assert str(caught.value).startswith(f"{bad_files[kind]}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("count", [1, 800, 1599])
def test_less_than_a_tenth_of_a_second_is_refused(model: SpeechModel, count: int) -> None:
    with pytest.raises(AudioError, match=r"s long, expected 0\.100000 s or more of speech"):
        model.transcribe(np.zeros(count, np.float32))


def test_a_tenth_of_a_second_is_transcribed(model: SpeechModel) -> None:
    result = model.transcribe(np.zeros(1600, np.float32), max_tokens=1)
    assert (result.duration, result.window, len(result.pieces)) == (0.1, 10, 1)


def test_nan_after_the_first_window_is_an_error_too(model: SpeechModel) -> None:
    samples = np.zeros(31 * 16_000, np.float32)
    samples[-1] = np.nan
    with pytest.raises(AudioError, match="sample 495999 "):
        model.transcribe(samples, max_tokens=1)


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
        {"max_tokens": -1},
        {"max_tokens": 449},
        {"max_tokens": True},
        {"max_tokens": "3"},
        {"temperature": 0.5},
    ],
    ids=str,
)
def test_an_option_out_of_range_is_an_option_error_that_names_it(
    model: SpeechModel, options: dict[str, object]
) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        model.transcribe(np.zeros(16_000, np.float32), **options)


@pytest.mark.parametrize("threads", [-1, 1025, 2**40, 1.5, "2", None, True])
def test_threads_out_of_range_are_an_option_error(tiny_en: Path, threads: int) -> None:
    with pytest.raises(OptionError, match="threads"):
        load_model(tiny_en, threads=threads)


def test_an_integer_of_numpy_is_an_integer(model: SpeechModel) -> None:
    silence = np.zeros(16_000, np.float32)
    assert len(model.transcribe(silence, max_tokens=np.int64(1)).tokens) <= 1


def test_every_error_is_a_sotto_error(model: SpeechModel) -> None:
    with pytest.raises(SottoError):
        model.transcribe("gone.wav")


def test_after_an_error_the_model_works_as_before(model: SpeechModel, jfk: Path) -> None:
    before = model.transcribe(jfk).text
    with pytest.raises(AudioError):
        model.transcribe("gone.wav")
    assert model.transcribe(jfk).text == before


def test_an_exception_of_the_callback_ends_the_transcription_and_is_raised(
    model: SpeechModel, jfk: Path
) -> None:
    pieces: list[Piece] = []

    def stop(piece: Piece) -> None:
        pieces.append(piece)
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        model.transcribe(jfk, window=10, max_tokens=1, on_piece=stop)
    assert len(pieces) == 1


def test_threads_take_turns_and_get_what_each_asked_for(model: SpeechModel, jfk: Path) -> None:
    texts: dict[int, str] = {}

    def work(tokens: int) -> None:
        texts[tokens] = model.transcribe(jfk, max_tokens=tokens).text

    threads = [threading.Thread(target=work, args=(tokens,)) for tokens in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {1: "And", 2: "And so", 3: "And so my", 4: "And so my fellow"}
