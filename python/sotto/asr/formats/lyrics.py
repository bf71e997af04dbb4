"""LRC, the format of song lyrics."""

from __future__ import annotations

from collections.abc import Iterator

from sotto.asr.formats.cues import LineOptions, Result, TimedWord, grouped_words, has_words
from sotto.asr.formats.times import lyric_clock


def lrc(result: Result, options: LineOptions) -> str:
    """``[mm:ss.xx]text``: what ``output_lrc`` of whisper.cpp's ``examples/cli/cli.cpp`` writes.

    With words, lines are broken by ``options``. With ``highlight_words`` a time stands before
    each word and one after the last, ``[00:01.00]<00:01.00>Ask <00:01.40>not<00:01.90>``: the
    enhanced LRC of A2 Media Player.
    """
    lines = _word_lines(result, options) if has_words(result) else _segment_lines(result)
    return "[by:sotto]\n" + "".join(f"{line}\n" for line in lines)


def _segment_lines(result: Result) -> Iterator[str]:
    for segment in result["segments"]:
        yield f"[{lyric_clock(segment['start'])}]{_one_line(segment['text'])}"


def _word_lines(result: Result, options: LineOptions) -> Iterator[str]:
    for cue in grouped_words(result, options):
        for words in _lines(cue):
            if options.highlight_words:
                text = "".join(map(_timed, words)).strip() + f"<{lyric_clock(words[-1].end)}>"
            else:
                text = _one_line("".join(word.text for word in words))
            yield f"[{lyric_clock(words[0].start)}]{text}"


def _lines(cue: list[TimedWord]) -> Iterator[list[TimedWord]]:
    line: list[TimedWord] = []
    for word in cue:
        if line and word.text.startswith("\n"):
            yield line
            line = []
        line.append(word)
    yield line


def _timed(word: TimedWord) -> str:
    text = _one_line(word.text)
    spaces = " " if word.text[:1] == " " else ""
    return f"{spaces}<{lyric_clock(word.start)}>{text}"


def _one_line(text: str) -> str:
    """A line break would end the lyric."""
    return " ".join(text.split())
