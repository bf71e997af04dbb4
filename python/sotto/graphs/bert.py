"""Text encoders: BERT, RoBERTa, DistilBERT and MPNet, from hidden rows to a pooled vector.

The references are transformers' ``BertModel``, ``RobertaModel``, ``DistilBertModel`` and
``MPNetModel``. Look-ups belong to the host: a hidden row is the sum of a token's, a position's and
a segment's row. So do the choice of tokens that are pooled, and normalisation of the vector.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sotto.bundle import Signature, TensorSpec
from sotto.checkpoints.encoder import EncoderCheckpoint
from sotto.checkpoints.encoder_pipeline import Dense
from sotto.graphs.transformer import (
    NormAffine,
    PostNormFeedForward,
    PostNormSelfAttention,
    Weights,
    centred,
    linear,
    root_gain,
    tensor,
)

EMBEDDING_SCALE = 16.0
"""Of hidden rows before their norm, which gives the same of scaled ones. Their values are of order
0.05, and the squares of those lie where fp16 has few bits left."""

MIN_VARIANCE = 2.0**-14
"""The least normal number of fp16. BERT's epsilon of 1e-12 is 0 in fp16, and a row of padding, all
zeros, would become 0 times infinity."""

FURTHEST = 128
"""Distance from which on all relative positions fall into the last bucket (MPNet, T5)."""


class EmbeddingNorm(nn.Module):
    """The LayerNorm over hidden rows ``[B, n, width]``, as :class:`transformer.Norm` gives it."""

    gain: Tensor
    min_variance: Tensor

    def __init__(self, weights: Weights, norm: str, epsilon: float) -> None:
        super().__init__()
        self.register_buffer("gain", root_gain(weights, norm))
        self.register_buffer("min_variance", torch.tensor([MIN_VARIANCE]))
        self.epsilon = epsilon * EMBEDDING_SCALE**2

    def forward(self, hidden: Tensor) -> Tensor:
        x = centred(hidden * EMBEDDING_SCALE)
        variance = (x * x).mean(dim=-1, keepdim=True) + self.epsilon
        return x * torch.rsqrt(torch.maximum(variance, self.min_variance)) * self.gain


class DenseLayer(nn.Module):
    """A Dense module of sentence-transformers: ``[B, in]`` to ``[B, out]``."""

    def __init__(self, dense: Dense) -> None:
        super().__init__()
        self.linear = linear(dense.state, "linear")
        self.tanh = dense.tanh

    def forward(self, x: Tensor) -> Tensor:
        x = self.linear(x)
        return torch.tanh(x) if self.tanh else x


class TextEncoder(nn.Module):
    """Hidden rows of ``batch`` texts of up to ``length`` tokens to a vector each.

    In: ``hidden [B, n, width]`` (token + position + segment row; padding: zeros), ``mask
    [B, 1, 1, n]`` (0 for a token, -1e4 for padding), ``pool [B, 1, n]`` (weights that sum to 1: the
    same for each token, or 1 for the first). Out: ``embedding [B, d]``, not normalised.
    """

    relative_bias: Tensor | None

    def __init__(self, checkpoint: EncoderCheckpoint, length: int, batch: int) -> None:
        super().__init__()
        weights, dims, epsilon = checkpoint.state, checkpoint.dims, checkpoint.epsilon
        self.batch, self.width = batch, dims.n_state
        before = "embedding_ln"
        self.norm = EmbeddingNorm(weights, before, epsilon)
        bias = relative_bias(weights, length) if dims.n_bucket else None
        self.register_buffer("relative_bias", bias)
        self.attention = nn.ModuleList()
        self.feed_forward = nn.ModuleList()
        for layer in range(dims.n_layer):
            prefix = f"blocks.{layer}"
            self.attention.append(
                PostNormSelfAttention(weights, prefix, dims.n_head, length, before, batch, epsilon)
            )
            self.feed_forward.append(
                PostNormFeedForward(weights, prefix, checkpoint.gelu, f"{prefix}.attn_ln", epsilon)
            )
            before = f"{prefix}.mlp_ln"
        # After pooling, whose weights sum to 1, the rest of the last norm has fewer rows to do.
        self.last = NormAffine(weights, before)
        self.dense = nn.ModuleList(DenseLayer(dense) for dense in checkpoint.pipeline.dense)

    def forward(self, hidden: Tensor, mask: Tensor, pool: Tensor) -> Tensor:
        if self.relative_bias is not None:
            mask = mask + self.relative_bias
        x = self.norm(hidden)
        for attention, feed_forward in zip(self.attention, self.feed_forward, strict=True):
            x = feed_forward(attention(x, mask))
        pooled = torch.matmul(pool, x).reshape(self.batch, self.width)
        embedding: Tensor = self.last(pooled)
        for dense in self.dense:
            embedding = dense(embedding)
        return embedding


def relative_bias(weights: Weights, length: int) -> Tensor:
    """What is added to the scores of each pair of positions, ``[1, H, n, n]``.

    Buckets are transformers' ``MPNetEncoder.relative_position_bucket`` (Raffel et al. 2020,
    section 2.1): half of them for each direction, exact up to a distance, logarithmic beyond.
    """
    table = tensor(weights, "relative_bias.weight")
    half = table.shape[0] // 2
    exact = half // 2
    positions = torch.arange(length)
    distance = positions[:, None] - positions[None, :]
    far = distance.abs().clamp(min=1).float()
    logarithmic = exact + torch.log(far / exact) / math.log(FURTHEST / exact) * (half - exact)
    within = torch.where(
        distance.abs() < exact, distance.abs(), logarithmic.long().clamp(max=half - 1)
    )
    bucket = within + (distance < 0).long() * half
    return table[bucket].permute(2, 0, 1)[None].contiguous()


def text_signature(width: int, dimensions: int, length: int, batch: int) -> Signature:
    """``text_{length}x{batch}``: hidden rows, mask and pooling weights to vectors."""
    inputs = (
        TensorSpec("hidden", (batch, length, width)),
        TensorSpec("mask", (batch, 1, 1, length)),
        TensorSpec("pool", (batch, 1, length)),
    )
    outputs = (TensorSpec("embedding", (batch, dimensions)),)
    return Signature(f"text_{length}x{batch}", inputs, outputs)
