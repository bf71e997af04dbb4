"""SubRip and WebVTT."""

from __future__ import annotations

from sotto.asr.formats.cues import LineOptions, Result, cues
from sotto.asr.formats.times import clock


def srt(result: Result, options: LineOptions) -> str:
    """SubRip: numbered cues, hours always, a comma before the milliseconds."""
    blocks = (
        f"{i}\n{clock(start, hours=True, marker=',')} --> {clock(end, hours=True, marker=',')}\n"
        f"{text}\n\n"
        for i, (start, end, text) in enumerate(cues(result, options), start=1)
    )
    return "".join(blocks)


def vtt(result: Result, options: LineOptions) -> str:
    """WebVTT (https://www.w3.org/TR/webvtt1/)."""
    blocks = (
        f"{clock(start)} --> {clock(end)}\n{text}\n\n" for start, end, text in cues(result, options)
    )
    return "WEBVTT\n\n" + "".join(blocks)
