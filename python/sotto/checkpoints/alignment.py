"""Alignment heads: the cross-attention heads that word timestamps are read from."""

from __future__ import annotations

import base64
import gzip

import numpy as np

from sotto.checkpoints.checkpoint import AlignmentHeads, WhisperDims
from sotto.errors import CheckpointError


def default_alignment_heads(dims: WhisperDims) -> AlignmentHeads:
    """All heads of the last half of the decoder's layers, for a checkpoint that names none.

    See ``Whisper.__init__`` in ``whisper/model.py``.
    """
    layers = range(dims.n_text_layer // 2, dims.n_text_layer)
    return [(layer, head) for layer in layers for head in range(dims.n_text_head)]


def decode_alignment_heads(dump: str, dims: WhisperDims) -> AlignmentHeads:
    """(layer, head) pairs from openai-whisper's base85, gzipped boolean map [layer, head].

    See ``Whisper.set_alignment_heads`` in ``whisper/model.py``.
    """
    flags = np.frombuffer(gzip.decompress(base64.b85decode(dump)), dtype=np.bool_)
    rows = flags.reshape(dims.n_text_layer, dims.n_text_head)
    return [(int(layer), int(head)) for layer, head in np.argwhere(rows)]


def read_alignment_heads(value: object, dims: WhisperDims, source: str) -> AlignmentHeads | None:
    """(layer, head) pairs from the ``alignment_heads`` entry of a JSON configuration.

    Raises:
        CheckpointError: the entry is no list of pairs, or a pair is out of range.
    """
    if value is None:
        return None
    if not isinstance(value, list):
        raise CheckpointError(f"{source}: alignment_heads is not a list of [layer, head]")
    heads: AlignmentHeads = []
    for pair in value:
        match pair:
            case [int(layer), int(head)] if (
                0 <= layer < dims.n_text_layer and 0 <= head < dims.n_text_head
            ):
                heads.append((layer, head))
            case _:
                raise CheckpointError(
                    f"{source}: alignment_heads holds {pair!r:.40}, not [layer, head] of a decoder "
                    f"of {dims.n_text_layer} layers with {dims.n_text_head} heads"
                )
    return heads
