"""A checkpoint's graphs as torch modules over texts, before any conversion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from sotto.export.embedding.text import TextOptions, TextTower, read_text_model
from sotto.export.embedding.text_inputs import TextInputs
from sotto.graphs.bert import TextEncoder, text_signature


class TorchEncoder:
    """The graph of one length and batch, fed as a bundle's host feeds it."""

    def __init__(self, directory: Path, tables: Path, length: int | None = None, batch: int = 1):
        tower = read_text_model(directory, options=TextOptions((), (batch,))).towers[0]
        assert isinstance(tower, TextTower)
        self.tower, self.batch = tower, batch
        self.length = length or tower.longest
        tables.mkdir()
        self.inputs = TextInputs.read(tables, tower.describe(tables, "fp32"))
        width = tower.checkpoint.dims.n_state
        self.signature = text_signature(width, tower.dimensions, self.length, batch)
        self.module = TextEncoder(tower.checkpoint, self.length, batch).eval()

    def ids(self, text: str) -> list[int]:
        """Cut to the longest that the model takes."""
        self.inputs.tokenizer.enable_truncation(self.tower.longest)
        return list(self.inputs.tokenizer.encode(text).ids)

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """``[n, d]``, not normalised; the last batch is filled up with padding alone."""
        ids = [self.ids(text) for text in texts]
        rows = []
        for start in range(0, len(ids), self.batch):
            batch = ids[start : start + self.batch]
            laid_out = self.inputs.lay_out(batch, self.signature)
            vectors = self.module(*(torch.from_numpy(value) for value in laid_out))
            rows.append(vectors.numpy()[: len(batch)])
        return np.concatenate(rows)
