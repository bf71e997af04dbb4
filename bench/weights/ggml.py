"""Whisper in whisper.cpp's file format: float16, or quantised in blocks.

The format is that of whisper.cpp's ``models/convert-pt-to-ggml.py`` (float16) and
``examples/quantize`` (which tensors are quantised), as ``whisper_model_load`` of
``src/whisper.cpp`` reads it. All integers are little-endian int32::

    magic, eleven hyperparameters
    mel filters      rows, columns, float32 values
    vocabulary       count, then length and bytes of each token in the order of ids
    tensors          dimensions, length of the name, type, shape (innermost first), name, values
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, get_args

import numpy as np

from sotto.checkpoints import Checkpoint, WhisperDims
from sotto.export.whisper.vocabulary import ASSETS
from weights.ggml_blocks import quantise_q5_0, quantise_q8_0

Precision = Literal["f16", "q8_0", "q5_0"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

MAGIC = 0x67676D6C
QUANTISATION_VERSION = 2
# A quantised file's type is its version times this and the type.
VERSION_FACTOR = 1000


class _Quantised(NamedTuple):
    file_type: int
    tensor_type: int
    quantise: Callable[[np.ndarray], np.ndarray]


# ggml.h: ggml_ftype, ggml_type.
QUANTISED = {"q8_0": _Quantised(7, 8, quantise_q8_0), "q5_0": _Quantised(8, 6, quantise_q5_0)}
FILE_F16 = 1
TENSOR_F32, TENSOR_F16 = 0, 1
# Matrices that stay float32 in every file.
KEPT = ("encoder.positional_embedding", "decoder.positional_embedding")
CONV_BIASES = ("encoder.conv1.bias", "encoder.conv2.bias")


def write_ggml(checkpoint: Checkpoint, path: Path, precision: Precision) -> None:
    """Writes ``checkpoint`` to ``path``, whole or not at all.

    Raises:
        ValueError: a matrix's rows are not whole blocks of 32 weights.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            _write_header(file, checkpoint.dims, precision)
            _write_mel_filters(file, checkpoint.dims)
            _write_vocabulary(file, checkpoint.dims)
            for name, weights in checkpoint.state.items():
                _write_tensor(file, name, weights, precision)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_header(file: BinaryIO, dims: WhisperDims, precision: Precision) -> None:
    file_type = FILE_F16
    if precision in QUANTISED:
        file_type = QUANTISATION_VERSION * VERSION_FACTOR + QUANTISED[precision].file_type
    values = (
        dims.n_vocab,
        dims.n_audio_ctx,
        dims.n_audio_state,
        dims.n_audio_head,
        dims.n_audio_layer,
        dims.n_text_ctx,
        dims.n_text_state,
        dims.n_text_head,
        dims.n_text_layer,
        dims.n_mels,
        file_type,
    )
    file.write(struct.pack("<12i", MAGIC, *values))


def _write_mel_filters(file: BinaryIO, dims: WhisperDims) -> None:
    with np.load(ASSETS / "mel_filters.npz") as banks:
        filters = banks[f"mel_{dims.n_mels}"].astype("<f4")
    file.write(struct.pack("<2i", *filters.shape))
    file.write(filters.tobytes())


def _write_vocabulary(file: BinaryIO, dims: WhisperDims) -> None:
    tokens = list(_text_tokens(dims))
    file.write(struct.pack("<i", len(tokens)))
    for token in tokens:
        file.write(struct.pack("<i", len(token)) + token)


def _text_tokens(dims: WhisperDims) -> Iterator[bytes]:
    """The tokens that stand for text; whisper.cpp knows the special ones by itself."""
    name = "multilingual" if dims.is_multilingual else "gpt2"
    lines = (ASSETS / f"{name}.tiktoken").read_bytes().splitlines()
    ranks = {int(rank): token for token, rank in (line.split() for line in lines if line)}
    for rank in sorted(ranks):
        yield base64.b64decode(ranks[rank])


def _write_tensor(file: BinaryIO, name: str, weights: np.ndarray, precision: Precision) -> None:
    if name in CONV_BIASES:
        weights = weights[:, None]
    if weights.ndim == 1 or name in (*CONV_BIASES, *KEPT):
        tensor_type, values = TENSOR_F32, weights.astype("<f4")
    elif weights.ndim == 2 and precision in QUANTISED:
        # The tool quantises the float16 file.
        half = weights.astype(np.float16).astype(np.float32)
        tensor_type = QUANTISED[precision].tensor_type
        values = QUANTISED[precision].quantise(half)
    else:
        tensor_type, values = TENSOR_F16, weights.astype("<f2")
    encoded = name.encode()
    shape = weights.shape[::-1]
    file.write(struct.pack("<3i", weights.ndim, len(encoded), tensor_type))
    file.write(struct.pack(f"<{len(shape)}i", *shape) + encoded)
    file.write(values.tobytes())
