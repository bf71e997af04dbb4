"""The formats against openai-whisper's own writers, and read back by other people's parsers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import srt
import webvtt
from hypothesis import given
from made_results import HOSTILE, LETTERS, LINES, TIMES, results

from sotto.asr.formats import FORMATS, Cue, LineOptions, cues
from sotto.asr.formats.times import clock, lyric_clock
from sotto.errors import OptionError

# Made by make_results.py beside this file.
RESULTS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("results.json").read_text()
)
PLAIN = LineOptions()
HOUR = 3600.0


def reference(name: str, result: dict[str, Any], options: LineOptions) -> str:
    """What openai-whisper's writer writes."""
    utils = pytest.importorskip("whisper.utils")
    file = io.StringIO()
    utils.get_writer(name, "").write_result(result, file, **asdict(options))
    return file.getvalue()


def later(result: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The same, spoken so much later."""

    def moved(timed: dict[str, Any]) -> dict[str, Any]:
        return {**timed, "start": timed["start"] + seconds, "end": timed["end"] + seconds}

    segments = [
        moved(segment)
        | ({"words": [moved(word) for word in segment["words"]]} if "words" in segment else {})
        for segment in result["segments"]
    ]
    return {**result, "segments": segments}


LINE_OPTIONS = [
    PLAIN,
    LineOptions(highlight_words=True),
    LineOptions(max_line_width=20),
    LineOptions(max_line_width=42, max_line_count=2),
    LineOptions(max_line_width=3, max_line_count=1),
    LineOptions(max_words_per_line=3),
    LineOptions(max_line_count=1),
    LineOptions(True, 30, 2),
    LineOptions(True, None, None, 4),
]
WHISPERS = ("txt", "vtt", "srt", "tsv", "json")


@pytest.mark.parametrize("options", LINE_OPTIONS, ids=str)
@pytest.mark.parametrize("key", RESULTS)
@pytest.mark.parametrize("name", WHISPERS)
def test_a_real_result_is_written_as_by_openai_whisper(
    name: str, key: str, options: LineOptions
) -> None:
    for result in (RESULTS[key], later(RESULTS[key], HOUR)):
        assert FORMATS[name](result, options) == reference(name, result, options)


@pytest.mark.parametrize("name", WHISPERS)
def test_silence_is_written_as_by_openai_whisper(name: str) -> None:
    silence = {"text": "", "segments": [], "language": "en"}
    assert FORMATS[name](silence, PLAIN) == reference(name, silence, PLAIN)


@given(result=results(LETTERS | HOSTILE, words=False), options=LINES)
def test_any_segments_are_written_as_by_openai_whisper(
    result: dict[str, Any], options: LineOptions
) -> None:
    for name in WHISPERS:
        assert FORMATS[name](result, options) == reference(name, result, options)


@given(result=results(LETTERS | HOSTILE, words=True), options=LINES)
def test_any_words_are_written_as_by_openai_whisper(
    result: dict[str, Any], options: LineOptions
) -> None:
    for name in WHISPERS:
        assert FORMATS[name](result, options) == reference(name, result, options)


def test_a_first_segment_without_words_does_not_cost_the_others() -> None:
    # openai-whisper gives words to a segment that it emptied, asked for or not, and then its
    # own writers fail.
    segments = [
        {"start": 0.0, "end": 0.0, "text": "", "words": []},
        {"start": 0.0, "end": 1.0, "text": " Ask."},
    ]
    result = {"text": "", "segments": segments, "language": "en"}
    assert [cue.text for cue in cues(result, PLAIN)] == ["", "Ask."]


# ---- read back -----------------------------------------------------------------------------


def milliseconds(cue: Cue) -> tuple[int, int, str]:
    return round(cue.start * 1000), round(cue.end * 1000), cue.text


def from_srt(text: str) -> list[tuple[int, int, str]]:
    return [
        (
            round(each.start.total_seconds() * 1000),
            round(each.end.total_seconds() * 1000),
            each.content,
        )
        for each in srt.parse(text)
    ]


def from_vtt(text: str) -> list[tuple[int, int, str]]:
    def time(text: str) -> int:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3_600_000 + int(minutes) * 60_000 + round(float(seconds) * 1000)

    return [(time(each.start), time(each.end), each.text) for each in webvtt.from_string(text)]


READERS: dict[str, Callable[[str], list[tuple[int, int, str]]]] = {"srt": from_srt, "vtt": from_vtt}


@pytest.mark.parametrize("options", [PLAIN, LineOptions(max_line_width=30, max_line_count=2)])
@pytest.mark.parametrize("key", RESULTS)
@pytest.mark.parametrize("name", READERS)
def test_subtitles_are_read_back_as_they_were_cut(
    name: str, key: str, options: LineOptions
) -> None:
    result = later(RESULTS[key], HOUR - 5)
    expected = [milliseconds(cue) for cue in cues(result, options)]
    assert READERS[name](FORMATS[name](result, options)) == expected


@given(result=results(LETTERS.filter(str.strip), words=False))
def test_any_subtitles_are_read_back_as_they_were_cut(result: dict[str, Any]) -> None:
    expected = [milliseconds(cue) for cue in cues(result, PLAIN)]
    assert from_srt(FORMATS["srt"](result, PLAIN)) == expected


def test_json_is_read_back_as_the_result() -> None:
    for result in RESULTS.values():
        assert json.loads(FORMATS["json"](result, PLAIN)) == result


# ---- lyrics --------------------------------------------------------------------------------


def test_lyrics_are_a_time_and_a_text_a_line() -> None:
    # The lines of whisper.cpp's output_lrc, which names itself in the first.
    segments = [
        {"start": 0.0, "end": 7.6, "text": " Ask not"},
        {"start": 61.239, "end": 65.0, "text": " what\nyour"},
        {"start": 6000.0, "end": 6001.0, "text": ""},
    ]
    result = {"text": "", "segments": segments, "language": "en"}
    expected = "[by:sotto]\n[00:00.00]Ask not\n[01:01.24]what your\n[100:00.00]\n"
    assert FORMATS["lrc"](result, PLAIN) == expected


def test_lyrics_with_highlighted_words_have_a_time_a_word() -> None:
    words = [
        {"word": " Ask", "start": 1.0, "end": 1.4, "probability": 1.0},
        {"word": " not,", "start": 1.4, "end": 1.9, "probability": 1.0},
        {"word": " what", "start": 2.5, "end": 3.0, "probability": 1.0},
    ]
    segment = {"start": 1.0, "end": 3.0, "text": " Ask not, what", "words": words}
    result = {"text": "", "segments": [segment], "language": "en"}
    assert FORMATS["lrc"](result, LineOptions(highlight_words=True, max_line_width=8)) == (
        "[by:sotto]\n"
        "[00:01.00]<00:01.00>Ask <00:01.40>not,<00:01.90>\n"
        "[00:02.50]<00:02.50>what<00:03.00>\n"
    )


@given(result=results(LETTERS.filter(str.strip), words=True), options=LINES)
def test_lyrics_hold_every_word_in_its_order(result: dict[str, Any], options: LineOptions) -> None:
    lines = FORMATS["lrc"](result, options).splitlines()[1:]
    assert all(re.match(r"\[\d{2,}:\d\d\.\d\d\]", line) for line in lines)
    text = "".join(re.sub(r"[\[<]\d+:\d\d\.\d\d[>\]]", "", line) for line in lines)
    spoken = "".join(word["word"] for each in result["segments"] for word in each["words"])
    assert text.replace(" ", "") == spoken.replace(" ", "")


# ---- times and options ---------------------------------------------------------------------


@given(seconds=TIMES)
def test_a_time_is_written_as_by_openai_whisper(seconds: float) -> None:
    utils = pytest.importorskip("whisper.utils")
    assert clock(seconds) == utils.format_timestamp(seconds)
    assert clock(seconds, hours=True, marker=",") == utils.format_timestamp(seconds, True, ",")


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "00:00.00"), (59.996, "01:00.00"), (3723.45, "62:03.45"), (6000, "100:00.00")],
)
def test_a_lyrics_time_has_minutes_and_hundredths(seconds: float, written: str) -> None:
    assert lyric_clock(seconds) == written


def test_a_time_before_the_beginning_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 s: expected a time from 0"):
        clock(-1)


@pytest.mark.parametrize("value", [-1, 1.5, "3", True])
@pytest.mark.parametrize("name", ["max_line_width", "max_line_count", "max_words_per_line"])
def test_a_limit_that_is_no_count_is_refused(name: str, value: Any) -> None:
    with pytest.raises(OptionError, match=f"{name} is {value!r}; expected an integer from 1"):
        LineOptions(**{name: value})
