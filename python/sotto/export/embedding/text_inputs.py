"""From texts to a text graph's inputs, by the files of a bundle: the host's own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from sotto.bundle import Manifest
from sotto.errors import BundleError
from sotto.export.embedding.sentences import SENTENCES
from sotto.graphs.signatures import Signature

LENGTHS = 8
"""How many lengths of a sample's texts there are, from a graph's own to an eighth of it."""

MASKED = -1e4
"""What the mask holds for padding: finite in fp16."""


@dataclass(frozen=True)
class TextInputs:
    """Tokenizer and tables of a bundle's text encoder.

    Attributes:
        tokens: ``[V, width]`` of fp32, fp16 or int8.
        scales: ``[V]`` fp32, of int8.
        positions: ``[max_length, width]`` fp32.
        entry: of the manifest's ``encoders``: says what is masked and what is pooled.
    """

    tokenizer: Tokenizer
    tokens: np.ndarray
    scales: np.ndarray | None
    positions: np.ndarray
    entry: Manifest

    @classmethod
    def read(cls, directory: Path, entry: Manifest) -> TextInputs:
        """By the ``text`` entry of a manifest's ``encoders``."""
        table: dict[str, Any] = entry["token_embedding"]
        return cls(
            tokenizer=Tokenizer.from_file(str(directory / entry["tokenizer"])),
            tokens=np.load(directory / table["file"], mmap_mode="r"),
            scales=np.load(directory / table["scales"]) if "scales" in table else None,
            positions=np.load(directory / entry["position_embedding"]["file"]),
            entry=entry,
        )

    def sample(self, signature: Signature, start: int = 0) -> list[list[int]]:
        """Token ids of a text for each place of a batch: the first as long as fits.

        Args:
            signature: of the graph.
            start: number of the first text; others are others, of other lengths.
        """
        batch, length, _ = signature.inputs[0].shape
        ids = [
            self._ids(number, max(2, length - number % LENGTHS * length // LENGTHS))
            for number in range(start, start + batch)
        ]
        padded, pad = self.entry.get("pad_to") or 0, self.entry["pad_token"]
        return [[*text, *[pad] * (padded - len(text))] for text in ids]

    def _ids(self, start: int, length: int) -> list[int]:
        """``length`` tokens, special ones included, from a sentence on."""
        turned = SENTENCES[start % len(SENTENCES) :] + SENTENCES[: start % len(SENTENCES)]
        text = " ".join(turned)
        self.tokenizer.enable_truncation(length)
        repeats = 1
        while len(ids := self.tokenizer.encode(text * repeats).ids) < length:
            repeats *= 2
        return list(ids)

    def lay_out(self, ids: Sequence[Sequence[int]], signature: Signature) -> list[np.ndarray]:
        """``hidden``, ``mask`` and ``pool`` of texts that fit the signature."""
        hidden, mask, pool = (np.zeros(spec.shape, np.float32) for spec in signature.inputs)
        mask[:] = MASKED if self.entry["mask_padding"] else 0
        for row, text in enumerate(ids):
            hidden[row, : len(text)] = self._rows(text) + self.positions[: len(text)]
            mask[row, :, :, : len(text)] = 0
            if self.entry["pooling"] == "mean":
                pool[row, :, : len(text)] = 1 / len(text)
            else:
                pool[row, :, self._pooled(text)] = 1
        return [hidden, mask, pool]

    def _pooled(self, ids: Sequence[int]) -> int:
        """Position of the token that the vector is of."""
        match self.entry["pooling"]:
            case "cls":
                return 0
            case "last":
                return len(ids) - 1
            case "eot":
                eot = self.entry["eot_token"]
                return list(ids).index(max(ids) if eot is None else eot)
        raise BundleError(f"pooling is {self.entry['pooling']!r:.60}, which is unknown here")

    def _rows(self, ids: Sequence[int]) -> np.ndarray:
        rows = self.tokens[np.array(ids)].astype(np.float32)
        return rows if self.scales is None else rows * self.scales[np.array(ids), None]
