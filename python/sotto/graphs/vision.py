"""Image encoders: a ViT over patches, as CLIP, SigLIP and ViT itself have it.

The references are transformers' ``CLIPVisionModel``, ``SiglipVisionModel`` and ``ViTModel``. A key
of the state dict says what an encoder has: ``{prefix}.class_embedding`` a class token,
``{prefix}.ln_pre`` a LayerNorm before the blocks (CLIP), ``{prefix}.pool`` attention pooling
(SigLIP), ``{prefix}.projection`` a Linear at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sotto.checkpoints.encoder import Gelu
from sotto.graphs.transformer import (
    RESIDUAL_SCALE,
    FeedForward,
    Heads,
    Norm,
    NormAffine,
    SelfAttention,
    Weights,
    activated,
    attend,
    centred,
    linear,
    tensor,
    to_residual,
)


@dataclass(frozen=True)
class VisionShape:
    """What a graph of an image encoder needs beside its weights.

    Attributes:
        image: height and width of an image, in pixels.
        patch: of a patch.
        heads: of attention.
        layers: blocks.
        epsilon: of the LayerNorms.
        gelu: form of the activation.
        tanh: whether one follows the projection (ViT's pooler).
    """

    image: int
    patch: int
    heads: int
    layers: int
    epsilon: float
    gelu: Gelu
    tanh: bool = False

    @property
    def patches(self) -> int:
        """Of an image."""
        return (self.image // self.patch) ** 2


class Patches(nn.Module):
    """Pixels to one position a patch, and the class token's before them.

    In: ``pixels [B, 3, H, W]``. Out: ``[B, n, width]`` without each row's mean and times ``scale``,
    which both are folded into weights and tables.
    """

    first: Tensor | None
    positions: Tensor

    def __init__(
        self, weights: Weights, prefix: str, shape: VisionShape, batch: int, scale: float
    ) -> None:
        super().__init__()
        weight = tensor(weights, f"{prefix}.patch.weight")
        has_bias = f"{prefix}.patch.bias" in weights
        self.project = nn.Conv2d(3, len(weight), shape.patch, shape.patch, bias=has_bias)
        centred_weight = (weight - weight.mean(dim=0)) * scale
        self.project.weight = nn.Parameter(centred_weight, requires_grad=False)
        if has_bias:
            bias = centred(tensor(weights, f"{prefix}.patch.bias")) * scale
            self.project.bias = nn.Parameter(bias, requires_grad=False)
        table = tensor(weights, f"{prefix}.positional_embedding")
        first = None
        if f"{prefix}.class_embedding" in weights:
            first = centred(tensor(weights, f"{prefix}.class_embedding") + table[0]) * scale
            first, table = first.reshape(1, 1, -1).repeat(batch, 1, 1), table[1:]
        self.register_buffer("first", first)
        self.register_buffer("positions", centred(table)[None] * scale)
        self.batch, self.patches = batch, shape.patches

    def forward(self, pixels: Tensor) -> Tensor:
        grid = self.project(pixels).permute(0, 2, 3, 1)
        x = grid.reshape(self.batch, self.patches, -1) + self.positions
        return x if self.first is None else torch.cat([self.first, x], dim=1)


class ImageEncoder(nn.Module):
    """One batch of images to their vectors.

    In: ``pixels [B, 3, H, W]``, normalised. Out: ``embedding [B, d]``, not of length 1: after the
    projection, pooler or attention pooling where there is one, else the class token's LayerNorm.
    """

    def __init__(
        self, weights: Weights, shape: VisionShape, batch: int = 1, prefix: str = "image"
    ) -> None:
        super().__init__()
        has = {part: f"{prefix}.{part}.weight" in weights for part in ("ln_pre", "projection")} | {
            part: f"{prefix}.{part}" in weights for part in ("class_embedding", "pool.probe")
        }
        if has["ln_pre"]:
            # Of patches as they are: nothing has been added up yet that fp16 could not square.
            epsilon = shape.epsilon / RESIDUAL_SCALE**2
            self.patches = Patches(weights, prefix, shape, batch, scale=1.0)
            self.ln_pre: nn.Sequential | None = nn.Sequential(
                Norm(weights, f"{prefix}.ln_pre", epsilon),
                NormAffine(weights, f"{prefix}.ln_pre", RESIDUAL_SCALE),
            )
        else:
            self.patches = Patches(weights, prefix, shape, batch, RESIDUAL_SCALE)
            self.ln_pre = None
        length = shape.patches + has["class_embedding"]
        self.attention = nn.ModuleList()
        self.feed_forward = nn.ModuleList()
        for layer in range(shape.layers):
            block = f"{prefix}.blocks.{layer}"
            attention = SelfAttention(weights, block, shape.heads, length, batch, shape.epsilon)
            self.attention.append(attention)
            self.feed_forward.append(FeedForward(weights, block, shape.gelu, shape.epsilon))
        ln_post = f"{prefix}.ln_post"
        self.norm = Norm(weights, ln_post, shape.epsilon)
        self.pool: AttentionPool | None = None
        if has["pool.probe"]:
            self.pool = AttentionPool(weights, prefix, shape, length, batch)
        self.head: nn.Module = (
            linear(weights, f"{prefix}.projection", norm=ln_post)
            if has["projection"]
            else NormAffine(weights, ln_post)
        )
        self.tanh = shape.tanh

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.patches(pixels)
        if self.ln_pre is not None:
            x = centred(self.ln_pre(x))
        last = len(self.attention) - 1
        for i, (attention, feed_forward) in enumerate(
            zip(self.attention, self.feed_forward, strict=True)
        ):
            x = attention(x)
            if i == last and self.pool is None:
                x = x[:, :1]  # the class token, the one position that is still read
            x = feed_forward(x)
        if self.pool is not None:
            return self.pool(self.norm(x))
        embedding = self.head(self.norm(x)).flatten(1)
        return torch.tanh(embedding) if self.tanh else embedding


class AttentionPool(nn.Module):
    """A learned query attends to all positions; an MLP with a residual follows.

    transformers' ``SiglipMultiheadAttentionPoolingHead``. Its query is the same for every image,
    and so is computed once. In: what :class:`Norm` of ``{prefix}.ln_post`` gives,
    ``[B, n, width]``; out: ``[B, width]``.
    """

    query: Tensor

    def __init__(
        self, weights: Weights, prefix: str, shape: VisionShape, length: int, batch: int
    ) -> None:
        super().__init__()
        pool, ln_post = f"{prefix}.pool", f"{prefix}.ln_post"
        probe = tensor(weights, f"{pool}.probe")
        self.heads = Heads(len(probe), shape.heads, length, batch)
        project = linear(weights, f"{pool}.attn.query", scale=self.heads.scale)
        query = project(probe).detach().reshape(1, shape.heads, 1, -1)
        self.register_buffer("query", query.repeat(batch, 1, 1, 1))
        self.key = linear(weights, f"{pool}.attn.key", norm=ln_post)
        self.value = linear(weights, f"{pool}.attn.value", norm=ln_post)
        self.out = linear(weights, f"{pool}.attn.out")
        self.norm = Norm(weights, f"{pool}.mlp_ln", shape.epsilon)
        self.expand = linear(weights, f"{pool}.mlp.0", norm=f"{pool}.mlp_ln")
        self.contract = linear(weights, f"{pool}.mlp.2")
        self.gelu: Gelu = shape.gelu

    def forward(self, normed: Tensor) -> Tensor:
        keys = self.heads.split(self.key(normed))
        values = self.heads.split(self.value(normed)).transpose(2, 3)
        pooled = self.out(attend(self.query, keys, values).flatten(1))
        hidden = activated(self.expand(self.norm(to_residual(pooled))), self.gelu)
        return pooled + self.contract(hidden)
