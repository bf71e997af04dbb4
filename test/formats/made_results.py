"""Results as hypothesis draws them: openai-whisper's dict, with what writers read of it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sotto.asr.formats import LineOptions

# Hours, halves of a millisecond, and the ends of minutes are where rounding shows.
TIMES = st.floats(0, 20_000, allow_nan=False) | st.integers(0, 200_000_000).map(
    lambda half: half / 2000
)

LETTERS = st.text("ab ,.-'日本é", min_size=1, max_size=12)
HOSTILE = st.text(" \t\n->\r<>&:1\u2028日", max_size=12) | st.just(" --> ")


def _words(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    word = st.builds(
        lambda text, start, length: {
            "word": text,
            "start": start,
            "end": start + length,
            "probability": 0.5,
        },
        texts,
        TIMES,
        st.floats(0, 5),
    )
    return st.lists(word, max_size=9)


def results(texts: st.SearchStrategy[str], *, words: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Results of up to four segments, with words or without; some are empty."""
    parts: dict[str, st.SearchStrategy[Any]] = {"start": TIMES, "end": TIMES, "text": texts}
    if words:
        parts["words"] = _words(texts)
    segments = st.lists(st.fixed_dictionaries(parts), max_size=4)
    return segments.map(lambda each: {"text": "", "segments": each, "language": "en"})


LIMITS = st.none() | st.integers(0, 3) | st.integers(1, 40)
LINES = st.builds(LineOptions, st.booleans(), LIMITS, LIMITS, LIMITS)
