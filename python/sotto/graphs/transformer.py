"""The transformer core that every graph is made of.

Written for MediaTek's NPU and for XNNPACK alike: static shapes, rank 4 at most, no
look-ups, no masked_fill. Shapes are Python integers fixed at construction, never read
from a tensor, so that ``torch.jit.trace`` bakes them in. Docstrings write 64 for the head
width, as in every Whisper, and a batch of 1; the code takes any.

A block's weights have the keys of openai-whisper, whatever model they are from:
``{block}.attn.query``, ``.key``, ``.value`` and ``.out``, ``{block}.attn_ln``, ``{block}.mlp.0``
and ``.2``, ``{block}.mlp_ln``. Whisper, CLIP and ViT normalise before each half of a block
(:class:`SelfAttention`, :class:`FeedForward`), BERT after it (:class:`PostNormSelfAttention`,
:class:`PostNormFeedForward`).

Three foldings happen once, when the weights are loaded, and cost no accuracy that a test
can see: LayerNorm's affine part goes into the Linear layers behind it, all but the root of its
gain, its subtraction of the mean into those before it (see Norm), and the attention scale
1/sqrt(head width) into the query projection.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sotto.checkpoints.encoder import Gelu

Weights = Mapping[str, np.ndarray]

QUICK = 1.702

EPSILON = 1e-5
"""Of openai-whisper's LayerNorms: torch's default."""

RESIDUAL_SCALE = 1 / 16
"""Of the residual stream. A norm squares it, and Whisper's has positions of several hundreds, whose
squares are more than the 65504 that fp16 holds: on the NPU they would be infinite, and the position
lost. Norms give the same of a stream that is scaled, and a power of 2 costs no bit of float32."""

MIN_GAIN = 1e-4
"""Smaller ones count as this, so that the weights can be divided by its root."""


def normalised(x: Tensor, epsilon: float = EPSILON) -> Tensor:
    """``[1, n, width]`` of the residual stream to a variance of 1 in each row."""
    epsilon = epsilon * RESIDUAL_SCALE**2
    return x * torch.rsqrt((x * x).mean(dim=-1, keepdim=True) + epsilon)


def root_gain(weights: Weights, norm: str) -> Tensor:
    """The square root of a LayerNorm's gain, ``[width]``: what :class:`Norm` multiplies by."""
    return tensor(weights, f"{norm}.weight").abs().clamp(min=MIN_GAIN).sqrt()


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

    def __init__(self, weights: Weights, norm: str, epsilon: float = EPSILON) -> None:
        super().__init__()
        self.register_buffer("gain", root_gain(weights, norm))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return normalised(x, self.epsilon) * self.gain


class NormAffine(nn.Module):
    """The rest of a LayerNorm's affine part, for what no Linear follows that could hold it.

    In: what :class:`Norm` gives, ``[…, width]``. Out: the LayerNorm's output times ``scale``.
    """

    gain: Tensor
    shift: Tensor

    def __init__(self, weights: Weights, norm: str, scale: float = 1.0) -> None:
        super().__init__()
        gain = tensor(weights, f"{norm}.weight") / root_gain(weights, norm)
        self.register_buffer("gain", gain * scale)
        self.register_buffer("shift", tensor(weights, f"{norm}.bias") * scale)

    def forward(self, normed: Tensor) -> Tensor:
        return normed * self.gain + self.shift


def centred(x: Tensor) -> Tensor:
    """``[1, n, width]`` without each row's mean."""
    return x - x.mean(dim=-1, keepdim=True)


def to_residual(x: Tensor) -> Tensor:
    """``[1, n, width]`` as the residual stream holds it: without each row's mean, and scaled."""
    return centred(x) * RESIDUAL_SCALE


def tensor(weights: Weights, key: str) -> Tensor:
    """The float32 tensor stored under ``key`` (a copy: sources may be mapped read-only)."""
    return torch.from_numpy(np.array(weights[key], dtype=np.float32))


