"""bfloat16 in numpy, which has no such type."""

from __future__ import annotations

import numpy as np


def bfloat16_to_float32(bits: np.ndarray) -> np.ndarray:
    """float32 array of the values whose bfloat16 bit patterns ``bits`` (uint16) holds.

    A bfloat16 is the upper half of a float32, so this is exact.
    """
    widened = bits.astype(np.uint32)
    widened <<= 16
    return widened.view(np.float32)
