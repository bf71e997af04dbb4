"""Formats that have a line, a row or an object a segment."""

from __future__ import annotations

from json import dumps

from sotto.asr.formats.cues import LineOptions, Result


def txt(result: Result, _: LineOptions) -> str:
    """A line a segment."""
    return "".join(segment["text"].strip() + "\n" for segment in result["segments"])


def tsv(result: Result, _: LineOptions) -> str:
    """``start``, ``end`` (whole milliseconds: no decimal point that a locale may read as another)
    and ``text``, between tabs, under a line with these names.
    """
    rows = (
        f"{round(1000 * segment['start'])}\t{round(1000 * segment['end'])}\t"
        + segment["text"].strip().replace("\t", " ")
        for segment in result["segments"]
    )
    return "".join(f"{row}\n" for row in ("start\tend\ttext", *rows))


def json(result: Result, _: LineOptions) -> str:
    """The result itself, in ASCII."""
    return dumps(result)
