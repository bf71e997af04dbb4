"""sotto.h from ctypes: what it promises beyond the happy path."""

from __future__ import annotations

import ctypes
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from ctypes import (
    POINTER,
    byref,
    c_bool,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int64,
    c_size_t,
    c_void_p,
)
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from comparison.bundles import ensure_bundle, ensure_encoder, ensure_vad_bundle
from comparison.clips import REPOSITORY

import sotto
from sotto._runtime import speech_spans
from sotto.export.recording import packaged_recording
from sotto.preprocess import SAMPLE_RATE, read_audio
from sotto.runtime.locate import find_litert

HEADER = REPOSITORY / "cpp" / "include" / "sotto.h"
RECORDED = REPOSITORY / "cpp" / "abi"
CODES = {"audio": 1, "bundle": 2, "model": 3, "option": 4, "device": 5, "cancelled": 7}
CANCELLED = ctypes.CFUNCTYPE(c_bool, c_void_p)


class LoadOptions(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("threads", c_int),
        ("verify", c_bool),
        ("litert", c_char_p),
        ("weight_cache", c_char_p),
        ("accelerator", c_char_p),
        ("soc", c_char_p),
        ("dispatch", c_char_p),
    )


class TranscribeOptions(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("language", c_char_p),
        ("task", c_char_p),
        ("initial_prompt", c_char_p),
        ("hotwords", c_char_p),
        ("word_timestamps", c_bool),
        ("without_timestamps", c_bool),
        ("condition_on_previous_text", c_bool),
        ("beam_size", c_int),
        ("best_of", c_int),
        ("patience", c_double),
        ("length_penalty", c_double),
        ("temperatures", c_void_p),
        ("temperature_count", c_size_t),
        ("compression_ratio_threshold", c_double),
        ("logprob_threshold", c_double),
        ("no_speech_threshold", c_double),
        ("seed", ctypes.c_uint64),
        ("window", c_int),
        ("vad", c_void_p),
        ("user", c_void_p),
        ("on_segment", c_void_p),
        ("on_language", c_void_p),
        ("on_progress", c_void_p),
        ("cancelled", CANCELLED),
    )


class VadOptions(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("threshold", c_double),
        ("neg_threshold", c_double),
        ("min_speech_duration_ms", c_int),
        ("max_speech_duration_s", c_double),
        ("min_silence_duration_ms", c_int),
        ("speech_pad_ms", c_int),
    )


class Library:
    """The shared library, with errors as exceptions."""

    RESULTS: ClassVar = {
        c_void_p: "bundle_open speech_model_load vad_load session_new transcribe_samples "
        "transcription_segment segment_word stream_new stream_push stream_finish vad_stream_new "
        "encoder_load stream_update_confirmed",
        c_char_p: "error_get_message transcription_text transcription_language word_text version "
        "encoder_accelerator",
        c_size_t: "transcription_segment_count segment_word_count encoder_dimensions "
        "stream_update_confirmed_count",
        c_double: "word_start word_end segment_start segment_end segment_temperature "
        "segment_avg_logprob segment_compression_ratio segment_no_speech_prob",
        c_int64: "segment_seek",
        c_bool: "encode_texts vad_stream_push detect_language encoder_has speech_spans",
    }

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))
        for result, names in self.RESULTS.items():
            for name in names.split():
                getattr(self._library, f"sotto_{name}").restype = result

    def __getattr__(self, name: str):
        function = getattr(self._library, f"sotto_{name}")
        return lambda *arguments: function(*map(self._argument, arguments))

    @staticmethod
    def _argument(value):
        """Handles come back from ctypes as bare integers, which it would pass as 32 bits."""
        return c_void_p(value) if isinstance(value, int) and value > 1 << 31 else value

    def checked(self, name: str, *arguments):
        """What a fallible function gives. Raises RuntimeError with (code, message)."""
        error = c_void_p()
        result = getattr(self, name)(*arguments, byref(error))
        if error:
            fault = (self.error_get_code(error), self.error_get_message(error).decode())
            self.error_free(error)
            raise RuntimeError(fault)
        return result

    def load(self, kind: str, bundle: Path):
        opened = self.checked("bundle_open", str(bundle).encode())
        options = LoadOptions()
        self.load_options_init(byref(options))
        options.litert = str(find_litert()).encode()
        try:
            return self.checked(f"{kind}_load", opened, byref(options))
        finally:
            self.bundle_free(opened)


