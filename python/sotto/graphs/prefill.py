"""The decoder over a block of known text, for its keys and values alone: how a prompt is read.

The reference runs a prompt in one call (``PyTorchInference.logits`` in openai-whisper's
``whisper/decoding.py``); here it is run in blocks of a fixed length.
"""

from __future__ import annotations

from torch import Tensor, nn

from sotto.checkpoints import WhisperDims
from sotto.checkpoints.encoder import Gelu
from sotto.graphs.decoder_attention import BlockSelfAttention, CrossAttention
from sotto.graphs.transformer import (
    FeedForward,
    Heads,
    Norm,
    Weights,
    linear,
    to_residual,
)


class PrefillBlock(nn.Module):
    """K known positions through the decoder, over the caches of the decoder step.

    In, with L layers, H heads, C cache positions and T audio positions:
    ``hidden [1, K, width]`` (token rows + position rows), ``mask [1, 1, K, C + K]`` (the
    cache's columns, then the block's own: causal), ``self_k_i [1, H, C, 64]``,
    ``self_v_i [1, H, 64, C]``, ``cross_k_i [1, H, T, 64]``, ``cross_v_i [1, H, 64, T]``, each
    for i in 0 … L-1. Out: ``new_k_i [1, H, K, 64]``, ``new_v_i [1, H, 64, K]``.
    """

    def __init__(
        self, weights: Weights, dims: WhisperDims, cache: int, block: int, gelu: Gelu = "erf"
    ) -> None:
        super().__init__()
        self.layers = dims.n_text_layer
        self.attention = nn.ModuleList()
        self.cross_attention = nn.ModuleList()
        self.feed_forward = nn.ModuleList()
        heads = dims.n_text_head
        for layer in range(self.layers - 1):
            prefix = f"decoder.blocks.{layer}"
            self.attention.append(BlockSelfAttention(weights, prefix, heads, cache, block))
            self.cross_attention.append(CrossAttention(weights, prefix, heads, block))
            self.feed_forward.append(FeedForward(weights, prefix, gelu))
        last = f"decoder.blocks.{self.layers - 1}"
        self.attention.append(KeysValues(weights, last, heads, block))

    def forward(self, hidden: Tensor, mask: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        n = self.layers
        self_k, self_v = caches[:n], caches[n : 2 * n]
        cross_k, cross_v = caches[2 * n : 3 * n], caches[3 * n :]
        new_k, new_v = [], []
        x = to_residual(hidden)
        for i in range(n - 1):
            x, key, value = self.attention[i](x, mask, self_k[i], self_v[i])
            x, _ = self.cross_attention[i](x, cross_k[i], cross_v[i])
            x = self.feed_forward[i](x)
            new_k.append(key)
            new_v.append(value)
        key, value = self.attention[n - 1](x)
        return (*new_k, key, *new_v, value)


class KeysValues(nn.Module):
    """What of the last layer a prompt leaves behind: ``[1, K, width]`` to its keys and values."""

    def __init__(self, weights: Weights, prefix: str, heads: int, length: int) -> None:
        super().__init__()
        norm = f"{prefix}.attn_ln"
        self.heads = Heads(weights[f"{prefix}.attn.query.weight"].shape[0], heads, length)
        self.key = linear(weights, f"{prefix}.attn.key", norm=norm)
        self.value = linear(weights, f"{prefix}.attn.value", norm=norm)
        self.norm = Norm(weights, norm)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        normed = self.norm(x)
        keys = self.heads.split(self.key(normed))
        return keys, self.heads.split(self.value(normed)).transpose(2, 3)
