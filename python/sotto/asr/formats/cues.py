"""Segments and words cut into cues of lines: ``SubtitlesWriter`` of ``whisper/utils.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any, NamedTuple, TypeAlias

from sotto.errors import OptionError

Result: TypeAlias = Mapping[str, Any]
"""``text``, ``segments``, ``language``: what openai-whisper's transcribe() returns."""

_LONG_PAUSE = 3.0
"""Seconds without a word that end a cue which may span segments."""

_UNLIMITED = 1000
"""Characters and words a line, where nobody said."""


@dataclass(frozen=True)
class LineOptions:
    """How subtitles with word timestamps are cut; without words, a cue is a segment.

    Attributes:
        highlight_words: a cue a word, which is underlined; in lyrics a time before each word.
        max_line_width: characters a line.
        max_line_count: lines a cue; with ``max_line_width``, cues no longer end with segments.
        max_words_per_line: words a cue at most, where no ``max_line_width`` breaks lines.
    """

    highlight_words: bool = False
    max_line_width: int | None = None
    max_line_count: int | None = None
    max_words_per_line: int | None = None

    def __post_init__(self) -> None:
        """Raises OptionError where a limit is not an integer from 1; 0 is None."""
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < 0:
                raise OptionError(
                    f"{field.name} is {value!r}; expected an integer from 1, or None for no limit"
                )


class Cue(NamedTuple):
    """Text to show from ``start`` to ``end``, in seconds; lines end with a newline character."""

    start: float
    end: float
    text: str


class TimedWord(NamedTuple):
    """A word of a cue, with the spaces around it and the newline it begins a line with."""

    start: float
    end: float
    text: str


def has_words(result: Result) -> bool:
    """Whether it was made with word timestamps."""
    # openai-whisper gives a segment without text an empty list of words, asked for or not.
    segments = result["segments"]
    return bool(segments) and all("words" in segment for segment in segments)


def cues(result: Result, options: LineOptions) -> Iterator[Cue]:
    """Cues in the order of time, as openai-whisper's SRT and VTT writers cut them."""
    if not has_words(result):
        for segment in result["segments"]:
            # An arrow in the text would end the cue's times.
            text = segment["text"].strip().replace("-->", "->")
            yield Cue(segment["start"], segment["end"], text)
        return
    for words in grouped_words(result, options):
        if options.highlight_words:
            yield from _highlighted(words)
        else:
            yield Cue(words[0].start, words[-1].end, "".join(word.text for word in words))


def grouped_words(result: Result, options: LineOptions) -> Iterator[list[TimedWord]]:
    """The words of each cue, broken into lines; none is empty."""
    width = options.max_line_width or _UNLIMITED
    max_lines = options.max_line_count or None
    # Cues with a bound on both sides flow on from segment to segment.
    by_segment = not (options.max_line_width and max_lines)
    cue: list[TimedWord] = []
    line_length, lines = 0, 1
    last = _first_start(result["segments"])
    for first, word in _chunked_words(result["segments"], options.max_words_per_line or None):
        start, end, text = word["start"], word["end"], word["word"]
        pause = not by_segment and start - last > _LONG_PAUSE
        begins_cue = first and bool(cue) and by_segment
        fits = 0 < line_length <= width - len(text)
        if fits and not pause and not begins_cue:
            line_length += len(text)
        else:
            text = text.strip()
            is_full = bool(cue) and max_lines is not None and (pause or lines >= max_lines)
            if is_full or begins_cue:
                yield cue
                cue, lines = [], 1
            elif line_length > 0:
                lines += 1
                text = "\n" + text
            line_length = len(text.strip())
        cue.append(TimedWord(start, end, text))
        last = start
    if cue:
        yield cue


def _first_start(segments: Sequence[Mapping[str, Any]]) -> float:
    starts = (word["start"] for segment in segments for word in segment["words"])
    return next(starts, segments[0]["start"]) or 0.0


def _chunked_words(
    segments: Sequence[Mapping[str, Any]], max_words: int | None
) -> Iterator[tuple[bool, Mapping[str, Any]]]:
    """Each word, and whether it is the first of ``most`` words of its segment."""
    for segment in segments:
        for i, word in enumerate(segment["words"]):
            yield i % (max_words or _UNLIMITED) == 0, word


def _highlighted(words: list[TimedWord]) -> Iterator[Cue]:
    """A cue a word with that word underlined, and the plain text between words."""
    plain = "".join(word.text for word in words)
    last = words[0].start
    for i, (start, end, text) in enumerate(words):
        # Times that are written alike leave no room for a cue.
        if round(last * 1000) != round(start * 1000):
            yield Cue(last, start, plain)
        before, after = words[:i], words[i + 1 :]
        underlined = re.sub(r"^(\s*)(.*)$", r"\1<u>\2</u>", text)
        yield Cue(
            start, end, "".join([w.text for w in before] + [underlined] + [w.text for w in after])
        )
        last = end
