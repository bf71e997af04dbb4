"""Texts, code and transcripts cut into passages that a model takes whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

TOKENS = 128
"""Of a passage at most: what sentence encoders are trained on; longer ones blur what they say."""

OVERLAP = 24
"""Tokens of the passage before that are said again, so that what lies across a cut is found."""

SPEECH_SECONDS = 30.0
"""Of a passage of a transcript: about a hundred words."""

Offsets = Sequence[tuple[int, int]]
Tokenize = Callable[[list[str]], list[Offsets]]
"""Texts to the places of their tokens: (begin, end) in characters, special tokens left out."""


@dataclass(frozen=True)
class Passage:
    """A piece of a text.

    Attributes:
        text: with its line breaks.
        lines: first and last line, from 1.
    """

    text: str
    lines: tuple[int, int]


class Said(Protocol):
    """A segment of a transcription."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    tokens: int


def passages(
    text: str, tokenize: Tokenize, *, code: bool = False, tokens: int = TOKENS
) -> list[Passage]:
    """Cuts a text at borders of paragraphs where there are any, else of lines, else of words.

    Args:
        text: of a file.
        tokenize: the encoder's own.
        code: paragraphs are then what begins unindented after an empty line.
        tokens: of a passage at most.

    Returns:
        Passages that cover all but white space, in order.
    """
    lines = _measured(text, tokenize, tokens)
    found: list[Passage] = []
    start = 0
    while start < len(lines):
        end = _end(lines, start, tokens, code)
        piece = lines[start:end]
        joined = _joined(piece)
        if joined.strip():
            found.append(Passage(joined, _span(piece)))
        if end == len(lines):
            break
        start = _again(lines, start, end, tokens)
    return found


def _measured(text: str, tokenize: Tokenize, limit: int) -> list[_Line]:
    """The lines with their tokens; one that is too long in several pieces of one number."""
    texts = re.split(r"\r\n|\n|\r", text)
    measured: list[_Line] = []
    for number, (line, offsets) in enumerate(zip(texts, tokenize(texts), strict=True), start=1):
        for first in range(0, max(1, len(offsets)), limit):
            piece = offsets[first : first + limit]
            begin = piece[0][0] if first else 0
            rest = offsets[first + limit : first + limit + 1]
            finish = rest[0][0] if rest else len(line)
            measured.append(_Line(number, line[begin:finish], len(piece)))
    return measured


def _end(lines: list[_Line], start: int, limit: int, code: bool) -> int:
    """Where the passage from ``start`` ends: at the last border that leaves it half full."""
    total, end = 0, start
    while end < len(lines) and (end == start or total + lines[end].tokens <= limit):
        total += lines[end].tokens
        end += 1
    if end == len(lines):
        return end
    for border in range(end, start + 1, -1):
        total -= lines[border].tokens if border < end else 0
        if total < limit // 2:
            break
        if _is_border(lines, border, code):
            return border
    return end


def _is_border(lines: list[_Line], at: int, code: bool) -> bool:
    if lines[at - 1].text.strip() or not lines[at].text.strip():
        return False
    return not code or not lines[at].text[0].isspace()


def _again(lines: list[_Line], start: int, end: int, limit: int) -> int:
    """Where the next passage starts: some lines back, unless a paragraph ended."""
    if not lines[end - 1].text.strip():
        return end
    # What is said again must leave room for the line that follows.
    room = min(OVERLAP, limit - lines[end].tokens)
    begin = end
    while begin - 1 > start and lines[begin - 1].tokens <= room:
        begin -= 1
        room -= lines[begin].tokens
    return begin


def _joined(piece: list[_Line]) -> str:
    text = ""
    for before, line in zip([None, *piece], piece, strict=False):
        text += ("" if before is None or before.number == line.number else "\n") + line.text
    return text.strip("\n")


def _span(piece: list[_Line]) -> tuple[int, int]:
    numbers = [line.number for line in piece if line.text.strip()]
    return numbers[0], numbers[-1]


def spoken_passages(
    segments: Sequence[Said], seconds: float = SPEECH_SECONDS
) -> list[tuple[float, float, str]]:
    """Joins a transcription's segments to passages: (begin, end, text), times in seconds."""
    found: list[tuple[float, float, str]] = []
    held: list[Said] = []
    for segment in segments:
        if held and segment.end - held[0].start > seconds:
            found.append(_said(held))
            held = []
        if segment.text.strip():
            held.append(segment)
    if held:
        found.append(_said(held))
    return found


def _said(segments: list[Said]) -> tuple[float, float, str]:
    text = "".join(segment.text for segment in segments).strip()
    return segments[0].start, segments[-1].end, text
