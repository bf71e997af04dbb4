"""Names and shapes of every graph's tensors: what the manifest and the runtime go by."""

from __future__ import annotations

from sotto.bundle import Signature, TensorSpec
from sotto.bundle.graph import FRAMES_PER_SECOND
from sotto.checkpoints import WhisperDims

ALIGNMENT_BLOCK = 64
"""Positions of the alignment graph. A text is run in blocks, the last one padded. Of 16, 32 and
64, 64 is the fastest from 33 tokens on (30 s of speech has some 80), and holds 13 MB of logits."""


PREFILL_BLOCK = 32
"""Positions of the prefill graph. A prompt has some 100 tokens, 223 at most; a block of 32 costs
as much as four single steps."""


def _layers(name: str, count: int, shape: tuple[int, ...]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(f"{name}_{layer}", shape) for layer in range(count))


def _cross(dims: WhisperDims, frames: int) -> tuple[TensorSpec, ...]:
    heads, width = dims.n_text_head, dims.n_text_state // dims.n_text_head
    positions = frames // 2
    return (
        *_layers("cross_k", dims.n_text_layer, (1, heads, positions, width)),
        *_layers("cross_v", dims.n_text_layer, (1, heads, width, positions)),
    )


def encoder(dims: WhisperDims, seconds: int) -> Signature:
    """``encode_{seconds}s``: log-mel to cross-attention keys and values."""
    frames = seconds * FRAMES_PER_SECOND
    log_mel = TensorSpec("log_mel", (1, dims.n_mels, frames))
    return Signature(f"encode_{seconds}s", (log_mel,), _cross(dims, frames))


def decoder_step(dims: WhisperDims, seconds: int, cache: int) -> Signature:
    """``decode_{seconds}s``: one position over a cache of ``cache`` positions."""
    n, heads = dims.n_text_layer, dims.n_text_head
    width = dims.n_text_state // heads
    inputs = (
        TensorSpec("hidden", (1, 1, dims.n_text_state)),
        TensorSpec("mask", (1, 1, 1, cache + 1)),
        *_layers("self_k", n, (1, heads, cache, width)),
        *_layers("self_v", n, (1, heads, width, cache)),
        *_cross(dims, seconds * FRAMES_PER_SECOND),
    )
    outputs = (
        TensorSpec("logits", (1, 1, dims.n_vocab)),
        *_layers("new_k", n, (1, heads, 1, width)),
        *_layers("new_v", n, (1, heads, width, 1)),
    )
    return Signature(f"decode_{seconds}s", inputs, outputs)


def prefill(dims: WhisperDims, seconds: int, cache: int, block: int = PREFILL_BLOCK) -> Signature:
    """``prefill_{seconds}s``: a block of known positions over the decoder step's caches."""
    caches = decoder_step(dims, seconds, cache).inputs[2:]
    n, block = dims.n_text_layer, min(block, cache)
    heads = dims.n_text_head
    width = dims.n_text_state // heads
    inputs = (
        TensorSpec("hidden", (1, block, dims.n_text_state)),
        TensorSpec("mask", (1, 1, block, cache + block)),
        *caches,
    )
    outputs = (
        *_layers("new_k", n, (1, heads, block, width)),
        *_layers("new_v", n, (1, heads, width, block)),
    )
    return Signature(f"prefill_{seconds}s", inputs, outputs)


def alignment(dims: WhisperDims, seconds: int, cache: int, heads: int) -> Signature:
    """``align_{seconds}s``: the same with logits and the alignment heads' scores.

    Args:
        heads: how many alignment heads there are.
    """
    block = prefill(dims, seconds, cache, ALIGNMENT_BLOCK)
    length = block.inputs[0].shape[1]
    outputs = (
        TensorSpec("logits", (1, length, dims.n_vocab)),
        *block.outputs,
        TensorSpec("attention", (1, heads, length, seconds * FRAMES_PER_SECOND // 2)),
    )
    return Signature(f"align_{seconds}s", block.inputs, outputs)


def feature_encoder(dims: WhisperDims, seconds: int) -> Signature:
    """``features_{seconds}s``: log-mel to audio features."""
    frames = seconds * FRAMES_PER_SECOND
    log_mel = TensorSpec("log_mel", (1, dims.n_mels, frames))
    features = TensorSpec("features", (1, frames // 2, dims.n_audio_state))
    return Signature(f"features_{seconds}s", (log_mel,), (features,))


def pooled_encoder(dims: WhisperDims, seconds: int) -> Signature:
    """``audio_{seconds}s``: log-mel and the weights of its positions to one vector."""
    frames = seconds * FRAMES_PER_SECOND
    log_mel = TensorSpec("log_mel", (1, dims.n_mels, frames))
    pool = TensorSpec("pool", (1, 1, frames // 2))
    embedding = TensorSpec("embedding", (1, dims.n_audio_state))
    return Signature(f"audio_{seconds}s", (log_mel, pool), (embedding,))


def sequence_decoder(dims: WhisperDims, seconds: int, length: int) -> Signature:
    """``sequence_{seconds}s``: ``length`` positions at once, without caches."""
    positions = seconds * FRAMES_PER_SECOND // 2
    hidden = TensorSpec("hidden", (1, length, dims.n_text_state))
    features = TensorSpec("features", (1, positions, dims.n_audio_state))
    logits = TensorSpec("logits", (1, length, dims.n_vocab))
    return Signature(f"sequence_{seconds}s", (hidden, features), (logits,))