def linear(
    weights: Weights,
    prefix: str,
    *,
    norm: str | None = None,
    scale: float = 1.0,
    input_scale: float = 1.0,
    residual: bool = False,
) -> nn.Linear:
    """A Linear from ``{prefix}.weight`` and, where there is one, ``{prefix}.bias``.

    Args:
        weights: canonical state dict.
        prefix: key of the layer.
        norm: key of the LayerNorm whose affine part is folded in, but for what :class:`Norm`,
            which gives its input, multiplies by.
        scale: factor folded into weight and bias.
        input_scale: factor that the input has, taken out of the weight.
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
    weight = weight / input_scale
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
    """How one width is cut into attention heads, for sequences of a fixed length and number."""

    def __init__(self, width: int, heads: int, length: int, batch: int = 1) -> None:
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of {heads} heads")
        self.count, self.width, self.length, self.batch = heads, width // heads, length, batch

    @property
    def scale(self) -> float:
        """What the query is multiplied by: 1 / sqrt(head width)."""
        return float(self.width**-0.5)

    def split(self, x: Tensor) -> Tensor:
        """``[1, n, H * 64]`` to ``[1, H, n, 64]``."""
        return x.reshape(self.batch, self.length, self.count, self.width).transpose(1, 2)

    def merge(self, x: Tensor) -> Tensor:
        """``[1, H, n, 64]`` to ``[1, n, H * 64]``."""
        return x.transpose(1, 2).reshape(self.batch, self.length, self.count * self.width)


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


def activated(x: Tensor, gelu: Gelu) -> Tensor:
    """GELU in one of its forms, explicit because the NPU computes ``tanh`` for ``erf``, too."""
    if gelu == "quick":
        return x * torch.sigmoid(QUICK * x)
    return F.gelu(x, approximate="tanh" if gelu == "tanh" else "none")


class _Mlp(nn.Module):
    """Linear, GELU, Linear: from a norm's output to what is added to the residual stream.

    ``norm`` is the key of the norm whose output it takes. The factor of a quick GELU is folded into
    the Linear layers on either side: one pass less over the widest tensor.
    """

    def __init__(self, weights: Weights, prefix: str, gelu: Gelu, norm: str) -> None:
        super().__init__()
        scale = QUICK if gelu == "quick" else 1.0
        self.expand = linear(weights, f"{prefix}.mlp.0", norm=norm, scale=scale)
        self.contract = linear(weights, f"{prefix}.mlp.2", input_scale=scale, residual=True)
        self.gelu: Gelu = gelu

    def added(self, normed: Tensor) -> Tensor:
        hidden = self.expand(normed)
        if self.gelu == "quick":
            return self.contract(hidden * torch.sigmoid(hidden))
        return self.contract(activated(hidden, self.gelu))


class FeedForward(_Mlp):
    """Norm, Linear, GELU, Linear with a residual: ``[1, n, width]`` to the same."""

    def __init__(self, weights: Weights, prefix: str, gelu: Gelu, epsilon: float = EPSILON) -> None:
        super().__init__(weights, prefix, gelu, f"{prefix}.mlp_ln")
        self.norm = Norm(weights, f"{prefix}.mlp_ln", epsilon)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.added(self.norm(x))


class PostNormFeedForward(_Mlp):
    """LayerNorm of ``x + mlp(x)``, as in BERT.

    In: what :class:`Norm` gives for the key ``before``, ``[1, n, width]``; out: the same for
    ``{prefix}.mlp_ln``. The residual is the one reader of a whole LayerNorm's output.
    """

    def __init__(
        self, weights: Weights, prefix: str, gelu: Gelu, before: str, epsilon: float = EPSILON
    ) -> None:
        super().__init__(weights, prefix, gelu, before)
        self.carried = NormAffine(weights, before, RESIDUAL_SCALE)
        self.norm = Norm(weights, f"{prefix}.mlp_ln", epsilon)

    def forward(self, normed: Tensor) -> Tensor:
        return self.norm(centred(self.carried(normed)) + self.added(normed))


TILE = 400
"""Positions that attend at once: the scores of 1500 would take 72 MB in Whisper base. Tiles of 150
to 1500 are equally fast on a CPU."""


class _Attention(nn.Module):
    """Attention over the whole sequence: from a norm's output to what is added to the stream.

    Without a mask, a tile of positions at a time, so that only their scores are held. ``norm`` is
    the key of the norm whose output it takes.
    """

    def __init__(
        self, weights: Weights, prefix: str, heads: int, length: int, batch: int, norm: str
    ) -> None:
        super().__init__()
        width = weights[f"{prefix}.attn.query.weight"].shape[0]
        self.heads = Heads(width, heads, length, batch)
        self.query = linear(weights, f"{prefix}.attn.query", norm=norm, scale=self.heads.scale)
        self.key = linear(weights, f"{prefix}.attn.key", norm=norm)
        self.value = linear(weights, f"{prefix}.attn.value", norm=norm)
        self.out = linear(weights, f"{prefix}.attn.out", residual=True)
        tiles = -(-length // TILE)
        size = -(-length // tiles)
        self.tiles = [(start, min(start + size, length)) for start in range(0, length, size)]

    def added(self, normed: Tensor, mask: Tensor | None) -> Tensor:
        query = self.heads.split(self.query(normed))
        keys = self.heads.split(self.key(normed))
        values = self.heads.split(self.value(normed)).transpose(2, 3)
        if mask is not None or len(self.tiles) == 1:
            attended = attend(query, keys, values, mask)
        else:
            rows = [attend(query[:, :, a:b], keys, values) for a, b in self.tiles]
            attended = torch.cat(rows, dim=2)
        return self.out(self.heads.merge(attended))


class SelfAttention(_Attention):
    """Norm and attention over the whole sequence with a residual: ``[1, n, width]`` to the same.

    ``mask`` is additive and finite, broadcastable to ``[1, H, n, n]``.
    """

    def __init__(
        self,
        weights: Weights,
        prefix: str,
        heads: int,
        length: int,
        batch: int = 1,
        epsilon: float = EPSILON,
    ) -> None:
        super().__init__(weights, prefix, heads, length, batch, f"{prefix}.attn_ln")
        self.norm = Norm(weights, f"{prefix}.attn_ln", epsilon)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x + self.added(self.norm(x), mask)


class PostNormSelfAttention(_Attention):
    """LayerNorm of ``x + attention(x)``, as in BERT.

    In: what :class:`Norm` gives for the key ``before``, ``[1, n, width]``, and a mask as
    :class:`SelfAttention` takes it; out: the same for ``{prefix}.attn_ln``.
    """

    def __init__(
        self,
        weights: Weights,
        prefix: str,
        heads: int,
        length: int,
        before: str,
        batch: int = 1,
        epsilon: float = EPSILON,
    ) -> None:
        super().__init__(weights, prefix, heads, length, batch, before)
        self.carried = NormAffine(weights, before, RESIDUAL_SCALE)
        self.norm = Norm(weights, f"{prefix}.attn_ln", epsilon)

    def forward(self, normed: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.norm(centred(self.carried(normed)) + self.added(normed, mask))
