"""How near a stage's result is to the baseline's, and to what was said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest

import jiwer
from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

from comparison.clips import Clip
from comparison.result import Choice, StageResult

NEAR_TIE = 0.01
"""Logits: two float32 evaluations of one graph may choose either of two as near as this."""

WITHOUT_SPACES = ("zh", "ja")
"""Languages that are written without spaces, and so scored by characters."""

_english, _basic = EnglishTextNormalizer(), BasicTextNormalizer()


@dataclass(frozen=True)
class FirstDifference:
    """Where a stage first left the baseline.

    Attributes:
        piece: of the clip, from 0.
        position: of the sampled tokens in the piece, from 0.
        expected: the baseline's token; None for the end of text.
        actual: the stage's; None likewise.
        choice: the baseline's two best there.
    """

    piece: int
    position: int
    expected: int | None
    actual: int | None
    choice: Choice | None

    @property
    def is_near_tie(self) -> bool:
        """Whether the baseline itself could as well have chosen its second."""
        return self.choice is not None and self.choice.margin <= NEAR_TIE

    def describe(self, spell: Callable[[int], str] = str) -> str:
        """In one line; ``spell`` shows a token."""
        names = {None: "end of text"} | {
            token: spell(token) for token in self._tokens() if token is not None
        }
        where = f"piece {self.piece}, token" if self.piece else "token"
        text = f"{where} {self.position}: {names[self.expected]} → {names[self.actual]}"
        if self.choice is None:
            return text
        best, second = self.choice.best, self.choice.second
        return (
            f"{text}; the baseline's best: {names[best]} {self.choice.best_logit:.3f}, "
            f"{names[second]} {self.choice.second_logit:.3f}"
            + (" (a near tie)" if self.is_near_tie else "")
        )

    def _tokens(self) -> list[int | None]:
        choices = [self.choice.best, self.choice.second] if self.choice else []
        return [self.expected, self.actual, *choices]

    def __str__(self) -> str:
        return self.describe()


def first_difference(baseline: StageResult, other: StageResult) -> FirstDifference | None:
    """The first token at which two results of one clip part, or None."""
    for piece, (expected, actual) in enumerate(zip_longest(baseline.tokens, other.tokens)):
        for position, (e, a) in enumerate(zip_longest(expected or [], actual or [])):
            if e != a:
                choices = baseline.choices[piece] if piece < len(baseline.choices) else []
                choice = choices[position] if position < len(choices) else None
                return FirstDifference(piece, position, e, a, choice)
    return None


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
    unit = "character" if language in WITHOUT_SPACES else "word"
    return Score(first_difference(baseline, result), rate, against, unit)


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
