"""The transformer core that every graph is made of.

Written for MediaTek's NPU and for XNNPACK alike: static shapes, rank 4 at most, no
look-ups, no masked_fill. Shapes are Python integers fixed at construction, never read
from a tensor, so that ``torch.jit.trace`` bakes them in. Docstrings write 64 for the head
width, as in every Whisper; the code takes any.

Three foldings happen once, when the weights are loaded, and cost no accuracy that a test
can see: LayerNorm's affine part goes into the Linear layers behind it, all but the root of its
gain, its subtraction of the mean into those before it (see Norm), and the attention scale
1/sqrt(head width) into the query projection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

Weights = Mapping[str, np.ndarray]
Gelu = Literal["erf", "tanh"]


EPSILON = 1e-5
"""Of openai-whisper's LayerNorms: torch's default."""

RESIDUAL_SCALE = 1 / 16
"""Of the residual stream. A norm squares it, and Whisper's has positions of several hundreds, whose
squares are more than the 65504 that fp16 holds: on the NPU they would be infinite, and the position
lost. Norms give the same of a stream that is scaled, and a power of 2 costs no bit of float32."""

LEAST_GAIN = 1e-4
"""Smaller ones count as this, so that the weights can be divided by its root."""


def normalised(x: Tensor) -> Tensor:
    """``[1, n, width]`` of the residual stream to a variance of 1 in each row."""
    epsilon = EPSILON * RESIDUAL_SCALE**2
    return x * torch.rsqrt((x * x).mean(dim=-1, keepdim=True) + epsilon)


def root_gain(weights: Weights, norm: str) -> Tensor:
    """The square root of a LayerNorm's gain, ``[width]``: what :class:`Norm` multiplies by."""
    return tensor(weights, f"{norm}.weight").abs().clamp(min=LEAST_GAIN).sqrt()


class Norm(nn.Module):
    """LayerNorm of what has no mean. Half of its affine part is folded into what follows.

    A LayerNorm takes the mean away first. It is the same for whatever is added along the whole
    row, so whoever writes to the residual stream leaves its mean out (:func:`to_residual`,
    ``linear(…, residual=True)``), and half of each norm's operations are gone.

    Its gain evens out channels that differ by two orders of magnitude. Folded whole into the
    weights it leaves that difference in what 8 bits a row must hold, not folded it moves it into
    what 8 bits a weight's row must hold; the root on either side loses least (SmoothQuant, Xiao
    et al. 2023, section 4, with the gain for the activations' size).

    In and out: ``[1, n, width]`` float32.
    """

    gain: Tensor

    def __init__(self, weights: Weights, norm: str) -> None:
        super().__init__()
        self.register_buffer("gain", root_gain(weights, norm))

    def forward(self, x: Tensor) -> Tensor:
        return normalised(x) * self.gain


def to_residual(x: Tensor) -> Tensor:
    """``[1, n, width]`` as the residual stream holds it: without each row's mean, and scaled."""
    return (x - x.mean(dim=-1, keepdim=True)) * RESIDUAL_SCALE


def tensor(weights: Weights, key: str) -> Tensor:
    """The float32 tensor stored under ``key`` (a copy: sources may be mapped read-only)."""
    return torch.from_numpy(np.array(weights[key], dtype=np.float32))


def linear(
    weights: Weights,
    prefix: str,
    *,
    norm: str | None = None,
    scale: float = 1.0,
    residual: bool = False,
) -> nn.Linear:
    """A Linear from ``{prefix}.weight`` and, where there is one, ``{prefix}.bias``.

    Args:
        weights: canonical state dict.
        prefix: key of the layer.
        norm: key of the LayerNorm whose affine part is folded in, but for what :class:`Norm`,
            which gives its input, multiplies by.
        scale: factor folded into weight and bias.
        residual: give what is added to the residual stream: no mean, and scaled.
    """
    weight = tensor(weights, f"{prefix}.weight")
    bias = tensor(weights, f"{prefix}.bias") if f"{prefix}.bias" in weights else None
    if norm is not None:
        gain, shift = tensor(weights, f"{norm}.weight"), tensor(weights, f"{norm}.bias")
        # In double: a sum over the width, rounded to float32 once.
        folded = (weight.double() @ shift.double()).float()
        bias = folded if bias is None else bias + folded
        weight = weight * (gain / root_gain(weights, norm))
    if residual:
        scale *= RESIDUAL_SCALE
        weight = weight - weight.mean(dim=0)
        bias = None if bias is None else bias - bias.mean()
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight = nn.Parameter(weight * scale, requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias * scale, requires_grad=False)
    return layer