@pytest.fixture(scope="module")
def c(library: Path) -> Library:
    return Library(library)


@pytest.fixture(scope="module")
def model(c: Library) -> int:
    return c.load("speech_model", ensure_bundle("tiny.en", "int8"))


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return np.ascontiguousarray(read_audio(packaged_recording())[: 6 * SAMPLE_RATE])


def floats(samples: np.ndarray):
    return samples.ctypes.data_as(POINTER(c_float))


def transcribe(c: Library, session: int, samples: np.ndarray, **values) -> int:
    options = TranscribeOptions()
    c.transcribe_options_init(byref(options))
    for name, value in values.items():
        setattr(options, name, value)
    return c.checked(
        "transcribe_samples", session, floats(samples), c_size_t(len(samples)), byref(options)
    )


def text_of(c: Library, model: int, samples: np.ndarray) -> str:
    session = c.checked("session_new", model)
    result = transcribe(c, session, samples)
    text = c.transcription_text(result).decode()
    c.transcription_free(result)
    c.session_free(session)
    return text


def test_the_library_shows_the_recorded_symbols_alone(library: Path) -> None:
    shown = subprocess.run(
        ["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True
    ).stdout
    symbols = sorted(line.split()[-1] for line in shown.splitlines())
    assert symbols == (RECORDED / "symbols.txt").read_text().split(), (
        "sotto.h's functions are other than cpp/abi/symbols.txt records: add new ones there; "
        "programs break without an old one"
    )


def test_the_header_declares_what_the_library_shows() -> None:
    declared = re.findall(r"SOTTO_API [^;]*?\b(sotto_\w+)\(", HEADER.read_text())
    assert sorted(declared) == (RECORDED / "symbols.txt").read_text().split()


def test_structs_are_laid_out_as_recorded(tmp_path: Path) -> None:
    names = re.findall(r"typedef struct (sotto_\w+) \{(.*?)\} \1;", HEADER.read_text(), re.DOTALL)
    lines = []
    for struct, body in names:
        code = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
        for field in re.findall(r"(?:\(\*(\w+)\)\([^;]*\)|(\w+))\s*;", code):
            member = field[0] or field[1]
            lines.append(f'printf("{struct}.{member} %zu\\n", offsetof({struct}, {member}));')
    source = "\n".join(
        ["#include <sotto.h>", "#include <stdio.h>", "int main(void) {", *lines, "return 0; }"]
    )
    (tmp_path / "layout.c").write_text(source)
    program = tmp_path / "layout"
    subprocess.run(["cc", "-I", HEADER.parent, tmp_path / "layout.c", "-o", program], check=True)
    layout = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    recorded = (RECORDED / "layout.txt").read_text()
    assert layout == recorded, (
        "fields moved, or new ones are not recorded in cpp/abi/layout.txt: new ones go to a "
        "struct's end"
    )


def test_threads_share_one_model(c: Library, model: int, speech: np.ndarray) -> None:
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda _: text_of(c, model, speech), range(6)))
    assert set(texts) == {texts[0]}
    expected = sotto.load_model(ensure_bundle("tiny.en", "int8")).transcribe(speech)["text"]
    assert texts[0] == expected


def test_words_have_times(c: Library, model: int, speech: np.ndarray) -> None:
    session = c.checked("session_new", model)
    result = transcribe(c, session, speech, word_timestamps=True)
    segment = c.transcription_segment(result, c_size_t(0))
    words = [c.segment_word(segment, c_size_t(i)) for i in range(c.segment_word_count(segment))]
    assert len(words) > 3
    assert all(0 <= c.word_start(w) <= c.word_end(w) <= 6.1 for w in words)
    assert c.transcription_segment(result, c_size_t(10**6)) is None
    c.transcription_free(result)
    c.session_free(session)


def test_a_callback_cancels(c: Library, model: int, speech: np.ndarray) -> None:
    session = c.checked("session_new", model)
    with pytest.raises(RuntimeError) as caught:
        transcribe(c, session, speech, cancelled=CANCELLED(lambda _: True))
    assert caught.value.args[0][0] == CODES["cancelled"]
    result = transcribe(c, session, speech)  # the session goes on working
    assert c.transcription_text(result)
    c.transcription_free(result)
    c.session_free(session)


