"""Text encoders for :mod:`sotto.export.embedding.bundle`: BERT, RoBERTa, DistilBERT and MPNet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

from sotto.bundle import Embedder, Embedding, Signature
from sotto.bundle import components as bundle_components
from sotto.checkpoints.encoder import EncoderCheckpoint
from sotto.checkpoints.encoder_load import load_encoder
from sotto.checkpoints.encoder_weights import with_safetensors
from sotto.checkpoints.hub import bundle_source
from sotto.errors import CheckpointError, OptionError
from sotto.export.embedding.bundle import EmbeddingSource
from sotto.export.embedding.text_inputs import MASKED, TextInputs, text_component
from sotto.export.embedding.text_tokenizer import read_tokenizer
from sotto.export.quantize.precision import Precision
from sotto.export.quantize.token_table import TABLES, write_token_table
from sotto.graphs.bert import TextEncoder, text_signature

TOKENIZER, POSITIONS = "tokenizer.json", "position_embedding.npy"

LENGTHS = (16, 24)
"""Tokens of the smallest graphs, whose doubles follow: a text's time grows with the length of its
graph, which so is never more than half as long again as another's."""

MIN_LENGTH = 2
"""Of a graph: an empty text's."""

BATCHES = (1, 8)

BATCHED_TOKENS = 512
"""Of a graph that takes several texts. On a CPU eight texts of MiniLM at once take less time than
one by one up to 32 tokens each, and more beyond 64 (bench/text_batches.py)."""


@dataclass(frozen=True)
class TextOptions:
    """What graphs a text encoder gets.

    Attributes:
        lengths: tokens of the graphs; a text takes the shortest that it fits in. None: 16, 24 and
            their doubles up to the longest text, and that.
        batches: texts that a graph takes at once.
        tokens: at most, of a graph that takes several; None: any number.
    """

    lengths: tuple[int, ...] | None = None
    batches: tuple[int, ...] = BATCHES
    tokens: int | None = BATCHED_TOKENS

    def buckets(self, longest: int) -> list[int]:
        """The lengths in order, the last one ``longest``. Raises OptionError."""
        lengths = self.lengths
        if lengths is None:
            doubles = [length << n for n in range(20) for length in LENGTHS]
            lengths = tuple(length for length in doubles if length < longest)
        for name, values, minimum, maximum in (
            ("lengths", lengths, MIN_LENGTH, longest),
            ("batches", self.batches, 1, 1024),
        ):
            if not all(minimum <= value <= maximum for value in values):
                raise OptionError(f"{name} {values}: expected {minimum} to {maximum} each")
        if not self.batches:
            raise OptionError("batches: expected one at least")
        return sorted({*lengths, longest})

    def shapes(self, longest: int) -> list[tuple[int, int]]:
        """Length and batch of each graph, ascending. Raises OptionError."""
        return [
            (length, batch)
            for length in self.buckets(longest)
            for batch in sorted(set(self.batches))
            if self.tokens is None or batch == min(self.batches) or length * batch <= self.tokens
        ]


def read_text_model(
    directory: Path, name: str | None = None, options: TextOptions | None = None
) -> EmbeddingSource:
    """Reads a text encoder's checkpoint with its tokenizer.

    Raises:
        CheckpointError: a file is missing, damaged, or of another model.
        OptionError: a length or a batch is out of range.
    """
    checkpoint = load_encoder(directory, name)
    tokenizer, longest = read_tokenizer(checkpoint)
    shapes = (options or TextOptions()).shapes(longest)
    tower = TextTower(checkpoint, tokenizer, longest, shapes)
    return EmbeddingSource(
        name=checkpoint.name,
        family=checkpoint.family,
        source=bundle_source(checkpoint.source, checkpoint.format, checkpoint.sha256),
        dimensions=tower.dimensions,
        embedding=Embedding(normalize=checkpoint.pipeline.normalize),
        towers=[tower],
    )


