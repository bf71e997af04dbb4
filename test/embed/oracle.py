"""A bundle's text encoder, run by LiteRT's interpreter: the tests' own way from text to vector.

It goes by the manifest alone and shares no code with ``sotto.export``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tokenizers import Tokenizer


class TextOracle:
    """Texts to vectors, one after the other, each in the shortest graph that it fits in."""

    def __init__(self, bundle: Path) -> None:
        self.manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
        self.entry = next(
            one for one in self.manifest["components"] if one["kind"] == "text-encoder"
        )
        self.tokenizer = Tokenizer.from_file(str(bundle / self.entry["tokenizer"]))
        self.tokenizer.enable_truncation(self.entry["max_length"])
        self.tokenizer.no_padding()
        table = self.entry["token_embedding"]
        rows = np.load(bundle / table["file"]).astype(np.float32)
        self.rows = rows * np.load(bundle / table["scales"])[:, None] if "scales" in table else rows
        self.positions = np.load(bundle / self.entry["position_embedding"])
        self.interpreter = Interpreter(str(bundle / "text.tflite"), num_threads=1)
        self.runners = {
            graph["name"]: self.interpreter.get_signature_runner(graph["name"])
            for graph in self.entry["graphs"]
        }

    def ids(self, text: str) -> list[int]:
        """Tokens, special ones included, cut to what the model takes."""
        return list(self.tokenizer.encode(text).ids)

    def encode(self, texts: Sequence[str], normalize: bool = True) -> np.ndarray:
        """``[n, d]``."""
        return np.stack([self.encode_tokens([self.ids(text)], normalize)[0] for text in texts])

    def encode_tokens(
        self, texts: Sequence[Sequence[int]], normalize: bool = True, signature: str | None = None
    ) -> np.ndarray:
        """``[n, d]`` of texts that fit one graph, by default the smallest that takes them."""
        longest = max(map(len, texts))
        name, batch, length = next(
            (graph["name"], batch, length)
            for graph in self.entry["graphs"]
            for batch, length, _ in [graph["inputs"][0]["shape"]]
            if signature in (None, graph["name"]) and length >= longest and batch >= len(texts)
        )
        hidden = np.zeros((batch, length, self.rows.shape[1]), np.float32)
        mask = np.full((batch, 1, 1, length), -1e4, np.float32)
        pool = np.zeros((batch, 1, length), np.float32)
        for row, ids in enumerate(texts):
            n = len(ids)
            hidden[row, :n] = self.rows[list(ids)] + self.positions[:n]
            mask[row, 0, 0, :n] = 0
            if self.entry["pooling"] == "mean":
                pool[row, 0, :n] = 1 / n
            else:
                pool[row, 0, 0] = 1
        runner = self.runners[name]
        vectors = np.array(runner(hidden=hidden, mask=mask, pool=pool)["embedding"])[: len(texts)]
        if not normalize:
            return vectors
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
