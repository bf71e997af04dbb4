"""From texts to a text graph's inputs, by the files of a bundle: the host's own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from sotto.bundle import Embedder, Signature, TextEncoder
from sotto.errors import BundleError
from sotto.export.embedding.sentences import SENTENCES

LENGTHS = 8
"""How many lengths of a sample's texts there are, from a graph's own to an eighth of it."""

MASKED = -1e4
"""What the mask holds for padding: finite in fp16."""


def text_component(component: Embedder) -> TextEncoder:
    """A component that is known to be of text."""
    assert isinstance(component, TextEncoder)
    return component


@dataclass(frozen=True)
class TextInputs:
    """Tokenizer and tables of a bundle's text encoder.

    Attributes:
        tokens: ``[V, width]`` of fp32, fp16 or int8.
        scales: ``[V]`` fp32, of int8.
        positions: ``[max_length, width]`` fp32.
        component: says what is masked and what is pooled.
    """

    tokenizer: Tokenizer
    tokens: np.ndarray
    scales: np.ndarray | None
    positions: np.ndarray
    component: TextEncoder

    @classmethod
    def read(cls, directory: Path, component: TextEncoder) -> TextInputs:
        """Those of a bundle's component."""
        table = component.token_embedding
        tokenizer = Tokenizer.from_file(str(directory / component.tokenizer))
        tokenizer.no_padding()  # what the file says of it is of the checkpoint's last run
        return cls(
            tokenizer=tokenizer,
            tokens=np.load(directory / table.file, mmap_mode="r"),
            scales=np.load(directory / table.scales) if table.scales else None,
            positions=np.load(directory / component.position_embedding),
            component=component,
        )

    def sample(self, signature: Signature, start: int = 0) -> list[list[int]]:
        """Token ids of a text for each place of a batch: the first as long as fits.

        Args:
            signature: of the graph.
            start: number of the first text; others are others, of other lengths.
        """
        length = self._length(signature)
        return self._padded(
            [
                self._ids(number, max(2, length - number % LENGTHS * length // LENGTHS))
                for number in range(start, start + signature.inputs[0].shape[0])
            ]
        )

    def ids(self, texts: Sequence[str], signature: Signature) -> list[list[int]]:
        """Token ids of texts, with the default prompt, cut to what a signature holds."""
        before = self.component.prompts.get(self.component.default_prompt or "", "")
        self.tokenizer.enable_truncation(self._length(signature))
        return self._padded([self.tokenizer.encode(before + text).ids for text in texts])

    def _length(self, signature: Signature) -> int:
        """Tokens that a text of a signature may have."""
        return min(signature.inputs[0].shape[1], self.component.max_length)

    def _padded(self, ids: list[list[int]]) -> list[list[int]]:
        padded = self.component.max_length if self.component.padded else 0
        pad = self.component.pad_token
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
        mask[:] = self.component.masked or 0
        for row, text in enumerate(ids):
            hidden[row, : len(text)] = self._rows(text) + self.positions[: len(text)]
            mask[row, :, :, : len(text)] = 0
            if self.component.pooling == "mean":
                pool[row, :, : len(text)] = 1 / len(text)
            else:
                pool[row, :, self._pooled(text)] = 1
        return [hidden, mask, pool]

    def _pooled(self, ids: Sequence[int]) -> int:
        """Position of the token that the vector is of."""
        match self.component.pooling:
            case "cls":
                return 0
            case "last":
                return len(ids) - 1
            case "eot":
                eot = self.component.eot_token
                return list(ids).index(max(ids) if eot is None else eot)
        raise BundleError(f"pooling is {self.component.pooling!r:.60}, which is unknown here")

    def _rows(self, ids: Sequence[int]) -> np.ndarray:
        rows = self.tokens[np.array(ids)].astype(np.float32)
        return rows if self.scales is None else rows * self.scales[np.array(ids), None]
