"""Which words of two transcripts differ."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

CONTEXT = 3
"""Words shown before a change, by which a reader finds it."""


@dataclass(frozen=True)
class ChangedWords:
    """One place where two transcripts differ.

    Attributes:
        before: the words before it, which both have; empty at the beginning.
        expected: the first transcript's words; empty where the second has more.
        actual: the second's; empty where it has fewer.
    """

    before: str
    expected: str
    actual: str

    def __str__(self) -> str:
        where = f"after “{self.before}”" if self.before else "at the beginning"
        if not self.expected:
            return f"{where}: “{self.actual}” more"
        if not self.actual:
            return f"{where}: “{self.expected}” is not there"
        return f"{where}: “{self.actual}” for “{self.expected}”"


def changed_words(expected: str, actual: str) -> list[ChangedWords]:
    """The places where ``actual`` has other words than ``expected``, in the text's order."""
    wanted, found = expected.split(), actual.split()
    blocks = SequenceMatcher(None, wanted, found, autojunk=False).get_opcodes()
    return [
        ChangedWords(
            " ".join(wanted[max(0, i - CONTEXT) : i]),
            " ".join(wanted[i:i_end]),
            " ".join(found[j:j_end]),
        )
        for tag, i, i_end, j, j_end in blocks
        if tag != "equal"
    ]
