"""Where two results of one clip part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from comparison.result import Choice, WindowTokens

NEAR_TIE = 0.01
"""Logits: two float32 evaluations of one graph may choose either of two as near as this."""


@dataclass(frozen=True)
class FirstDifference:
    """Where a stage first left the baseline.

    Attributes:
        window: of those with text, from 0.
        position: of the window's tokens, from 0.
        expected: the baseline's token; None for the end of text.
        actual: the stage's; None likewise.
        choice: the baseline's two best there.
    """

    window: int
    position: int
    expected: int | None
    actual: int | None
    choice: Choice | None

    @property
    def is_near_tie(self) -> bool:
        """Whether the baseline itself could as well have chosen what the other chose."""
        if self.choice is None or self.choice.margin > NEAR_TIE:
            return False
        return self.actual is None or self.actual == self.choice.second

    def describe(self, spell: Callable[[int], str] = str) -> str:
        """In one line; ``spell`` shows a token."""
        names = {None: "end of text"} | {
            token: spell(token) for token in self._tokens() if token is not None
        }
        where = f"window {self.window}, token" if self.window else "token"
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


def first_difference(
    expected: list[WindowTokens], choices: list[list[Choice]], actual: list[WindowTokens]
) -> FirstDifference | None:
    """The first token at which two results of one clip part, or None.

    Args:
        expected: the baseline's windows.
        choices: what its tokens were chosen from, for as many windows as that is known.
        actual: the other's windows.
    """
    nothing = WindowTokens(-1, [])
    pairs = zip_longest(expected, actual, fillvalue=nothing)
    for window, (wanted, found) in enumerate(pairs):
        known = choices[window] if window < len(choices) else []
        for position, (e, a) in enumerate(zip_longest(wanted.tokens, found.tokens)):
            if e != a:
                choice = known[position] if position < len(known) else None
                return FirstDifference(window, position, e, a, choice)
    return None
