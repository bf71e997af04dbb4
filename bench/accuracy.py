"""Word error rate: one worker a contender hears all English clips once; nothing is timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import jiwer


@cache
def _normaliser() -> Callable[[str], str]:
    # Late: its package imports torch, which the harness has no use for before.
    from whisper.normalizers import EnglishTextNormalizer

    normalise: Callable[[str], str] = EnglishTextNormalizer()
    return normalise


@dataclass(frozen=True)
class Errors:
    """Word errors over some recordings.

    Attributes:
        errors: substitutions, deletions and insertions.
        words: of the references.
        recordings: how many had one.
    """

    errors: int
    words: int
    recordings: int

    @property
    def rate(self) -> float:
        """Errors a word; of no words, 0."""
        return self.errors / self.words if self.words else 0.0


def word_errors(expected: dict[str, str], heard: dict[str, str]) -> Errors:
    """Errors over all recordings together: long ones weigh more.

    Text is normalised by Whisper's English normaliser (appendix C of its paper).

    Args:
        expected: text by recording.
        heard: the same; recordings that are not in ``expected`` are passed over. One that is
            missing here counts as heard as nothing.

    Raises:
        ValueError: nothing is left of a reference.
    """
    normalise = _normaliser()
    errors = words = 0
    for name, reference in expected.items():
        said = normalise(reference).strip()
        if not said:
            raise ValueError(f"nothing is left of the reference {reference!r}")
        found = jiwer.process_words(said, normalise(heard.get(name, "")).strip())
        errors += found.substitutions + found.deletions + found.insertions
        words += found.substitutions + found.deletions + found.hits
    return Errors(errors, words, len(expected))
