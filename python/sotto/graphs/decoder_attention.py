"""Attention of a decoder: over caches that the host owns, and over what an encoder computed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sotto.graphs.transformer import Heads, Norm, Weights, linear, scored, weighed


class CachedSelfAttention(nn.Module):
    """One new position attends to a cache and to itself.

    The cache is an input and is never concatenated with the new key and value: the scores
    are, which are 64 times smaller. The host writes the returned key and value into the
    cache. In: ``x [1, 1, width]``, ``mask [1, 1, 1, C + 1]`` (its last column is the new
    position), ``keys [1, H, C, 64]``, ``values [1, H, 64, C]``. Out: ``[1, 1, width]``, the
    new key ``[1, H, 1, 64]`` and value ``[1, H, 64, 1]``.
    """

    def __init__(
        self, weights: Weights, prefix: str, heads: int, cache: int, length: int = 1
    ) -> None:
        super().__init__()
        norm = f"{prefix}.attn_ln"
        self.heads = Heads(weights[f"{prefix}.attn.query.weight"].shape[0], heads, length)
        self.cache = cache
        self.query = linear(weights, f"{prefix}.attn.query", norm=norm, scale=self.heads.scale)
        self.key = linear(weights, f"{prefix}.attn.key", norm=norm)
        self.value = linear(weights, f"{prefix}.attn.value", norm=norm)
        self.out = linear(weights, f"{prefix}.attn.out", residual=True)
        self.norm = Norm(weights, norm)

    def forward(
        self, x: Tensor, mask: Tensor, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        normed = self.norm(x)
        # With one position, splitting heads moves no data: plain reshapes.
        heads, width = self.heads.count, self.heads.width
        query = self.query(normed).reshape(1, heads, 1, width)
        new_key = self.key(normed).reshape(1, heads, 1, width)
        new_value = self.value(normed)
        scores = torch.cat([scored(query, keys), scored(query, new_key)], dim=-1)
        probabilities = torch.softmax(scores + mask, dim=-1)
        past = probabilities[:, :, :, : self.cache]
        present = probabilities[:, :, :, self.cache :]
        attended = weighed(past, values) + present * new_value.reshape(1, heads, 1, width)
        x = x + self.out(attended.reshape(1, 1, heads * width))
        return x, new_key, new_value.reshape(1, heads, width, 1)


class BlockSelfAttention(CachedSelfAttention):
    """``length`` known positions attend to a cache and, causally, to themselves.

    In, with K for ``length``: ``x [1, K, width]``, ``mask [1, 1, K, C + K]`` (its last K
    columns are the block), ``keys [1, H, C, 64]``, ``values [1, H, 64, C]``. Out:
    ``[1, K, width]``, new keys ``[1, H, K, 64]``, values ``[1, H, 64, K]``.
    """

    def forward(
        self, x: Tensor, mask: Tensor, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        normed = self.norm(x)
        query = self.heads.split(self.query(normed))
        new_keys = self.heads.split(self.key(normed))
        new_values = self.heads.split(self.value(normed)).transpose(2, 3)
        scores = torch.cat([scored(query, keys), scored(query, new_keys)], dim=-1)
        probabilities = torch.softmax(scores + mask, dim=-1)
        past = probabilities[:, :, :, : self.cache]
        present = probabilities[:, :, :, self.cache :]
        attended = weighed(past, values) + weighed(present, new_values)
        return x + self.out(self.heads.merge(attended)), new_keys, new_values


class CrossAttention(nn.Module):
    """Attention over keys and values that the encoder computed once.

    In: ``x [1, n, width]``, ``keys [1, H, T, 64]``, ``values [1, H, 64, T]``; out:
    ``[1, n, width]`` and the scaled scores before the softmax, ``[1, H, n, T]``.
    """

    def __init__(self, weights: Weights, prefix: str, heads: int, length: int) -> None:
        super().__init__()
        width = weights[f"{prefix}.cross_attn.key.weight"].shape[0]
        self.heads = Heads(width, heads, length)
        self.query = linear(
            weights,
            f"{prefix}.cross_attn.query",
            norm=f"{prefix}.cross_attn_ln",
            scale=self.heads.scale,
        )
        self.out = linear(weights, f"{prefix}.cross_attn.out", residual=True)
        self.norm = Norm(weights, f"{prefix}.cross_attn_ln")

    def forward(self, x: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        query = self.heads.split(self.query(self.norm(x)))
        scores = scored(query, keys)
        attended = weighed(torch.softmax(scores, dim=-1), values)
        return x + self.out(self.heads.merge(attended)), scores


class CrossKeysValues(nn.Module):
    """The keys and values of one decoder layer's cross-attention, from audio features.

    In: normalised features ``[1, T, width]``; out: ``[1, H, T, 64]``, ``[1, H, 64, T]``.
    """

    def __init__(
        self, weights: Weights, prefix: str, heads: int, length: int, norm: str | None
    ) -> None:
        super().__init__()
        width = weights[f"{prefix}.cross_attn.key.weight"].shape[0]
        self.heads = Heads(width, heads, length)
        self.key = linear(weights, f"{prefix}.cross_attn.key", norm=norm)
        self.value = linear(weights, f"{prefix}.cross_attn.value", norm=norm)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        keys = self.heads.split(self.key(features))
        values = self.heads.split(self.value(features)).transpose(2, 3)
        return keys, values