def test_a_session_within_its_own_callback_is_refused(
    c: Library, model: int, speech: np.ndarray
) -> None:
    session = c.checked("session_new", model)
    codes = []

    def ask(_: int | None) -> bool:
        try:
            transcribe(c, session, speech)
        except RuntimeError as fault:
            codes.append(fault.args[0][0])
        return True

    with pytest.raises(RuntimeError):
        transcribe(c, session, speech, cancelled=CANCELLED(ask))
    assert codes == [CODES["option"]]
    c.session_free(session)


def test_an_older_programs_options_have_the_defaults_of_what_they_lack(
    c: Library, model: int, speech: np.ndarray
) -> None:
    session = c.checked("session_new", model)
    size = TranscribeOptions.patience.offset
    result = transcribe(c, session, speech, size=size, patience=-5.0, window=12345)
    assert c.transcription_text(result).decode() == text_of(c, model, speech)
    c.transcription_free(result)
    c.session_free(session)


@pytest.mark.parametrize(
    ("values", "code", "word"),
    [
        ({"size": 0}, "option", "_init"),
        ({"language": b"xx"}, "option", "xx"),
        ({"beam_size": -1}, "option", "beam_size"),
        ({"patience": -1.0, "beam_size": 2}, "option", "patience"),
    ],
)
def test_wrong_options_are_named(
    values: dict, code: str, word: str, c: Library, model: int, speech: np.ndarray
) -> None:
    session = c.checked("session_new", model)
    with pytest.raises(RuntimeError) as caught:
        transcribe(c, session, speech, **values)
    assert caught.value.args[0][0] == CODES[code]
    assert word in caught.value.args[0][1]
    c.session_free(session)


def test_missing_handles_are_errors(c: Library, speech: np.ndarray) -> None:
    for name, arguments in {
        "session_new": [None],
        "transcribe_samples": [None, floats(speech), c_size_t(len(speech)), None],
        "stream_new": [None, None, None],
        "speech_model_load": [None, None],
        "bundle_open": [None],
    }.items():
        with pytest.raises(RuntimeError) as caught:
            c.checked(name, *arguments)
        assert caught.value.args[0][0] == CODES["option"], name
    assert c.bundle_open(b"/nowhere", None) is None  # nobody asked for the error


def test_damaged_audio_is_an_error(c: Library, model: int) -> None:
    session = c.checked("session_new", model)
    with pytest.raises(RuntimeError) as caught:
        transcribe(c, session, np.full(SAMPLE_RATE, np.nan, np.float32))
    assert caught.value.args[0][0] == CODES["audio"]
    c.session_free(session)


def test_a_stream_confirms_what_is_said(c: Library, model: int, speech: np.ndarray) -> None:
    stream = c.checked("stream_new", model, None, None)
    words = []
    for start in range(0, len(speech), SAMPLE_RATE):
        block = np.ascontiguousarray(speech[start : start + SAMPLE_RATE])
        words += words_of(c, c.checked("stream_push", stream, floats(block), c_size_t(len(block))))
    words += words_of(c, c.checked("stream_finish", stream))
    assert "".join(words).split()[:4] == text_of(c, model, speech).split()[:4]
    c.stream_free(stream)


def words_of(c: Library, update: int) -> list[str]:
    count = c.stream_update_confirmed_count(update)
    words = [c.stream_update_confirmed(update, c_size_t(i)) for i in range(count)]
    texts = [c.word_text(word).decode() for word in words]
    c.stream_update_free(update)
    return texts


