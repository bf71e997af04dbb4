"""Word error rate, for comparing a model's own transcripts with one another."""

from __future__ import annotations

import re
from collections.abc import Sequence


def word_error_rate(expected: Sequence[str], actual: Sequence[str]) -> float:
    """Substitutions, insertions and deletions over all texts, by the words expected.

    Case and punctuation do not count; numbers and spellings are not made alike, for which there
    is openai-whisper's normaliser.
    """
    errors = words = 0
    for said, heard in zip(expected, actual, strict=True):
        reference = _words(said)
        errors += _distance(reference, _words(heard))
        words += len(reference)
    return errors / words if words else 0.0


def _words(text: str) -> list[str]:
    return re.sub(r"[^\w\s']", " ", text.lower()).split()


def _distance(a: list[str], b: list[str]) -> int:
    """Levenshtein's, in the memory of one row."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            diagonal, row[j] = (
                row[j],
                min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right)),
            )
    return row[-1]
