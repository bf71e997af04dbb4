"""Code written for openai-whisper, run with ``import sotto as whisper``."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sotto as whisper
from sotto.asr import SpeechModel
from sotto.errors import OptionError

# What whisper/transcribe.py makes, in its order.
RESULT = ["text", "segments", "language"]
SEGMENT = [
    *("id", "seek", "start", "end", "text", "tokens", "temperature"),
    *("avg_logprob", "compression_ratio", "no_speech_prob"),
]
WORD = ["word", "start", "end", "probability"]


@pytest.fixture(scope="module")
def model(base: Path) -> SpeechModel:
    return whisper.load_model(str(base), device="cpu")


@pytest.fixture(scope="module")
def brief(jfk: Path) -> np.ndarray:
    """Its first four seconds, a window of ten."""
    return whisper.load_audio(jfk)[: 4 * 16_000]


def types(value: Any) -> set[type]:
    """Of a value and of all that it holds."""
    inside = value.values() if isinstance(value, dict) else value if type(value) is list else []
    return {type(value)}.union(*map(types, inside))


def test_the_readmes_example_runs(model: SpeechModel, jfk: Path, base: Path) -> None:
    audio = whisper.load_audio(str(jfk))
    assert model.transcribe(audio, fp16=False)["text"] == model.transcribe(str(jfk))["text"]
    assert (model.device, model.is_multilingual) == ("cpu", True)


def test_the_result_has_openai_whispers_keys_and_plain_values(
    model: SpeechModel, jfk: Path
) -> None:
    result = model.transcribe(jfk)
    assert list(result) == RESULT
    assert result["segments"]
    for segment in result["segments"]:
        assert list(segment) == SEGMENT
    assert types(result) == {dict, list, str, int, float}
    assert json.loads(json.dumps(result)) == result


def test_with_word_timestamps_each_segment_has_words(model: SpeechModel, jfk: Path) -> None:
    result = model.transcribe(jfk, word_timestamps=True)
    for segment in result["segments"]:
        assert list(segment) == [*SEGMENT, "words"]
        assert "".join(word["word"] for word in segment["words"]) == segment["text"]
        assert [list(word) for word in segment["words"]] == [WORD] * len(segment["words"])
    assert types(result) == {dict, list, str, int, float}


@pytest.mark.parametrize("temperature", [0.2, (0.2,), [0.2]])
def test_a_temperature_is_given_back_as_it_was_asked_for(
    model: SpeechModel, brief: np.ndarray, temperature: Any
) -> None:
    result = model.transcribe(brief, temperature=temperature, sample_len=5)
    assert {segment["temperature"] for segment in result["segments"]} <= {0.2}


@pytest.mark.parametrize("language", ["de", "DE", "german", "German", "GERMAN"])
def test_a_language_is_a_code_or_a_name(
    model: SpeechModel, brief: np.ndarray, language: str
) -> None:
    assert model.transcribe(brief, language=language, sample_len=1)["language"] == "de"


@pytest.mark.parametrize("name", ["klingon", "xx", "deutsch", "en\n"])
def test_an_unknown_language_is_named(model: SpeechModel, brief: np.ndarray, name: str) -> None:
    with pytest.raises(OptionError, match=re.escape(f"language is {name!r}; expected")):
        model.transcribe(brief, language=name)


@pytest.mark.parametrize("tokens", ["-1", "", None, [], [-1], (1, 2), "1,2"])
def test_suppressed_tokens_may_be_a_string_or_a_list(
    model: SpeechModel, brief: np.ndarray, tokens: Any
) -> None:
    assert model.transcribe(brief, suppress_tokens=tokens, sample_len=3)["language"] == "en"


@pytest.mark.parametrize("clips", ["0", "", "0,5", [0, 5], (0.0, 5.0, 7), [5.0]])
def test_clips_may_be_a_string_or_a_list(model: SpeechModel, jfk: Path, clips: Any) -> None:
    assert model.transcribe(jfk, clip_timestamps=clips, sample_len=3)["language"] == "en"


def test_a_prompt_has_no_effect_and_says_so(model: SpeechModel, jfk: Path) -> None:
    with pytest.warns(UserWarning, match="prompt has no effect here; initial_prompt"):
        result = model.transcribe(jfk, prompt="Ask not", sample_len=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.transcribe(jfk, sample_len=5) == result


# ---- verbose -----------------------------------------------------------------------------


def test_verbose_prints_each_segments_line(
    model: SpeechModel, jfk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formats = pytest.importorskip("whisper.utils")
    result = model.transcribe(jfk, verbose=True)
    time = formats.format_timestamp
    lines = [
        f"[{time(each['start'])} --> {time(each['end'])}] {each['text']}"
        for each in result["segments"]
    ]
    assert capsys.readouterr().out.splitlines() == ["Detected language: English", *lines]
    model.transcribe(jfk, verbose=True, language="en", sample_len=3)
    assert "language" not in capsys.readouterr().out


@pytest.mark.parametrize("verbose", [None, False])
def test_otherwise_no_segment_is_printed(
    model: SpeechModel, brief: np.ndarray, verbose: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    model.transcribe(brief, verbose=verbose, sample_len=3)
    shown = capsys.readouterr()
    assert shown.out == ("" if verbose is None else "Detected language: English\n")
    assert "-->" not in shown.err


def test_callbacks_are_called_beside_what_is_shown(
    model: SpeechModel, jfk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    segments: list[object] = []
    languages: list[str] = []
    result = model.transcribe(
        jfk, verbose=True, on_language=languages.append, on_segment=segments.append
    )
    shown = capsys.readouterr().out
    assert len(segments) == len(result["segments"]) == shown.count(" --> ")
    assert len(languages) == shown.count("Detected language") == 1


def test_verbose_is_a_truth_value(model: SpeechModel, jfk: Path) -> None:
    with pytest.raises(OptionError, match="verbose is 'True'; expected True or False"):
        model.transcribe(jfk, verbose="True")  # type: ignore[arg-type]
