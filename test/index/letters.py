"""An encoder that tests can reckon with."""

from __future__ import annotations

import numpy as np

SPACE = "letters@0123456789abcdef"
DIMENSIONS = 27


class Letters:
    """Texts to how often each letter is in them, as an encoder; it counts what it embeds."""

    space = SPACE
    dimensions = DIMENSIONS

    def __init__(self, space: str = SPACE) -> None:
        self.space = space
        self.embedded: list[str] = []

    def encode(self, items: list[str]) -> np.ndarray:
        self.embedded += items
        rows = [[1.0, *(item.lower().count(chr(97 + i)) for i in range(26))] for item in items]
        return np.array(rows, np.float32)