def test_speech_is_told_from_silence(c: Library, speech: np.ndarray) -> None:
    vad = c.load("vad", ensure_vad_bundle())
    stream = c.checked("vad_stream_new", vad)
    c.vad_free(vad)
    highest = []
    for samples in (np.zeros(2 * SAMPLE_RATE, np.float32), speech):
        found = np.zeros(len(samples) // 512 + 1, np.float32)
        written = c_size_t()
        c.checked(
            "vad_stream_push",
            stream,
            floats(samples),
            c_size_t(len(samples)),
            floats(found),
            byref(written),
        )
        highest.append(found[: written.value].max())
    assert highest[0] < 0.2
    assert highest[1] > 0.8
    c.vad_stream_free(stream)


def spans_of(
    c: Library, probabilities: np.ndarray, samples: int, options: VadOptions | None
) -> list[tuple[int, int]]:
    spans = np.zeros((len(probabilities), 2), np.int64)
    written = c_size_t()
    c.checked(
        "speech_spans",
        floats(probabilities),
        c_size_t(len(probabilities)),
        c_int64(samples),
        None if options is None else byref(options),
        spans.ctypes.data_as(c_void_p),
        byref(written),
    )
    return [(int(start), int(end)) for start, end in spans[: written.value]]


def test_spans_of_speech_are_pythons(c: Library) -> None:
    random = np.random.default_rng(0)
    probabilities = np.repeat(random.random(40), 12).astype(np.float32)
    samples = len(probabilities) * 512 - 100
    assert spans_of(c, probabilities, samples, None) == speech_spans(probabilities, samples)
    options = VadOptions()
    c.vad_options_init(byref(options))
    options.min_silence_duration_ms, options.speech_pad_ms = 100, 30
    options.max_speech_duration_s, options.neg_threshold = 1.5, 0.45
    expected = speech_spans(
        probabilities,
        samples,
        min_silence_duration_ms=100,
        speech_pad_ms=30,
        max_speech_duration_s=1.5,
        neg_threshold=0.45,
    )
    assert len(expected) > 3
    assert spans_of(c, probabilities, samples, options) == expected


@pytest.mark.parametrize(
    ("samples", "threshold", "message"),
    [(-1, 0.5, "-1 samples"), (5 * 512 + 1, 0.5, "2561 samples"), (512, 2.0, "threshold 2")],
)
def test_spans_of_what_can_not_be_are_refused(
    c: Library, samples: int, threshold: float, message: str
) -> None:
    options = VadOptions()
    c.vad_options_init(byref(options))
    options.threshold = threshold
    with pytest.raises(RuntimeError, match=message) as caught:
        spans_of(c, np.zeros(5, np.float32), samples, options)
    assert caught.value.args[0][0] == CODES["option"]


def test_a_segment_has_all_that_pythons_has(c: Library, model: int, speech: np.ndarray) -> None:
    session = c.checked("session_new", model)
    result = transcribe(c, session, speech)
    expected = sotto.load_model(ensure_bundle("tiny.en", "int8")).transcribe(speech)["segments"]
    for i, segment in enumerate(expected):
        found = c.transcription_segment(result, c_size_t(i))
        assert c.segment_id(found) == segment["id"]
        for name in (
            *("seek", "start", "end", "temperature"),
            *("avg_logprob", "compression_ratio", "no_speech_prob"),
        ):
            assert getattr(c, f"segment_{name}")(found) == segment[name], name
    assert expected
    c.transcription_free(result)
    c.session_free(session)


def test_texts_have_the_vectors_that_python_gives(c: Library) -> None:
    bundle = ensure_encoder("all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "int8", "")
    encoder = c.load("encoder", bundle)
    assert c.encoder_accelerator(encoder) == b"cpu"
    texts = ["a cat on a mat", "ein Hund", "Überraschung, naïve 日本語"]
    out = np.zeros((len(texts), c.encoder_dimensions(encoder)), np.float32)
    c.checked(
        "encode_texts",
        encoder,
        (c_char_p * len(texts))(*(text.encode() for text in texts)),
        c_size_t(len(texts)),
        None,
        c_bool(True),
        floats(out),
    )
    np.testing.assert_allclose(out, sotto.TextEncoder(bundle).encode(texts), atol=1e-6)
    c.encoder_free(encoder)


def test_a_language_is_detected(c: Library, speech: np.ndarray) -> None:
    model = c.load("speech_model", ensure_bundle("base", "int8"))
    session = c.checked("session_new", model)
    code = ctypes.create_string_buffer(8)
    probability = c_float()
    c.checked(
        "detect_language",
        session,
        floats(speech),
        c_size_t(len(speech)),
        code,
        byref(probability),
    )
    assert code.value == b"en"
    assert probability.value > 0.8
    c.session_free(session)
    c.speech_model_free(model)
