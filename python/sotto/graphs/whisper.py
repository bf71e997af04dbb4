"""Whisper as graphs: encoder, decoder step, the plain full-sequence decoder, and the encoder whose
features are pooled to one vector.

The reference is openai-whisper's ``whisper/model.py``; keys of the state dict are its own.
Token embedding, position look-up, cache writes and argmax belong to the host.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sotto.checkpoints import WhisperDims
from sotto.checkpoints.encoder import Gelu
from sotto.graphs.decoder_attention import CachedSelfAttention, CrossAttention, CrossKeysValues
from sotto.graphs.transformer import (
    FeedForward,
    Norm,
    NormAffine,
    SelfAttention,
    Weights,
    normalised,
    tensor,
    to_residual,
)

MASKED = -1e4
"""What an additive mask holds where attention is not allowed: finite in fp16."""


def _conv(weights: Weights, prefix: str, stride: int) -> nn.Conv2d:
    """A convolution over time, as one over pictures of height 1.

    TFLite has no other, and keeps such pictures' channels last from one to the next; between
    convolutions of rank 3 it turns them over and back.
    """
    weight, bias = tensor(weights, f"{prefix}.weight"), tensor(weights, f"{prefix}.bias")
    conv = nn.Conv2d(
        weight.shape[1], weight.shape[0], kernel_size=(1, 3), stride=(1, stride), padding=(0, 1)
    )
    conv.weight = nn.Parameter(weight[:, :, None], requires_grad=False)
    conv.bias = nn.Parameter(bias, requires_grad=False)
    return conv


class AudioEncoder(nn.Module):
    """Convolutions and transformer blocks over one window of log-mel.

    In: ``log_mel [1, n_mels, frames]``. Out: ``[1, frames / 2, width]``, normalised, with the
    root of ``encoder.ln_post``'s gain alone; the graphs behind it fold in the rest.
    """

    positional_embedding: Tensor

    def __init__(self, weights: Weights, dims: WhisperDims, frames: int, gelu: Gelu) -> None:
        super().__init__()
        positions = frames // 2
        self.conv1 = _conv(weights, "encoder.conv1", stride=1)
        self.conv2 = _conv(weights, "encoder.conv2", stride=2)
        embedding = tensor(weights, "encoder.positional_embedding")
        self.register_buffer("positional_embedding", embedding[None, :positions].clone())
        self.attention = nn.ModuleList()
        self.feed_forward = nn.ModuleList()
        for layer in range(dims.n_audio_layer):
            prefix = f"encoder.blocks.{layer}"
            self.attention.append(SelfAttention(weights, prefix, dims.n_audio_head, positions))
            self.feed_forward.append(FeedForward(weights, prefix, gelu))
        self.norm = Norm(weights, "encoder.ln_post")
        self.approximate = "tanh" if gelu == "tanh" else "none"

    def forward(self, log_mel: Tensor) -> Tensor:
        x = F.gelu(self.conv1(log_mel[:, :, None]), approximate=self.approximate)
        x = F.gelu(self.conv2(x), approximate=self.approximate)
        x = to_residual(x.permute(0, 2, 3, 1).flatten(0, 1) + self.positional_embedding)
        for attention, feed_forward in zip(self.attention, self.feed_forward, strict=True):
            x = feed_forward(attention(x))
        return self.norm(x)


class Encoder(nn.Module):
    """Log-mel to every decoder layer's cross-attention keys and values.

    In: ``log_mel [1, n_mels, frames]``. Out: ``cross_k_0 … cross_k_{L-1}
    [1, H, frames / 2, 64]``, then ``cross_v_0 … cross_v_{L-1} [1, H, 64, frames / 2]``.
    """

    def __init__(
        self, weights: Weights, dims: WhisperDims, frames: int, gelu: Gelu = "erf"
    ) -> None:
        super().__init__()
        self.audio = AudioEncoder(weights, dims, frames, gelu)
        self.cross = nn.ModuleList(
            CrossKeysValues(
                weights,
                f"decoder.blocks.{layer}",
                dims.n_text_head,
                frames // 2,
                norm="encoder.ln_post",
            )
            for layer in range(dims.n_text_layer)
        )

    def forward(self, log_mel: Tensor) -> tuple[Tensor, ...]:
        features = self.audio(log_mel)
        pairs = [cross(features) for cross in self.cross]
        return tuple(keys for keys, _ in pairs) + tuple(values for _, values in pairs)


class FeatureEncoder(nn.Module):
    """Log-mel to audio features, as the full-sequence decoder takes them.

    In: ``log_mel [1, n_mels, frames]``. Out: ``features [1, frames / 2, width]``.
    """

    def __init__(
        self, weights: Weights, dims: WhisperDims, frames: int, gelu: Gelu = "erf"
    ) -> None:
        super().__init__()
        self.audio = AudioEncoder(weights, dims, frames, gelu)
        self.affine = NormAffine(weights, "encoder.ln_post")

    def forward(self, log_mel: Tensor) -> Tensor:
        return self.affine(self.audio(log_mel))


class PooledEncoder(nn.Module):
    """Log-mel to the mean of its audio features over chosen positions.

    In: ``log_mel [1, n_mels, frames]``, ``pool [1, 1, frames / 2]``, weights that sum to 1. Out:
    ``embedding [1, width]``.
    """

    def __init__(
        self, weights: Weights, dims: WhisperDims, frames: int, gelu: Gelu = "erf"
    ) -> None:
        super().__init__()
        self.audio = AudioEncoder(weights, dims, frames, gelu)
        self.affine = NormAffine(weights, "encoder.ln_post")
        self.width = dims.n_audio_state

    def forward(self, log_mel: Tensor, pool: Tensor) -> Tensor:
        # What is affine may come after the mean.
        pooled = torch.matmul(pool, self.audio(log_mel))
        return self.affine(pooled.reshape(1, self.width))


class Logits(nn.Module):
    """The last norm and the output layer, whose weight is the token embedding.

    The norm's affine part is not folded in: the weight stays the table's own.
    """

    gain: Tensor
    shift: Tensor

    def __init__(self, weights: Weights, dims: WhisperDims) -> None:
        super().__init__()
        self.register_buffer("gain", tensor(weights, "decoder.ln.weight"))
        self.register_buffer("shift", tensor(weights, "decoder.ln.bias"))
        self.output = nn.Linear(dims.n_text_state, dims.n_vocab, bias=False)
        self.output.weight = nn.Parameter(
            tensor(weights, "decoder.token_embedding.weight"), requires_grad=False
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.output(normalised(x) * self.gain + self.shift)


class DecoderStep(nn.Module):
    """One position through the decoder, over caches that the host owns.

    In, with L layers, H heads, C cache positions and T audio positions:
    ``hidden [1, 1, width]`` (token row + position row), ``mask [1, 1, 1, C + 1]``,
    ``self_k_i [1, H, C, 64]``, ``self_v_i [1, H, 64, C]``, ``cross_k_i [1, H, T, 64]``,
    ``cross_v_i [1, H, 64, T]``, each for i in 0 … L-1. Out: ``logits [1, 1, V]``,
    ``new_k_i [1, H, 1, 64]``, ``new_v_i [1, H, 64, 1]``.
    """

    def __init__(self, weights: Weights, dims: WhisperDims, cache: int, gelu: Gelu = "erf") -> None:
        super().__init__()
        self.layers = dims.n_text_layer
        self.attention = nn.ModuleList()
        self.cross_attention = nn.ModuleList()
        self.feed_forward = nn.ModuleList()
        for layer in range(self.layers):
            prefix = f"decoder.blocks.{layer}"
            self.attention.append(CachedSelfAttention(weights, prefix, dims.n_text_head, cache))
            self.cross_attention.append(CrossAttention(weights, prefix, dims.n_text_head, 1))
            self.feed_forward.append(FeedForward(weights, prefix, gelu))
        self.logits = Logits(weights, dims)

    def forward(self, hidden: Tensor, mask: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        n = self.layers
        self_k, self_v = caches[:n], caches[n : 2 * n]
        cross_k, cross_v = caches[2 * n : 3 * n], caches[3 * n :]
        new_k, new_v = [], []
        x = to_residual(hidden)
        for i in range(n):
            x, key, value = self.attention[i](x, mask, self_k[i], self_v[i])
            x, _ = self.cross_attention[i](x, cross_k[i], cross_v[i])
            x = self.feed_forward[i](x)
            new_k.append(key)
            new_v.append(value)
        return (self.logits(x), *new_k, *new_v)


class SequenceDecoder(nn.Module):
    """All positions at once, without caches: the easiest graph to port, the step's oracle.

    In: ``hidden [1, T, width]`` (token rows + position rows), ``features [1, A, width]``.
    Out: ``logits [1, T, V]``; row t depends on rows 0 … t alone (causal mask, a buffer).
    """

    def __init__(
        self,
        weights: Weights,
        dims: WhisperDims,
        length: int,
        audio_positions: int,
        gelu: Gelu = "erf",
    ) -> None:
        super().__init__()
        self.layers = dims.n_text_layer
        self.register_buffer("mask", torch.full((1, 1, length, length), MASKED).triu(1))
        self.attention = nn.ModuleList()
        self.cross = nn.ModuleList()
        self.cross_attention = nn.ModuleList()
        self.feed_forward = nn.ModuleList()
        heads = dims.n_text_head
        for layer in range(self.layers):
            prefix = f"decoder.blocks.{layer}"
            self.attention.append(SelfAttention(weights, prefix, heads, length))
            self.cross.append(CrossKeysValues(weights, prefix, heads, audio_positions, norm=None))
            self.cross_attention.append(CrossAttention(weights, prefix, heads, length))
            self.feed_forward.append(FeedForward(weights, prefix, gelu))
        self.logits = Logits(weights, dims)

    def forward(self, hidden: Tensor, features: Tensor) -> Tensor:
        x = to_residual(hidden)
        for i in range(self.layers):
            keys, values = self.cross[i](features)
            x, _ = self.cross_attention[i](self.attention[i](x, self.mask), keys, values)
            x = self.feed_forward[i](x)
        return self.logits(x)
