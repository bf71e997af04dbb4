"""A value that an option can't have: an error that names the option, the value and the range."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sotto.asr import SpeechModel
from sotto.errors import OptionError

SECOND = np.zeros(16_000, np.float32)

WORDS = {"word_timestamps": True}

VAD = {"vad_filter": True}

INVALID: list[tuple[str, Any, str, dict[str, Any]]] = [
    # option, value, a part of what the message says it may be, other options
    ("language", "xx", "en", {}),
    ("language", "Klingon", "en", {}),
    ("language", 5, "string", {}),
    ("task", "summarise", "translate", {}),
    ("sample_len", -1, "0", {}),
    ("sample_len", 10_000, "448", {}),
    ("sample_len", 2.5, "integer", {}),
    ("sample_len", True, "integer", {}),
    ("best_of", -1, "0", {}),
    ("best_of", 1_000_000, "0", {}),
    ("beam_size", -5, "0", {}),
    ("beam_size", 1_000_000, "0", {}),
    ("beam_size", "many", "integer", {}),
    ("patience", 1.0, "beam_size", {}),
    ("patience", 0.0, "0", {"beam_size": 5}),
    ("patience", -1.0, "0", {"beam_size": 5}),
    ("patience", math.nan, "number", {"beam_size": 5}),
    ("length_penalty", 1.5, "1", {"beam_size": 5}),
    ("length_penalty", -0.5, "0", {"beam_size": 5}),
    ("prefix", 5, "string", {}),
    ("suppress_tokens", "1,a", "integers", {}),
    ("suppress_tokens", [99_999_999], "0", {}),
    ("suppress_tokens", [-2], "-1", {}),
    ("suppress_blank", "yes", "True", {}),
    ("without_timestamps", 1, "True", {}),
    ("max_initial_timestamp", -1.0, "0", {}),
    ("seed", -1, "0", {}),
    ("temperature", -0.5, "0", {}),
    ("temperature", (0.0, math.inf), "finite", {}),
    ("temperature", (0.0, 1.5), "1", {}),
    ("temperature", [], "one or more numbers", {}),
    ("temperature", "hot", "numbers", {}),
    ("compression_ratio_threshold", "x", "number", {}),
    ("logprob_threshold", math.nan, "number", {}),
    ("no_speech_threshold", "high", "number", {}),
    ("condition_on_previous_text", None, "True", {}),
    ("initial_prompt", b"bytes", "string", {}),
    ("initial_prompt", "\ud800", "Unicode", {}),
    ("carry_initial_prompt", "False", "True", {}),
    ("hotwords", 7, "string", {}),
    ("word_timestamps", "True", "True", {}),
    ("prepend_punctuations", 1, "string", {}),
    ("append_punctuations", 0, "string", {}),
    ("clip_timestamps", "0,a", "numbers", {}),
    ("clip_timestamps", [-1.0, 2.0], "0", {}),
    ("clip_timestamps", [5.0, 2.0], "5", {}),
    ("clip_timestamps", [math.nan, 2.0], "finite", {}),
    ("hallucination_silence_threshold", -1.0, "0", WORDS),
    ("hallucination_silence_threshold", 2.0, "word_timestamps", {}),
    ("vad_filter", "on", "True", {}),
    ("vad_threshold", 1.5, "1", VAD),
    ("vad_neg_threshold", 0.9, "0.5", VAD),
    ("vad_min_speech_duration_ms", -1, "0", VAD),
    ("vad_max_speech_duration_s", 0.1, "0.832", VAD),
    ("vad_min_silence_duration_ms", -1, "0", VAD),
    ("vad_speech_pad_ms", -1, "0", VAD),
    ("window", 7, "10", {}),
    ("window", -10, "10", {}),
]


@pytest.mark.parametrize(
    ("name", "value", "allowed", "others"),
    INVALID,
    ids=[f"{name}={str(value)[:12]!r}" for name, value, *_ in INVALID],
)
def test_the_error_names_the_option_the_value_and_what_it_may_be(
    speech: Callable[[str, str], SpeechModel],
    name: str,
    value: Any,
    allowed: str,
    others: dict[str, Any],
) -> None:
    with pytest.raises(OptionError) as caught:
        speech("base", "int8").recognize(SECOND, **{**others, name: value})
    message = str(caught.value)
    assert name in message
    assert _shown(value) in message
    assert allowed in message


WRONG_OF: dict[tuple[float, ...], float] = {
    (0.0, 1.5): 1.5,
    (0.0, math.inf): math.inf,
    (5.0, 2.0): 2.0,
}
"""Of a list the number that is wrong, where it is not the first."""


def _shown(value: Any) -> str:
    """How the message shows the value: the number in it that is wrong, or what was written."""
    if value == []:
        return ""
    if isinstance(value, list | tuple):
        value = WRONG_OF.get(tuple(value), value[0])
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    return str(value) if isinstance(value, str) and value.isprintable() else repr(value)


def test_a_carried_prompt_that_leaves_no_room_is_refused(
    speech: Callable[[str, str], SpeechModel],
) -> None:
    options = {"initial_prompt": "word " * 400, "carry_initial_prompt": True}
    with pytest.raises(OptionError, match=r"initial_prompt has 400 tokens: expected 0 to 223"):
        speech("base", "int8").recognize(SECOND, **options)


def test_an_english_model_refuses_another_language(
    speech: Callable[[str, str], SpeechModel],
) -> None:
    for options in ({"language": "fr"}, {"task": "translate"}):
        with pytest.raises(OptionError, match=r"tiny\.en.*English"):
            speech("tiny.en", "int8").recognize(SECOND, **options)


def test_an_unknown_option_is_named_with_those_that_there_are(
    speech: Callable[[str, str], SpeechModel],
) -> None:
    with pytest.raises(OptionError, match=r"beam_width.*beam_size"):
        speech("base", "int8").recognize(SECOND, beam_width=5)
