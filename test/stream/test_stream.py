"""Streamed text against the text of the whole recording, and what a stream promises."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from comparison.score import error_rate
from streamed import RATE, Streamed, streamed

from sotto.asr import SpeechModel, Stream, load_model
from sotto.errors import AudioError, BundleError, CancelledError, OptionError

Read = Callable[[str], np.ndarray]

SILENCE = np.zeros(120 * RATE, np.float32)


def repeated_runs(text: str, length: int = 4) -> list[str]:
    """Runs of so many words that follow each other twice: what a bad cut leaves."""
    words = text.lower().split()
    runs = [words[i : i + length] for i in range(len(words) - length + 1)]
    return [" ".join(run) for run, later in zip(runs, runs[length:], strict=False) if run == later]


# ---- what is heard -----------------------------------------------------------------------


# A word error rate against the same model's text of the whole recording, so that only what
# streaming costs is in it. Of the two long ones the model is unsure in places, whole or not; where
# nothing says when somebody speaks, the buffer's end cuts jfk's last sentence, which costs four of
# its 22 words with token rows in int8, and one with exact ones.
@pytest.mark.parametrize(
    ("clip", "detects", "bound"),
    [
        ("jfk", True, 0.05),
        pytest.param("jfk", False, 0.19, marks=pytest.mark.slow),
        ("mr_quilter", False, 0.05),
        pytest.param("libri-1088-134315-0000", True, 0.1, marks=pytest.mark.slow),
        pytest.param("libri-1088-134315-0000", False, 0.1, marks=pytest.mark.slow),
        pytest.param("two_cities", True, 0.1, marks=pytest.mark.slow),
        pytest.param("two_cities", False, 0.1, marks=pytest.mark.slow),
        pytest.param("ted_60", True, 0.15, marks=pytest.mark.slow),
        pytest.param("ted_60", False, 0.15, marks=pytest.mark.slow),
    ],
)
def test_streamed_text_is_nearly_that_of_the_whole_recording(
    base: SpeechModel, vad: Path, samples: Read, clip: str, detects: bool, bound: float
) -> None:
    audio = samples(clip)
    whole = base.recognize(audio, language="en").text
    result = streamed(base, audio, push=0.1, language="en", vad=vad if detects else False)
    assert error_rate([(whole, result.text)], "en") <= bound, result.text
    assert repeated_runs(result.text) == []


# What is decoded is what there is at the end of a push. Up to a block of voice activity detection,
# 512 samples, that makes no difference; above, the text may differ in what is near a pause.
def test_what_is_confirmed_does_not_depend_on_how_little_is_pushed(
    tiny_en: SpeechModel, vad: Path, samples: Read
) -> None:
    audio = samples("mr_quilter")[: 4 * RATE]
    expected = streamed(tiny_en, audio, push=512 / RATE, vad=vad)
    assert len(expected.words) > 5
    for size in (1, 256):
        assert streamed(tiny_en, audio, push=size / RATE, vad=vad).words == expected.words
    larger = streamed(tiny_en, audio, push=1.3, vad=vad)
    assert error_rate([(expected.text, larger.text)], "en") <= 0.2


@pytest.mark.parametrize(
    ("name", "times", "bound"),
    [
        ("mr_quilter", 5, 0.05),
        # Shown the same sentences again and again, the decoder skips some.
        pytest.param("two_cities", 13, 0.2, marks=pytest.mark.slow),
    ],
)
def test_half_a_minute_or_ten_may_come_at_once(
    base: SpeechModel, vad: Path, samples: Read, name: str, times: int, bound: float
) -> None:
    clip = np.concatenate([samples(name), np.zeros(RATE, np.float32)])
    once = base.recognize(clip, language="en").text
    result = streamed(
        base, np.tile(clip, times), push=times * len(clip) / RATE, language="en", vad=vad
    )
    assert error_rate([(" ".join([once] * times), result.text)], "en") <= bound
    assert result.updates[0].buffered <= 9
    assert result.updates[0].utterances >= times


def test_the_language_is_detected_and_kept(base: SpeechModel, vad: Path, samples: Read) -> None:
    result = streamed(base, samples("es_test_clip"), push=0.1, vad=vad)
    assert "grabación" in result.text
    assert result.updates[-1].language == "es"


def test_speech_is_translated(base: SpeechModel, vad: Path, samples: Read) -> None:
    result = streamed(
        base, samples("es_test_clip"), push=0.1, vad=vad, language="Spanish", task="translate"
    )
    assert "recording" in result.text.lower()


def test_integer_samples_are_those_of_their_scale(
    tiny_en: SpeechModel, vad: Path, samples: Read
) -> None:
    audio = samples("mr_quilter")
    integers = (audio * 32767).astype(np.int16)
    expected = streamed(tiny_en, (integers / 32768).astype(np.float32), push=0.5, vad=vad)
    assert streamed(tiny_en, integers, push=0.5, vad=vad).words == expected.words


# ---- silence and memory ------------------------------------------------------------------


def test_two_minutes_of_silence_are_no_text_and_not_held(tiny_en: SpeechModel, vad: Path) -> None:
    result = streamed(tiny_en, SILENCE, push=1, vad=vad)
    assert (result.text, result.updates[-1].utterances) == ("", 0)
    assert all(update.buffered <= 0.9 for update in result.updates)
    assert sum(update.decodings for update in result.updates) == 0


def test_noise_is_no_text(tiny_en: SpeechModel, vad: Path) -> None:
    noise = 0.01 * np.random.default_rng(0).standard_normal(30 * RATE).astype(np.float32)
    assert streamed(tiny_en, noise, push=1, vad=vad).text == ""


def test_no_more_is_held_than_the_buffer(tiny_en: SpeechModel, samples: Read) -> None:
    audio = samples("jfk")
    for seconds in (4.0, 9.0):
        result = streamed(tiny_en, audio, push=0.7, vad=False, max_buffer=seconds)
        assert max(update.buffered for update in result.updates) <= seconds


def test_a_pause_ends_an_utterance_and_confirms_it(
    tiny_en: SpeechModel, vad: Path, samples: Read
) -> None:
    clip = samples("mr_quilter")
    audio = np.concatenate([clip, np.zeros(2 * RATE, np.float32), clip])
    result = streamed(tiny_en, audio, push=0.1, vad=vad)
    ended = [update for update in result.updates if update.utterances == 1]
    assert ended[0].position < (len(clip) / RATE) + 1
    assert ended[0].tentative == []
    assert {word.utterance for word in result.words} == set(range(result.updates[-1].utterances))


# ---- errors ------------------------------------------------------------------------------


def test_a_sample_that_is_no_number_is_refused_and_the_stream_goes_on(
    tiny_en: SpeechModel, vad: Path, samples: Read
) -> None:
    audio = samples("mr_quilter")
    stream = tiny_en.stream(vad=vad)
    result = Streamed()
    result.take(stream.push(audio[:RATE]))
    bad = audio[RATE : 2 * RATE].copy()
    bad[5] = np.nan
    with pytest.raises(AudioError, match=r"sample 5 of 16000 pushed at 1\.0+ s is nan"):
        stream.push(bad)
    result.take(stream.push(audio[RATE:]))
    result.take(stream.finish())
    assert "apostle of the middle classes" in result.text


@pytest.mark.parametrize(
    ("pushed", "said"),
    [
        (np.zeros((2, 100), np.float32), r"\(2, 100\)"),
        (np.zeros(100, np.complex64), "complex64"),
        ([0.0] * 100, "list"),
    ],
)
def test_what_is_no_array_of_samples_is_refused(
    tiny_en: SpeechModel, vad: Path, pushed: object, said: str
) -> None:
    with pytest.raises(AudioError, match=said):
        tiny_en.stream(vad=vad).push(pushed)  # type: ignore[arg-type]


def test_a_finished_stream_takes_no_more(tiny_en: SpeechModel, vad: Path) -> None:
    stream = tiny_en.stream(vad=vad)
    stream.finish()
    with pytest.raises(OptionError, match="finished"):
        stream.push(SILENCE[:100])


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("step", 0.05, r"step 0\.05: expected 0\.1 to 4\.5 seconds"),
        ("step", float("nan"), "step is nan; expected a finite number"),
        ("max_buffer", 3, "max_buffer 3: expected 4 to 29 seconds"),
        ("agreement", 0, "agreement 0: expected 1 to 5"),
        ("agreement", 2.5, r"agreement is 2\.5; expected an integer"),
        ("hold_back", 3.0, "hold_back 3: expected 0 to 2"),
        ("vad_threshold", 1.5, r"vad_threshold 1\.5: expected 0\.01 to 0\.99"),
        ("endpoint_silence", 9.0, "endpoint_silence 9: expected 0.1 to 5"),
        ("min_speech", -1.0, "min_speech -1: expected 0 to 1"),
        ("window", 7, "window 7: the bundle has windows of"),
        ("task", "sing", 'task "sing"'),
        ("language", "fr", 'language "fr".*English only'),
        ("speed", 1, "the options are vad, language, task, step"),
    ],
)
def test_an_option_out_of_range_is_refused_by_name(
    tiny_en: SpeechModel, option: str, value: object, said: str
) -> None:
    with pytest.raises(OptionError, match=said):
        tiny_en.stream(vad=False, **{option: value})


def test_a_buffer_longer_than_the_window_asked_for_is_refused(tiny_en: SpeechModel) -> None:
    with pytest.raises(OptionError, match="max_buffer 20: expected 4 to 10 seconds, the window's"):
        tiny_en.stream(vad=False, window=10, max_buffer=20)


def test_a_detector_that_is_not_there_is_named(tiny_en: SpeechModel, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere"):
        tiny_en.stream(vad=tmp_path / "nowhere")


# ---- use ---------------------------------------------------------------------------------


def test_a_with_statement_finishes_the_stream(
    tiny_en: SpeechModel, vad: Path, samples: Read
) -> None:
    with Stream(tiny_en, vad=vad) as stream:
        first = stream.push(samples("mr_quilter"))
    assert stream.last is not None
    assert "gospel" in first.confirmed_text + stream.last.confirmed_text


def test_streams_share_a_model_from_several_threads(
    tiny_en: SpeechModel, vad: Path, samples: Read
) -> None:
    audio = samples("mr_quilter")
    expected = streamed(tiny_en, audio, push=0.5, vad=vad).text
    texts: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: texts.append(streamed(tiny_en, audio, push=0.5, vad=vad).text)
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == [expected] * 3


def test_a_stream_outlives_the_name_of_its_model(
    bundle: Callable[[str, str], Path], vad: Path, samples: Read
) -> None:
    stream = load_model(bundle("tiny.en", "int8")).stream(vad=vad)
    stream.push(samples("mr_quilter"))
    assert stream.finish().utterances >= 1


def test_a_decoding_that_is_cancelled_can_be_taken_up_again(
    tiny_en: SpeechModel, vad: Path, samples: Read
) -> None:
    stop = [True]
    stream = tiny_en.stream(vad=vad, cancelled=lambda: stop[0])
    audio = samples("mr_quilter")
    with pytest.raises(CancelledError):
        stream.push(audio[: 4 * RATE])
    stop[0] = False
    result = Streamed()
    result.take(stream.push(audio[4 * RATE :]))
    result.take(stream.finish())
    assert "apostle of the middle classes" in result.text
