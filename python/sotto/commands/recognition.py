"""Options of dataclasses on the command line, by openai-whisper's names."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from dataclasses import fields
from enum import Enum
from typing import Annotated, Any

import typer

from sotto.asr import TranscribeOptions
from sotto.asr.formats import LineOptions
from sotto.commands.values import KINDS
from sotto.errors import OptionError


class Task(Enum):
    """What is done with the speech."""

    transcribe = "transcribe"
    translate = "translate"


# Option -> help, by the panel of --help that shows it. A test compares this with the dataclasses.
PANELS = {
    "Speech": {
        "language": "Code or English name, such as fr or French; detected if not given.",
        "task": "translate is into English.",
        "clip_timestamps": "Seconds start,end,start,end,… of what is transcribed; the last end "
        "may be left out.",
        "hotwords": "Words to expect, put before the prompt of every window.",
        "initial_prompt": "Text before the first window: names, spelling, style.",
        "carry_initial_prompt": "Put the initial prompt before every window.",
        "condition_on_previous_text": "Give each window the text before it. Without, texts agree "
        "less from window to window, but a failure is not carried on.",
        "prefix": "Text that every window begins with.",
    },
    "Decoding": {
        "best_of": "Samples drawn above temperature 0.",
        "beam_size": "Beams at temperature 0. None is greedy, several times faster than the 5 of "
        "openai-whisper's command.",
        "patience": "Of beam search (arXiv:2204.05424); None is 1.",
        "length_penalty": "0 to 1, alpha of arXiv:1609.08144; None divides by the length.",
        "suppress_tokens": "Token ids never sampled, between commas; -1 stands for the symbols "
        "that are not speech.",
        "suppress_blank": "Begin no window with a blank.",
        "without_timestamps": "Text alone, a segment a window.",
        "max_initial_timestamp": "Seconds into a window at which its first segment begins, at "
        "most.",
        "sample_len": "Tokens sampled in a window at most; None is half the text context, 224.",
        "seed": "Of sampling: the same seed, the same text.",
        "window": "Seconds of one of the bundle's windows; 0 is the shortest that holds what is "
        "left of the audio.",
    },
    "When a window fails": {
        "temperature": "The first to try; 0 takes the likeliest token.",
        "temperature_increment_on_fallback": "Added after each failure, up to 1; None gives up "
        "after the first.",
        "compression_ratio_threshold": "Above it a text is too repetitive.",
        "logprob_threshold": "Below it, on average, a text is too unsure.",
        "no_speech_threshold": "Above it, and with an unsure text, a window is silence.",
    },
    "Voice activity": {
        "vad_filter": "Leave out what holds no speech: fewer hallucinations, and faster. Needs "
        "the bundle silero-vad.",
        "vad_threshold": "Probability from which audio is speech.",
        "vad_neg_threshold": "Probability below which speech ends; None is 0.15 less.",
        "vad_min_speech_duration_ms": "Shorter speech is dropped.",
        "vad_max_speech_duration_s": "Longer speech is cut at a silence.",
        "vad_min_silence_duration_ms": "Shorter silence does not end speech.",
        "vad_speech_pad_ms": "Kept before and after speech.",
    },
    "Word timestamps": {
        "word_timestamps": "A time for each word; needs a bundle with an alignment graph.",
        "prepend_punctuations": "Merged with the next word.",
        "append_punctuations": "Merged with the word before.",
        "hallucination_silence_threshold": "Seconds: longer silence around a likely "
        "hallucination is skipped.",
    },
    "Subtitles of word timestamps": {
        "highlight_words": "Underline each word as it is spoken; in lrc, time it.",
        "max_line_width": "Characters a line.",
        "max_line_count": "Lines a cue, with --max_line_width.",
        "max_words_per_line": "Words a cue, without --max_line_width.",
    },
}

COMMANDS_OWN = {
    # As openai-whisper's command, and unlike its function: that takes all temperatures.
    "best_of": (5, KINDS["int | None"]),
    "temperature": (0.0, KINDS["float"]),
    "temperature_increment_on_fallback": (0.2, KINDS["float | None"]),
}
"""Default and kind of options that are not as in the dataclass."""


def takes_recognition_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replaces the ``**options`` of a command by one parameter an option of ``PANELS``."""
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    replaced = signature.replace(parameters=[*own, *_parameters()])
    command.__signature__ = replaced  # type: ignore[attr-defined]
    return command


def recognize_keywords(options: dict[str, Any]) -> dict[str, Any]:
    """``SpeechModel.recognize``'s keywords from a command's ``**options``.

    Raises:
        OptionError: the temperature's increment is not above 0.
    """
    keywords = {
        field.name: options[field.name]
        for field in fields(TranscribeOptions)
        if field.name in options
    }
    keywords["task"] = options["task"].value
    keywords["temperature"] = temperatures(
        options["temperature"], options["temperature_increment_on_fallback"]
    )
    # The command's default is for temperatures above 0, and elsewhere an error of the user's.
    draws = any(temperature > 0 for temperature in keywords["temperature"])
    if not draws and keywords["best_of"] == COMMANDS_OWN["best_of"][0]:
        keywords["best_of"] = None
    return keywords


def line_options(options: dict[str, Any]) -> LineOptions:
    """How subtitles are cut, from a command's ``**options``. Raises OptionError."""
    return LineOptions(**{field.name: options[field.name] for field in fields(LineOptions)})


def temperatures(first: float, increment: float | None) -> tuple[float, ...]:
    """0, 0.2, 0.4, 0.6, 0.8, 1 from 0 and 0.2: ``numpy.arange(first, 1 + 1e-6, increment)``.

    Raises:
        OptionError: ``increment`` is not above 0.
    """
    if increment is None:
        return (first,)
    if not 0.001 <= increment < math.inf:
        raise OptionError(
            f"temperature_increment_on_fallback is {increment}; expected a number from 0.001, "
            "or None for no fallback"
        )
    if not 0 <= first <= 1:
        return (first,)  # the runtime says what it may be
    count = math.ceil((1 + 1e-6 - first) / increment)
    return tuple(first + i * increment for i in range(count))


def _parameters() -> Iterator[inspect.Parameter]:
    all_fields = (*fields(TranscribeOptions), *fields(LineOptions))
    as_fields = {
        field.name: (field.default, KINDS[str(field.type)])
        for field in all_fields
        if field.name not in ("task", *COMMANDS_OWN)
    }
    known = {**as_fields, **COMMANDS_OWN}
    for panel, texts in PANELS.items():
        for name, text in texts.items():
            if name == "task":
                option = typer.Option(help=text, rich_help_panel=panel)
                yield _keyword(name, Task.transcribe, Annotated[Task, option])
                continue
            default, kind = known[name]
            option = typer.Option(
                f"--{name}",
                parser=kind.parser,
                metavar=kind.metavar,
                help=text,
                rich_help_panel=panel,
            )
            yield _keyword(name, default, Annotated[Any, option])


def _keyword(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)
