"""CLIP's and SigLIP's text encoders; their image encoders are in ``graphs/vision.py``.

The references are transformers' ``CLIPTextModelWithProjection`` and ``SiglipTextModel``. Looking up
tokens and positions is the host's, and so is which position the vector is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sotto.checkpoints.encoder import Gelu
from sotto.graphs.transformer import (
    FeedForward,
    Norm,
    SelfAttention,
    Weights,
    linear,
    to_residual,
)
from sotto.graphs.whisper import MASKED


@dataclass(frozen=True)
class TextShape:
    """What a graph of a text encoder needs beside its weights.

    Attributes:
        heads: of attention.
        layers: blocks.
        epsilon: of the LayerNorms.
        gelu: form of the activation.
        causal: whether a token attends to those before it alone (CLIP; not SigLIP).
    """

    heads: int
    layers: int
    epsilon: float
    gelu: Gelu
    causal: bool


class PairedTextEncoder(nn.Module):
    """One batch of texts to their vectors, in the space of an image encoder's.

    In: ``hidden [B, n, width]`` (token rows + position rows), ``mask [B, 1, 1, n]`` (additive; 0
    where padding may be attended to), ``pool [B, 1, n]`` (1 at the position whose vector it is).
    Out: ``embedding [B, d]``, after the projection, not of length 1.
    """

    future: Tensor | None

    def __init__(
        self,
        weights: Weights,
        shape: TextShape,
        length: int,
        batch: int = 1,
        prefix: str = "text",
    ) -> None:
        super().__init__()
        self.attention = nn.ModuleList()
        self.feed_forward = nn.ModuleList()
        for layer in range(shape.layers):
            block = f"{prefix}.blocks.{layer}"
            attention = SelfAttention(weights, block, shape.heads, length, batch, shape.epsilon)
            self.attention.append(attention)
            self.feed_forward.append(FeedForward(weights, block, shape.gelu, shape.epsilon))
        self.norm = Norm(weights, f"{prefix}.ln_post", shape.epsilon)
        self.project = linear(weights, f"{prefix}.projection", norm=f"{prefix}.ln_post")
        future = torch.full((1, 1, length, length), MASKED).triu(1)
        self.register_buffer("future", future if shape.causal else None)

    def forward(self, hidden: Tensor, mask: Tensor, pool: Tensor) -> Tensor:
        if self.future is not None:
            mask = mask + self.future
        x = to_residual(hidden)
        last = len(self.attention) - 1
        for i, (attention, feed_forward) in enumerate(
            zip(self.attention, self.feed_forward, strict=True)
        ):
            x = attention(x, mask)
            if i == last:
                x = torch.matmul(pool, x)  # the one position that is still read
            x = feed_forward(x)
        return self.project(self.norm(x)).flatten(1)