class Heads:
    """How one width is cut into attention heads, for sequences of a fixed length."""

    def __init__(self, width: int, heads: int, length: int) -> None:
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of {heads} heads")
        self.count, self.width, self.length = heads, width // heads, length

    @property
    def scale(self) -> float:
        """What the query is multiplied by: 1 / sqrt(head width)."""
        return float(self.width**-0.5)

    def split(self, x: Tensor) -> Tensor:
        """``[1, n, H * 64]`` to ``[1, H, n, 64]``."""
        return x.reshape(1, self.length, self.count, self.width).transpose(1, 2)

    def merge(self, x: Tensor) -> Tensor:
        """``[1, H, n, 64]`` to ``[1, n, H * 64]``."""
        return x.transpose(1, 2).reshape(1, self.length, self.count * self.width)


def attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax attention over stored keys; the scale is already in the query.

    Args:
        query: ``[1, H, n, 64]``.
        keys: ``[1, H, T, 64]``.
        values: ``[1, H, 64, T]``, transposed, as the caches keep them.
        mask: additive and finite, broadcastable to ``[1, H, n, T]``.

    Returns:
        ``[1, H, n, 64]``.
    """
    scores = scored(query, keys)
    if mask is not None:
        scores = scores + mask
    return weighed(torch.softmax(scores, dim=-1), values)


# Both products have the long side of a cache in rows of their second operand, transposed. A CPU's
# kernels pack that operand for every call, and so read it from one end to the other.


def scored(query: Tensor, keys: Tensor) -> Tensor:
    """``[1, H, n, 64]`` and keys ``[1, H, T, 64]`` to ``[1, H, n, T]``."""
    return torch.matmul(query, keys.transpose(2, 3))


def weighed(probabilities: Tensor, values: Tensor) -> Tensor:
    """``[1, H, n, T]`` and values ``[1, H, 64, T]`` to ``[1, H, n, 64]``."""
    return torch.matmul(probabilities, values.transpose(2, 3))


class FeedForward(nn.Module):
    """Norm, Linear, GELU, Linear with a residual: ``[1, n, width]`` to the same.

    ``gelu`` is explicit because the NPU computes the tanh form whatever a model asks for.
    """

    def __init__(self, weights: Weights, prefix: str, gelu: Gelu) -> None:
        super().__init__()
        self.expand = linear(weights, f"{prefix}.mlp.0", norm=f"{prefix}.mlp_ln")
        self.contract = linear(weights, f"{prefix}.mlp.2", residual=True)
        self.norm = Norm(weights, f"{prefix}.mlp_ln")
        self.approximate = "tanh" if gelu == "tanh" else "none"

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.gelu(self.expand(self.norm(x)), approximate=self.approximate)
        return x + self.contract(hidden)


TILE = 400
"""Positions that attend at once: the scores of 1500 would take 72 MB in Whisper base. Tiles of 150
to 1500 are equally fast on a CPU."""


class SelfAttention(nn.Module):
    """Attention over the whole sequence with a residual: ``[1, n, width]`` to the same.

    Without a mask, a tile of positions at a time, so that only their scores are held.
    """

    def __init__(self, weights: Weights, prefix: str, heads: int, length: int) -> None:
        super().__init__()
        norm = f"{prefix}.attn_ln"
        self.heads = Heads(weights[f"{prefix}.attn.query.weight"].shape[0], heads, length)
        self.query = linear(weights, f"{prefix}.attn.query", norm=norm, scale=self.heads.scale)
        self.key = linear(weights, f"{prefix}.attn.key", norm=norm)
        self.value = linear(weights, f"{prefix}.attn.value", norm=norm)
        self.out = linear(weights, f"{prefix}.attn.out", residual=True)
        self.norm = Norm(weights, norm)
        tiles = -(-length // TILE)
        size = -(-length // tiles)
        self.tiles = [(start, min(start + size, length)) for start in range(0, length, size)]

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        normed = self.norm(x)
        query = self.heads.split(self.query(normed))
        keys = self.heads.split(self.key(normed))
        values = self.heads.split(self.value(normed)).transpose(2, 3)
        if mask is not None or len(self.tiles) == 1:
            attended = attend(query, keys, values, mask)
        else:
            rows = [attend(query[:, :, a:b], keys, values) for a, b in self.tiles]
            attended = torch.cat(rows, dim=2)
        return x + self.out(self.heads.merge(attended))


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
