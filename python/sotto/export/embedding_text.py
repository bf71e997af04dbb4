"""Text encoders for :mod:`sotto.export.embedding`: BERT, RoBERTa, DistilBERT and MPNet."""

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

from sotto.bundle import Manifest
from sotto.checkpoints.encoder import EncoderCheckpoint
from sotto.checkpoints.encoder_load import load_encoder
from sotto.errors import CheckpointError, OptionError
from sotto.export.embedding import EmbeddingModel
from sotto.export.precision import Precision
from sotto.export.text_inputs import MASKED, TextInputs
from sotto.export.text_tokenizer import read_tokenizer
from sotto.export.token_table import TABLES, write_token_table
from sotto.graphs.bert import TextEncoder, text_signature
from sotto.graphs.signatures import Signature

TOKENIZER, POSITIONS = "tokenizer.json", "position_embedding.npy"

SHORTEST, LEAST_LENGTH = 16, 2
"""Tokens of the smallest graph, and of the smallest that may be asked for: an empty text's."""

BATCHES = (1, 8)


@dataclass(frozen=True)
class TextOptions:
    """What graphs a text encoder gets.

    Attributes:
        lengths: tokens of the graphs; a text takes the shortest that it fits in. None: 16 and its
            doubles up to the longest text, and that.
        batches: texts that a graph takes at once.
    """

    lengths: tuple[int, ...] | None = None
    batches: tuple[int, ...] = BATCHES

    def buckets(self, longest: int) -> list[int]:
        """The lengths in order, the last one ``longest``. Raises OptionError."""
        lengths = self.lengths
        if lengths is None:
            doubles = [SHORTEST << n for n in range(20)]
            lengths = tuple(length for length in doubles if length < longest)
        for name, values, least, most in (
            ("lengths", lengths, LEAST_LENGTH, longest),
            ("batches", self.batches, 1, 1024),
        ):
            if not all(least <= value <= most for value in values):
                raise OptionError(f"{name} {values}: expected {least} to {most} each")
        if not self.batches:
            raise OptionError("batches: expected one at least")
        return sorted({*lengths, longest})


def read_text_model(
    directory: Path, name: str | None = None, options: TextOptions | None = None
) -> EmbeddingModel:
    """Reads a text encoder's checkpoint with its tokenizer.

    Raises:
        CheckpointError: a file is missing, damaged, or of another model.
        OptionError: a length or a batch is out of range.
    """
    checkpoint = load_encoder(directory, name)
    tokenizer, longest = read_tokenizer(checkpoint)
    options = options or TextOptions()
    tower = TextTower(
        checkpoint, tokenizer, longest, options.buckets(longest), sorted(set(options.batches))
    )
    return EmbeddingModel(
        name=checkpoint.name,
        family=checkpoint.family,
        source={
            "checkpoint": checkpoint.source,
            "format": "huggingface",
            "sha256": checkpoint.sha256,
        },
        dimensions=tower.dimensions,
        normalize=checkpoint.pipeline.normalize,
        gelu=checkpoint.gelu,
        towers=[tower],
    )


@dataclass(frozen=True, eq=False)
class TextTower:
    """A text encoder as :class:`sotto.export.embedding.Tower` has it.

    Attributes:
        checkpoint: weights and what follows them.
        tokenizer: neither truncates nor pads.
        longest: tokens that a text may have.
        lengths: of the graphs, in order.
        batches: of each length, in order.
    """

    checkpoint: EncoderCheckpoint
    tokenizer: Tokenizer
    longest: int
    lengths: Sequence[int]
    batches: Sequence[int]
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
            for length in self.lengths
            for batch in self.batches
        ]

    def describe(self, directory: Path, precision: Precision) -> Manifest:
        """Writes tokenizer, token and position rows."""
        pipeline, state = self.checkpoint.pipeline, self.checkpoint.state
        self.tokenizer.save(str(directory / TOKENIZER))
        np.save(directory / POSITIONS, self._position_rows())
        signatures = [
            {"signature": signature.name, "length": length, "batch": batch}
            for signature, _ in self.graphs()
            for batch, length, _ in [signature.inputs[0].shape]
        ]
        return {
            "signatures": signatures,
            "token_embedding": write_token_table(
                state["token_embedding.weight"], directory, TABLES[precision]
            ),
            "position_embedding": {"file": POSITIONS},
            "max_length": self.longest,
            "pooling": pipeline.pooling,
            "mask_padding": True,
            "masked": MASKED,
            "eot_token": None,
            "pad_token": self.checkpoint.pad_token,
            "tokenizer": TOKENIZER,
            "prompts": pipeline.prompts,
            "default_prompt": pipeline.default_prompt,
            "lowercase": False,  # tokenizer.json does it
        }

    def _position_rows(self) -> np.ndarray:
        """``[longest, width]``: the position's row and the first segment's."""
        state, skip = self.checkpoint.state, self.checkpoint.dims.n_skip
        rows = state["position_embedding.weight"][skip : skip + self.longest]
        segments = state.get("segment_embedding.weight")
        return np.ascontiguousarray(rows if segments is None else rows + segments[0])

    def sample(self, directory: Path, entry: Manifest, signature: Signature) -> list[np.ndarray]:
        """Real texts of several lengths, laid out."""
        inputs = TextInputs.read(directory, entry)
        return inputs.lay_out(inputs.sample(signature), signature)

    def expected(self, directory: Path, entry: Manifest, signature: Signature) -> np.ndarray:
        """transformers' encoder over each text alone, without padding, and what follows it."""
        texts = TextInputs.read(directory, entry).sample(signature)
        return np.stack([self._reference_vector(tuple(ids)) for ids in texts])

    @cached_property
    def _reference(self) -> nn.Module:
        folder = self.checkpoint.directory / self.checkpoint.pipeline.encoder
        try:
            model: nn.Module = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
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
            state = {key: torch.from_numpy(value) for key, value in dense.state.items()}
            vector = nn.functional.linear(vector, state["linear.weight"], state.get("linear.bias"))
            vector = torch.tanh(vector) if dense.tanh else vector
        return np.asarray(vector.numpy())
