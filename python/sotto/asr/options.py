"""How audio is transcribed: the options of ``sotto::TranscribeOptions`` in C++."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from sotto import _runtime
from sotto.asr.languages import language_code
from sotto.runtime.option_values import (
    flag,
    integer,
    integers,
    limit,
    milliseconds,
    number,
    numbers,
    optional_integer,
    optional_number,
    seed,
    text,
)


@dataclass(frozen=True)
class TranscribeOptions:
    """Options of one transcription: names, defaults and meaning of openai-whisper's.

    The C++ runtime checks them against the model.

    Attributes:
        language: a code such as ``en``, or its English name; None detects it.
        task: ``transcribe``, or ``translate`` into English.
        sample_len: tokens sampled in a window at most; None is half the text context (224).
        best_of: samples drawn above temperature 0.
        beam_size: beams at temperature 0; None is greedy.
        patience: of beam search (arXiv:2204.05424).
        length_penalty: 0 … 1, alpha of Google NMT; None divides by the length.
        prefix: text that each window begins with.
        suppress_tokens: ids never sampled; -1 stands for the symbols that are not speech.
        suppress_blank: no space or end of text at first.
        without_timestamps: text alone.
        max_initial_timestamp: seconds.
        seed: of sampling above temperature 0.
        temperature: one, or several that are tried in turn while a window fails.
        compression_ratio_threshold: above it a window failed: too repetitive.
        logprob_threshold: with an average below it a window failed.
        no_speech_threshold: above it, and unsure of the text, a window is silence.
        condition_on_previous_text: a window's prompt is the text before it.
        initial_prompt: the first window's prompt.
        carry_initial_prompt: ``initial_prompt`` goes before each window's prompt.
        hotwords: words put before each window's prompt.
        word_timestamps: a time for each word; needs a bundle with an alignment graph.
        prepend_punctuations: merged with the next word.
        append_punctuations: merged with the word before.
        clip_timestamps: seconds ``start, end, start, end …`` of what is transcribed.
        hallucination_silence_threshold: seconds; silence longer than this around a likely
            hallucination is skipped. Needs ``word_timestamps``.
        window: seconds of one of the bundle's windows; 0 is the shortest that holds what is
            left of the audio with a margin.
        vad_filter: leave out what holds no speech; needs a bundle of kind vad.
        vad_threshold: probability from which audio is speech.
        vad_neg_threshold: probability below which speech ends; None is 0.15 less.
        vad_min_speech_duration_ms: shorter speech is dropped.
        vad_max_speech_duration_s: longer speech is cut at a silence.
        vad_min_silence_duration_ms: shorter silence does not end speech.
        vad_speech_pad_ms: kept before and after speech.
    """

    language: str | None = None
    task: Literal["transcribe", "translate"] = "transcribe"
    sample_len: int | None = None
    best_of: int | None = None
    beam_size: int | None = None
    patience: float | None = None
    length_penalty: float | None = None
    prefix: str | None = None
    suppress_tokens: str | Sequence[int] | None = "-1"
    suppress_blank: bool = True
    without_timestamps: bool = False
    max_initial_timestamp: float | None = 1.0
    seed: int = 0
    temperature: float | Sequence[float] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    compression_ratio_threshold: float | None = 2.4
    logprob_threshold: float | None = -1.0
    no_speech_threshold: float | None = 0.6
    condition_on_previous_text: bool = True
    initial_prompt: str | None = None
    carry_initial_prompt: bool = False
    hotwords: str | None = None
    word_timestamps: bool = False
    prepend_punctuations: str = "\"'“¿([{-"
    append_punctuations: str = "\"'.。,，!！?？:：”)]}、"  # noqa: RUF001 - not their twins in ASCII
    clip_timestamps: str | Sequence[float] = "0"
    hallucination_silence_threshold: float | None = None
    window: int = 0
    vad_filter: bool = False
    vad_threshold: float = 0.5
    vad_neg_threshold: float | None = None
    vad_min_speech_duration_ms: int = 0
    vad_max_speech_duration_s: float = math.inf
    vad_min_silence_duration_ms: int = 2000
    vad_speech_pad_ms: int = 400

    def to_runtime(self) -> _runtime.TranscribeOptions:
        """The C++ object, without a detector. Raises OptionError where a value has another type."""
        options = _runtime.TranscribeOptions()
        for field in fields(self):
            name = field.name
            if name == "vad_filter":  # the detector itself in C++: the model has it
                flag(name, self.vad_filter)
                continue
            value = _TO_RUNTIME[name](name, getattr(self, name))
            setattr(options, RUNTIME_NAMES.get(name, name), value)
        return options


RUNTIME_NAMES = {"temperature": "temperatures"}
"""Of options that have another name in C++."""


def _automatic(name: str, value: Any) -> float:
    # What C++ calls the threshold that follows from the other.
    return -1.0 if value is None else number(name, value)


def _language(name: str, value: Any) -> str:
    return language_code(text(name, value))


_TO_RUNTIME: dict[str, Callable[[str, Any], Any]] = {
    "language": _language,
    "task": text,
    **dict.fromkeys(("sample_len", "best_of", "beam_size"), optional_integer),
    "window": integer,
    **dict.fromkeys(
        (
            "vad_min_speech_duration_ms",
            "vad_min_silence_duration_ms",
            "vad_speech_pad_ms",
        ),
        milliseconds,
    ),
    "vad_threshold": number,
    "vad_neg_threshold": _automatic,
    "vad_max_speech_duration_s": limit,
    "seed": seed,
    **dict.fromkeys(
        (
            "patience",
            "length_penalty",
            "max_initial_timestamp",
            "compression_ratio_threshold",
            "logprob_threshold",
            "no_speech_threshold",
            "hallucination_silence_threshold",
        ),
        optional_number,
    ),
    **dict.fromkeys(
        (
            "suppress_blank",
            "without_timestamps",
            "condition_on_previous_text",
            "carry_initial_prompt",
            "word_timestamps",
        ),
        flag,
    ),
    **dict.fromkeys(
        ("prefix", "initial_prompt", "hotwords", "prepend_punctuations", "append_punctuations"),
        text,
    ),
    "suppress_tokens": integers,
    "temperature": numbers,
    "clip_timestamps": numbers,
}
