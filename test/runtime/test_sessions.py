"""One set of weights, many threads: no call waits for another, and each can be ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sotto
from sotto import _runtime
from sotto.asr import SpeechModel, load_model
from sotto.asr.options import TranscribeOptions
from sotto.errors import CancelledError, OptionError

BRIEF = {"sample_len": 3, "without_timestamps": True, "temperature": 0.0, "window": 10}

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def bundle_directory(bundle: Callable[[str, str], Path]) -> Path:
    return bundle("tiny.en", "int8")


@pytest.fixture
def model(bundle_directory: Path) -> Iterator[SpeechModel]:
    with load_model(bundle_directory, threads=1, verify=False) as model:
        yield model


@pytest.fixture(scope="module")
def clip(recording: Callable[[str], Path]) -> np.ndarray:
    return sotto.load_audio(recording("jfk.flac"))[: 5 * 16_000]


def at_once(count: int, work: Callable[[int], object]) -> None:
    """work(0), work(1) … on a thread each; raises the first error of them."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


# ---- many threads ------------------------------------------------------------------------


def test_twenty_threads_transcribe_from_one_set_of_weights(
    model: SpeechModel, clip: np.ndarray
) -> None:
    expected = model.recognize(clip, window=10).text
    assert "fellow Americans" in expected
    texts: dict[int, str] = {}
    at_once(20, lambda i: texts.__setitem__(i, model.recognize(clip, window=10).text))
    assert texts == dict.fromkeys(range(20), expected)


def test_threads_get_what_each_asked_for(model: SpeechModel, clip: np.ndarray) -> None:
    texts: dict[int, str] = {}

    def work(number: int) -> None:
        options = {**BRIEF, "sample_len": number + 1}
        texts[number] = model.recognize(clip, **options).text.strip()

    at_once(4, work)
    assert texts == {0: "And", 1: "And so", 2: "And so my", 3: "And so my fellow"}


def test_a_call_does_not_wait_for_one_that_is_at_work(model: SpeechModel, clip: np.ndarray) -> None:
    inside, done = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        inside.set()
        assert done.wait(60)

    thread = threading.Thread(
        target=lambda: model.recognize(clip, on_segment=hold, **BRIEF), daemon=True
    )
    thread.start()
    assert inside.wait(60)
    assert model.recognize(clip, **BRIEF).segments  # while the other one holds its session
    done.set()
    thread.join()


# ---- calls from callbacks ----------------------------------------------------------------


def test_a_callback_may_call_its_own_model(model: SpeechModel, clip: np.ndarray) -> None:
    texts: list[str] = []
    model.recognize(
        clip, on_segment=lambda _: texts.append(model.recognize(clip, **BRIEF).text), **BRIEF
    )
    assert texts == [" And so my"]


def test_two_models_may_call_each_other(
    model: SpeechModel, bundle_directory: Path, clip: np.ndarray
) -> None:
    other = load_model(bundle_directory, threads=1, verify=False)
    texts: list[str] = []

    def from_model(_: object) -> None:
        texts.append(other.recognize(clip, **BRIEF).text)

    def from_other(_: object) -> None:
        texts.append(model.recognize(clip, **BRIEF).text)

    at_once(
        2,
        lambda i: (other, model)[i].recognize(
            clip, on_segment=(from_other, from_model)[i], **BRIEF
        ),
    )
    assert texts == [" And so my"] * 2


def test_a_stream_may_be_pushed_to_in_a_callback(model: SpeechModel, clip: np.ndarray) -> None:
    stream = model.stream(vad=False, step=1.0)
    updates: list[sotto.StreamUpdate] = []
    model.recognize(clip, on_segment=lambda _: updates.append(stream.push(clip)), **BRIEF)
    assert updates[0].decodings >= 1


def test_a_streams_cancelled_may_call_the_model(model: SpeechModel, clip: np.ndarray) -> None:
    texts: list[str] = []

    def cancelled() -> bool:
        if not texts:
            texts.append(model.recognize(clip, **BRIEF).text)
        return False

    model.stream(vad=False, step=1.0, cancelled=cancelled).push(clip)
    assert texts == [" And so my"]


