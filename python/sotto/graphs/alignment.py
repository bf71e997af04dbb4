"""The decoder over a block of known text, with the scores that word timestamps are read from.

The reference is ``find_alignment`` in openai-whisper's ``whisper/timing.py``: it runs the
decoder once over the whole text and takes the cross-attention scores of the alignment heads.
Kept apart from the decoder step, which is run for every token, and these only for words.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sotto.checkpoints import WhisperDims
from sotto.checkpoints.encoder import Gelu
from sotto.graphs.decoder_attention import BlockSelfAttention, CrossAttention
from sotto.graphs.transformer import (
    FeedForward,
    Weights,
    to_residual,
)
from sotto.graphs.whisper import Logits


class AlignmentBlock(nn.Module):
    """K known positions through the decoder, over the caches of the decoder step.

    In, with L layers, H heads, C cache positions, T audio positions and A alignment heads:
    ``hidden [1, K, width]`` (token rows + position rows), ``mask [1, 1, K, C + K]`` (the
    cache's columns, then the block's own: causal), ``self_k_i [1, H, C, 64]``,
    ``self_v_i [1, H, 64, C]``, ``cross_k_i [1, H, T, 64]``, ``cross_v_i [1, H, 64, T]``, each
    for i in 0 … L-1. Out: ``logits [1, K, V]``, ``new_k_i [1, H, K, 64]``,
    ``new_v_i [1, H, 64, K]``, and ``attention [1, A, K, T]``: scaled scores before the
    softmax, of the ``(layer, head)`` pairs in their order. The host takes the softmax, over
    the frames that hold sound.
    """

    def __init__(
        self,
        weights: Weights,
        dims: WhisperDims,
        cache: int,
        block: int,
        alignment_heads: Sequence[tuple[int, int]],
        gelu: Gelu = "erf",
    ) -> None:
        super().__init__()
        self.layers = dims.n_text_layer
        self.alignment_heads = tuple(alignment_heads)
        self.attention = nn.ModuleList()
        self.cross_attention = nn.ModuleList()
        self.feed_forward = nn.ModuleList()
        heads = dims.n_text_head
        for layer in range(self.layers):
            prefix = f"decoder.blocks.{layer}"
            self.attention.append(BlockSelfAttention(weights, prefix, heads, cache, block))
            self.cross_attention.append(CrossAttention(weights, prefix, heads, block))
            self.feed_forward.append(FeedForward(weights, prefix, gelu))
        self.logits = Logits(weights, dims)

    def forward(self, hidden: Tensor, mask: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        n = self.layers
        self_k, self_v = caches[:n], caches[n : 2 * n]
        cross_k, cross_v = caches[2 * n : 3 * n], caches[3 * n :]
        new_k, new_v, scores = [], [], []
        x = to_residual(hidden)
        for i in range(n):
            x, key, value = self.attention[i](x, mask, self_k[i], self_v[i])
            x, of_layer = self.cross_attention[i](x, cross_k[i], cross_v[i])
            x = self.feed_forward[i](x)
            new_k.append(key)
            new_v.append(value)
            scores.append(of_layer)
        attention = torch.cat([scores[i][:, h : h + 1] for i, h in self.alignment_heads], dim=1)
        return (self.logits(x), *new_k, *new_v, attention)
