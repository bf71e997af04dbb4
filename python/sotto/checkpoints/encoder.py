"""What a text encoder's checkpoint is: its dimensions, the canonical keys and shapes.

A block's keys are openai-whisper's, as the graphs' core takes them (``graphs/transformer.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from sotto.checkpoints.checkpoint import MAX_DIM, MAX_LAYERS, Format, Shape, State
from sotto.checkpoints.encoder_pipeline import Pipeline
from sotto.errors import CheckpointError

Gelu = Literal["erf", "tanh", "quick"]


@dataclass(frozen=True)
class EncoderDims:
    """The numbers that fix a text encoder's shapes.

    Attributes:
        n_vocab: tokens.
        n_ctx: rows of the position table; the first ``n_skip`` are never used.
        n_state: width.
        n_head: attention heads.
        n_layer: blocks.
        n_mlp: width between an MLP's two layers.
        n_segment: rows of the segment table; 0: there is none.
        n_skip: position row of the first token.
        n_bucket: rows of the table of relative positions; 0: there is none.
    """

    n_vocab: int
    n_ctx: int
    n_state: int
    n_head: int
    n_layer: int
    n_mlp: int
    n_segment: int
    n_skip: int
    n_bucket: int

    @property
    def longest(self) -> int:
        """How many tokens a text may have."""
        return self.n_ctx - self.n_skip

    def validate(self, source: str) -> None:
        """Refuses what is no encoder's, or so large that only a hostile file has it.

        Raises:
            CheckpointError: naming the dimension, its value and the range.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            limit = MAX_LAYERS if field.name == "n_layer" else MAX_DIM
            minimum = 0 if field.name in ("n_segment", "n_skip", "n_bucket") else 1
            if type(value) is not int or not minimum <= value <= limit:
                raise CheckpointError(
                    f"{source}: {field.name} is {value!r:.40}, not an integer from {minimum} to "
                    f"{limit}"
                )
        if self.n_state % self.n_head:
            raise CheckpointError(
                f"{source}: the width {self.n_state} is not a multiple of {self.n_head} heads"
            )
        if self.longest < 2:
            raise CheckpointError(
                f"{source}: {self.n_ctx} positions, the first {self.n_skip} of them unused, hold "
                "no text"
            )


@dataclass(frozen=True, eq=False)
class EncoderCheckpoint:
    """A text encoder's weights in the canonical layout, and where they are from.

    Attributes:
        name: of the directory, or the published name.
        family: ``bert``, ``roberta``, ``distilbert`` or ``mpnet``.
        dims: see :class:`EncoderDims`.
        state: canonical key -> float32 array of the shape :func:`expected_shapes` gives.
        epsilon: of the LayerNorms.
        gelu: form of the activation.
        pad_token: id.
        pipeline: pooling and what follows it.
        directory: with configuration and tokenizer.
        source: where that is, for people.
        format: of the weights.
        sha256: hex digest of the weights.
    """

    name: str
    family: str
    dims: EncoderDims
    state: State
    epsilon: float
    gelu: Gelu
    pad_token: int
    pipeline: Pipeline
    directory: Path
    source: str
    format: Format
    sha256: str


def block_shapes(prefix: str, width: int, hidden: int) -> Iterator[tuple[str, Shape]]:
    """Keys and shapes of a block whose layers all have a bias."""
    for layer, shape in (
        *(
            (f"attn.{projection}", (width, width))
            for projection in ("query", "key", "value", "out")
        ),
        ("mlp.0", (hidden, width)),
        ("mlp.2", (width, hidden)),
    ):
        yield f"{prefix}.{layer}.weight", shape
        yield f"{prefix}.{layer}.bias", shape[:1]
    for norm in ("attn_ln", "mlp_ln"):
        yield f"{prefix}.{norm}.weight", (width,)
        yield f"{prefix}.{norm}.bias", (width,)


def expected_shapes(dims: EncoderDims) -> dict[str, Shape]:
    """Every canonical key of a text encoder and its shape."""
    width = dims.n_state
    shapes: dict[str, Shape] = {
        "token_embedding.weight": (dims.n_vocab, width),
        "position_embedding.weight": (dims.n_ctx, width),
        "embedding_ln.weight": (width,),
        "embedding_ln.bias": (width,),
    }
    if dims.n_segment:
        shapes["segment_embedding.weight"] = (dims.n_segment, width)
    if dims.n_bucket:
        shapes["relative_bias.weight"] = (dims.n_bucket, dims.n_head)
    for layer in range(dims.n_layer):
        shapes.update(block_shapes(f"blocks.{layer}", width, dims.n_mlp))
    return shapes
