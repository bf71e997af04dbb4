"""ggml's block formats: 32 neighbouring weights of a row share one scale.

The layouts and the rounding are those of ggml's reference quantisers
(``ggml/src/ggml-common.h``: ``block_q8_0``, ``block_q5_0``; ``ggml/src/ggml-quants.c``:
``quantize_row_q8_0_ref``, ``quantize_row_q5_0_ref``), so that a file is bit for bit what its own
tool writes. Arithmetic is float32, as there.
"""

from __future__ import annotations

import numpy as np

BLOCK = 32
Q8_0 = np.dtype([("scale", "<f2"), ("values", "i1", BLOCK)])
Q5_0 = np.dtype([("scale", "<f2"), ("high_bits", "<u4"), ("low_bits", "u1", BLOCK // 2)])


def quantise_q8_0(weights: np.ndarray) -> np.ndarray:
    """Blocks of signed bytes: ``weight = scale * value``.

    Args:
        weights: float32, its last dimension a multiple of 32.

    Returns:
        :data:`Q8_0` records ``[weights.size / 32]``.

    Raises:
        ValueError: the last dimension is not a multiple of 32.
    """
    rows = _rows(weights)
    scale = np.abs(rows).max(axis=1) / np.float32(127)
    scaled = rows * _inverse(scale)[:, None]
    blocks = np.empty(len(rows), Q8_0)
    blocks["scale"] = scale
    # C's roundf: halves away from zero. In float64, where adding the half is exact.
    blocks["values"] = np.copysign(np.floor(np.abs(scaled.astype(np.float64)) + 0.5), scaled)
    return blocks


def quantise_q5_0(weights: np.ndarray) -> np.ndarray:
    """Blocks of five bits: ``weight = scale * (value - 16)``; the largest weight is value 0.

    Values 0 to 15 of a block are the low, 16 to 31 the high halves of ``low_bits``; the fifth
    bit of value ``i`` is bit ``i`` of ``high_bits``.

    Args:
        weights: float32, its last dimension a multiple of 32.

    Returns:
        :data:`Q5_0` records ``[weights.size / 32]``.

    Raises:
        ValueError: the last dimension is not a multiple of 32.
    """
    rows = _rows(weights)
    largest = np.take_along_axis(rows, np.abs(rows).argmax(axis=1)[:, None], axis=1)[:, 0]
    scale = largest / np.float32(-16)
    scaled = rows * _inverse(scale)[:, None]
    values = np.minimum(31, (scaled + np.float32(16.5)).astype(np.int8)).astype(np.uint8)
    blocks = np.empty(len(rows), Q5_0)
    blocks["scale"] = scale
    first, second = values[:, : BLOCK // 2], values[:, BLOCK // 2 :]
    blocks["low_bits"] = (first & 15) | (second & 15) << 4
    fifth = (values >> 4).astype(np.uint32) << np.arange(BLOCK, dtype=np.uint32)
    blocks["high_bits"] = np.bitwise_or.reduce(fifth, axis=1)
    return blocks


def _rows(weights: np.ndarray) -> np.ndarray:
    if weights.shape[-1] % BLOCK:
        raise ValueError(f"rows of {weights.shape[-1]} weights are not whole blocks of {BLOCK}")
    return weights.reshape(-1, BLOCK)


def _inverse(scale: np.ndarray) -> np.ndarray:
    return np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