@dataclass(frozen=True, eq=False)
class TextTower:
    """A text encoder as :class:`sotto.export.embedding.bundle.Tower` has it.

    Attributes:
        checkpoint: weights and what follows them.
        tokenizer: neither truncates nor pads.
        longest: tokens that a text may have.
        shapes: length and batch of each graph, ascending.
    """

    checkpoint: EncoderCheckpoint
    tokenizer: Tokenizer
    longest: int
    shapes: Sequence[tuple[int, int]]
    modality: str = "text"

    @property
    def dimensions(self) -> int:
        """Of the vectors."""
        dense = self.checkpoint.pipeline.dense
        return dense[-1].dimensions if dense else self.checkpoint.dims.n_state

    def graphs(self) -> list[tuple[Signature, Callable[[], nn.Module]]]:
        """A graph for each length and batch, ascending."""
        width = self.checkpoint.dims.n_state
        return [
            (
                text_signature(width, self.dimensions, length, batch),
                partial(TextEncoder, self.checkpoint, length, batch),
            )
            for length, batch in self.shapes
        ]

    def describe(self, directory: Path, precision: Precision) -> bundle_components.TextEncoder:
        """Writes tokenizer, token and position rows."""
        pipeline, state = self.checkpoint.pipeline, self.checkpoint.state
        self.tokenizer.save(str(directory / TOKENIZER))
        np.save(directory / POSITIONS, self._position_rows())
        return bundle_components.TextEncoder(
            graphs=(),
            gelu=self.checkpoint.gelu,
            token_embedding=write_token_table(
                state["token_embedding.weight"], directory, TABLES[precision]
            ),
            position_embedding=POSITIONS,
            tokenizer=TOKENIZER,
            max_length=self.longest,
            pooling=pipeline.pooling,
            pad_token=self.checkpoint.pad_token,
            masked=MASKED,
            prompts=pipeline.prompts,
            default_prompt=pipeline.default_prompt,
        )

    def _position_rows(self) -> np.ndarray:
        """``[longest, width]``: the position's row and the first segment's."""
        state, skip = self.checkpoint.state, self.checkpoint.dims.n_skip
        rows = state["position_embedding.weight"][skip : skip + self.longest]
        segments = state.get("segment_embedding.weight")
        return np.ascontiguousarray(rows if segments is None else rows + segments[0])

    def sample(
        self, directory: Path, component: Embedder, signature: Signature
    ) -> list[np.ndarray]:
        """Real texts of several lengths, laid out."""
        inputs = TextInputs.read(directory, text_component(component))
        return inputs.lay_out(inputs.sample(signature), signature)

    def expected(self, directory: Path, component: Embedder, signature: Signature) -> np.ndarray:
        """transformers' encoder over each text alone, without padding, and what follows it."""
        texts = TextInputs.read(directory, text_component(component)).sample(signature)
        return np.stack([self._reference_vector(tuple(ids)) for ids in texts])

    @cached_property
    def _reference(self) -> nn.Module:
        folder = self.checkpoint.directory / self.checkpoint.pipeline.encoder
        try:
            with with_safetensors(folder) as readable:
                model: nn.Module = AutoModel.from_pretrained(
                    readable, local_files_only=True, use_safetensors=True, dtype=torch.float32
                )
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise CheckpointError(
                f"transformers can't read {folder}, which its graphs are compared with: "
                f"{error!s:.200}"
            ) from error
        return model.eval()

    @torch.no_grad()
    def _reference_vector(self, ids: tuple[int, ...]) -> np.ndarray:
        hidden = self._reference(torch.tensor([ids])).last_hidden_state[0]
        pipeline = self.checkpoint.pipeline
        vector: Tensor = hidden.mean(dim=0) if pipeline.pooling == "mean" else hidden[0]
        for dense in pipeline.dense:
            state = {key: torch.tensor(value) for key, value in dense.state.items()}
            vector = nn.functional.linear(vector, state["linear.weight"], state.get("linear.bias"))
            vector = torch.tanh(vector) if dense.tanh else vector
        return np.asarray(vector.numpy())