def test_a_stream_that_calls_itself_is_an_option_error(
    model: SpeechModel, clip: np.ndarray
) -> None:
    stream = model.stream(vad=False, step=1.0, cancelled=lambda: bool(stream.push(clip)))
    with pytest.raises(OptionError, match="the stream is at work, and a callback"):
        stream.push(clip)


def test_a_session_that_calls_itself_is_an_option_error(
    model: SpeechModel, clip: np.ndarray
) -> None:
    session = model.runtime.session()

    def call(_: object) -> None:
        session.transcribe(lambda: [clip], TranscribeOptions(**BRIEF).to_runtime())

    with pytest.raises(OptionError, match="this session is at work"):
        session.transcribe(lambda: [clip], TranscribeOptions(**BRIEF).to_runtime(), on_segment=call)


# ---- being ended -------------------------------------------------------------------------


@pytest.mark.parametrize("late", [0, 1, 2, 4, 8, 16])
def test_a_cancelled_call_runs_no_graph_any_more(
    model: SpeechModel, clip: np.ndarray, late: int
) -> None:
    session = model.runtime.session()
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(session.graph_runs)
        return len(asked) > late

    options = TranscribeOptions(word_timestamps=True, window=10, sample_len=8).to_runtime()
    with pytest.raises(CancelledError):
        session.transcribe(lambda: [clip], options, cancelled=cancelled)
    assert len(asked) == late + 1
    assert session.graph_runs == asked[-1]


def test_it_is_asked_between_any_two_graph_runs(model: SpeechModel, clip: np.ndarray) -> None:
    session = model.runtime.session()
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(session.graph_runs)
        return False

    options = TranscribeOptions(
        word_timestamps=True, window=10, sample_len=8, initial_prompt="one two three " * 20
    ).to_runtime()
    session.transcribe(lambda: [clip], options, cancelled=cancelled)
    runs = [*asked, session.graph_runs]
    assert runs[-1] >= 10  # the encoder, the prompt, steps, words
    assert max(after - before for before, after in pairwise(runs)) == 1


def test_a_session_is_cancelled_from_another_thread(model: SpeechModel, clip: np.ndarray) -> None:
    session = model.runtime.session()
    canceller = threading.Thread(target=session.cancel)

    def cancel(_: object) -> None:
        canceller.start()
        canceller.join()

    options = TranscribeOptions(window=10).to_runtime()
    with pytest.raises(CancelledError):
        session.transcribe(lambda: [np.tile(clip, 3)], options, on_segment=cancel)
    assert session.transcribe(lambda: [clip], options).text  # the next call is another one


def test_ctrl_c_ends_a_call_while_others_are_at_work(model: SpeechModel, clip: np.ndarray) -> None:
    inside, done = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        inside.set()
        assert done.wait(60)

    thread = threading.Thread(target=lambda: model.recognize(clip, on_segment=hold, **BRIEF))
    thread.start()
    try:
        assert inside.wait(60)
        with pytest.raises(KeyboardInterrupt):
            model.recognize(clip, on_segment=lambda _: signal.raise_signal(signal.SIGINT))
    finally:
        done.set()
        thread.join()


def test_close_ends_what_is_at_work_and_refuses_what_comes(
    model: SpeechModel, clip: np.ndarray
) -> None:
    with pytest.raises(CancelledError):
        model.recognize(np.tile(clip, 3), on_segment=lambda _: model.close(), **BRIEF)
    with pytest.raises(OptionError, match="the model is closed"):
        model.recognize(clip)
    model.close()
    assert "tiny.en" in repr(model)


def test_a_closed_stream_takes_nothing_in(model: SpeechModel, clip: np.ndarray) -> None:
    with model.stream(vad=False) as stream:
        stream.push(clip)
    with pytest.raises(OptionError, match="the stream is closed"):
        stream.push(clip)
    assert "closed=True" in repr(stream)


def test_a_stream_is_closed_while_another_thread_pushes(
    model: SpeechModel, clip: np.ndarray
) -> None:
    closer = threading.Thread(target=lambda: stream.close())

    def cancelled() -> bool:
        if not closer.ident:
            closer.start()
        closer.join()
        return False

    stream = model.stream(vad=False, step=1.0, cancelled=cancelled)
    with pytest.raises(CancelledError):
        stream.push(clip)


def test_python_gives_the_runtimes_sessions() -> None:
    assert {"transcribe", "cancel", "graph_runs"} <= set(vars(_runtime.SpeechSession))
