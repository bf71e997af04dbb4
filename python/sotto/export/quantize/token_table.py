"""The token embedding as the host reads it: a row after another, in a bundle's precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sotto.bundle import TokenTable
from sotto.bundle.graph import TableType
from sotto.export.quantize.precision import Precision

TABLE, TABLE_SCALES = "token_embedding.npy", "token_embedding_scales.npy"
"""Their files, where the host has a table of its own."""

TABLES: dict[Precision, TableType] = {
    "fp32": "fp32",
    "fp16": "fp16",
    "int8-weights": "int8",
    "int8": "int8",
    "int4": "int8",
}
"""Of the token table. A row's 8 bits lose little beside those of a layer; 4 would lose much."""


def write_token_table(
    table: np.ndarray, directory: Path, kind: TableType, file: str = TABLE
) -> TokenTable:
    """Writes ``[V, d]`` and, for int8, scales ``[V]``: row = int8 row * scale.

    Returns:
        What the manifest says of it.
    """
    if kind == "int8":
        scales = np.maximum(np.abs(table).max(axis=1) / 127.0, np.finfo(np.float32).tiny)
        scales = scales.astype(np.float32)
        np.save(directory / file, np.round(table / scales[:, None]).astype(np.int8))
        np.save(directory / TABLE_SCALES, scales)
        return TokenTable(file, kind, scales=TABLE_SCALES)
    kept = np.float16 if kind == "fp16" else np.float32
    np.save(directory / file, np.ascontiguousarray(table, dtype=kept))
    return TokenTable(file, kind)
