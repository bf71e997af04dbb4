"""Word error rate, of a model's transcripts against one another's or a human's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

WITHOUT_SPACES = ("zh", "ja")
"""Languages that are written without spaces, and so counted by characters."""


def word_error_rate(
    expected: Sequence[str], actual: Sequence[str], languages: Sequence[str | None] = ()
) -> float:
    """Substitutions, insertions and deletions over all texts, by the words expected.

    Case and punctuation do not count; numbers and spellings are not made alike, for which there
    is :func:`human_error_rate`.

    Args:
        expected: texts.
        actual: as many.
        languages: codes of the texts', by which some are counted by characters; none: by words.
    """
    units = [_units(language) for language in languages or [None] * len(expected)]
    return _error_rate(expected, actual, units)


def human_error_rate(
    references: Sequence[str], actual: Sequence[str], languages: Sequence[str | None]
) -> float:
    """The same against human transcripts, which spell and write numbers in their own way.

    Texts are made alike first by Whisper's own normalisers (appendix C of its paper) where
    openai-whisper is installed, which the extra ``convert`` does.
    """
    try:
        from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer
    except ImportError:
        return word_error_rate(references, actual, languages)
    basic, english = BasicTextNormalizer(), EnglishTextNormalizer()
    normalise = [english if language == "en" else basic for language in languages]
    said = [alike(text) for alike, text in zip(normalise, references, strict=True)]
    heard = [alike(text) for alike, text in zip(normalise, actual, strict=True)]
    return word_error_rate(said, heard, languages)


def count_units(texts: Sequence[str], languages: Sequence[str | None]) -> int:
    """Words of texts, or characters where their language is written without spaces."""
    return sum(len(_units(lang)(text)) for text, lang in zip(texts, languages, strict=True))


def _error_rate(
    expected: Sequence[str],
    actual: Sequence[str],
    units: Sequence[Callable[[str], list[str]]],
) -> float:
    errors = count = 0
    for said, heard, cut in zip(expected, actual, units, strict=True):
        reference = cut(said)
        errors += _distance(reference, cut(heard))
        count += len(reference)
    return errors / count if count else 0.0


def _units(language: str | None) -> Callable[[str], list[str]]:
    return _characters if language in WITHOUT_SPACES else _words


def _words(text: str) -> list[str]:
    return re.sub(r"[^\w\s']", " ", text.lower()).split()


def _characters(text: str) -> list[str]:
    return list("".join(_words(text)))


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
