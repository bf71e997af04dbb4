"""Times as subtitles write them."""

from __future__ import annotations


def clock(seconds: float, *, hours: bool = False, marker: str = ".") -> str:
    """``01:02.345``, with the hours (``01:01:02.345``) if there are some or they are asked for.

    Args:
        seconds: >= 0, rounded to the millisecond.
        hours: written even if 0.
        marker: between seconds and milliseconds.

    Raises:
        ValueError: ``seconds`` is negative.
    """
    minutes, milliseconds = divmod(_units(seconds, 1000), 60_000)
    hour, minute = divmod(minutes, 60)
    shown = f"{hour:02d}:" if hours or hour > 0 else ""
    return f"{shown}{minute:02d}:{milliseconds // 1000:02d}{marker}{milliseconds % 1000:03d}"


def lyric_clock(seconds: float) -> str:
    """``62:03.45``: minutes however many, and hundredths. Raises as `clock` does."""
    minutes, hundredths = divmod(_units(seconds, 100), 6_000)
    return f"{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"


def _units(seconds: float, a_second: int) -> int:
    if seconds < 0:
        raise ValueError(f"{seconds} s: expected a time from 0")
    return round(seconds * a_second)
