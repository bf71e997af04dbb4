"""How near a stage's result is to the baseline's, and to what was said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import jiwer
from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

from comparison.clips import Clip
from comparison.first_difference import FirstDifference, first_difference
from comparison.result import StageResult

WITHOUT_SPACES = ("zh", "ja")
"""Languages that are written without spaces, and so scored by characters."""

_english, _basic = EnglishTextNormalizer(), BasicTextNormalizer()


@dataclass(frozen=True)
class Score:
    """One result, scored.

    Attributes:
        difference: from the baseline's tokens; None where they are the same.
        error_rate: of words, or of characters where there are no spaces; None where there
            is nothing to score against.
        against: ``reference`` (a human's transcript) or ``openai-whisper``.
        unit: ``word`` or ``character``.
    """

    difference: FirstDifference | None
    error_rate: float | None
    against: str
    unit: str

    @property
    def same_tokens(self) -> bool:
        """Whether every token is the baseline's."""
        return self.difference is None


def score(clip: Clip, baseline: StageResult, result: StageResult) -> Score:
    """Tokens against the baseline's; text against the clip's reference, else the baseline's."""
    language = clip.language or baseline.language
    expected, against = clip.reference, "reference"
    if expected is None:
        expected, against = baseline.text, baseline.stage
    rate = None
    if result.stage != against:
        rate = error_rate([(expected, result.text)], language)
    difference = first_difference(baseline.windows, baseline.choices, result.windows)
    unit = "character" if language in WITHOUT_SPACES else "word"
    return Score(difference, rate, against, unit)


def error_rate(pairs: Iterable[tuple[str, str]], language: str) -> float:
    """Errors over all (expected, actual) pairs, by the length of what was expected.

    Text is normalised by Whisper's normalisers (appendix C of its paper): words where the
    language has spaces, else characters.
    """
    normalise = _english if language == "en" else _basic
    expected, actual = [], []
    for pair in pairs:
        said, heard = (normalise(text).strip() for text in pair)
        if not said:
            raise ValueError(f"nothing is left of the reference {pair[0]!r}")
        expected.append(said)
        actual.append(heard)
    if language in WITHOUT_SPACES:
        expected, actual = ([text.replace(" ", "") for text in t] for t in (expected, actual))
        return float(jiwer.cer(expected, actual))
    return float(jiwer.wer(expected, actual))


def english_word_error_rate(clips: list[Clip], results: Iterable[StageResult]) -> float | None:
    """Over the English clips that have a reference; None where there is none."""
    said = {c.name: c.reference for c in clips if c.language == "en" and c.reference is not None}
    pairs = [
        (reference, result.text)
        for result in results
        if (reference := said.get(result.clip)) is not None
    ]
    return error_rate(pairs, "en") if pairs else None


def english_words(clips: list[Clip]) -> int:
    """How many words :func:`english_word_error_rate` is over."""
    said = (c.reference for c in clips if c.language == "en" and c.reference is not None)
    return sum(len(_english(reference).split()) for reference in said)
