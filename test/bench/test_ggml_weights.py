"""whisper.cpp's file format: read back as ``whisper_model_load`` reads it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from small_whisper import SMALL, random_state

from sotto.checkpoints import Checkpoint
from weights.ggml import PRECISIONS, Precision, write_ggml
from weights.ggml_blocks import BLOCK, Q5_0, Q8_0, quantise_q5_0, quantise_q8_0

FILE_TYPES = {"f16": 1, "q8_0": 2007, "q5_0": 2008}
TENSOR_TYPES = {0: np.dtype("<f4"), 1: np.dtype("<f2"), 6: Q5_0, 8: Q8_0}
# Of the largest weight: half a step, and the float16 scale's half unit in the last place. With
# five bits a weight as large as the largest but of the other sign has no value of its own.
WORST = {"f16": 2**-11, "q8_0": 0.5 / 127 + 2**-11, "q5_0": 1 / 16 + 2**-11}


@pytest.fixture
def small_checkpoint() -> Checkpoint:
    """Random weights; the width of 64 is two blocks."""
    return Checkpoint("small", SMALL, random_state(SMALL), "openai", "random", "")


@dataclass(frozen=True)
class Read:
    """One file: eleven hyperparameters, mel filters, tokens, tensors and their types."""

    hyperparameters: tuple[int, ...]
    filters: np.ndarray
    tokens: list[bytes]
    tensors: dict[str, np.ndarray]
    types: dict[str, int]


def integers(file: BinaryIO, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}i", file.read(4 * count))


def read_ggml(path: Path) -> Read:
    with path.open("rb") as file:
        assert integers(file, 1) == (0x67676D6C,)
        hyperparameters = integers(file, 11)
        rows, columns = integers(file, 2)
        filters = np.frombuffer(file.read(4 * rows * columns), "<f4").reshape(rows, columns)
        tokens = [file.read(*integers(file, 1)) for _ in range(*integers(file, 1))]
        tensors, types = {}, {}
        while head := file.read(12):
            dimensions, length, tensor_type = struct.unpack("<3i", head)
            shape = integers(file, dimensions)[::-1]
            name = file.read(length).decode()
            dtype = TENSOR_TYPES[tensor_type]
            count = int(np.prod(shape)) // (BLOCK if dtype.fields else 1)
            stored = np.frombuffer(file.read(count * dtype.itemsize), dtype)
            tensors[name] = dequantised(stored).reshape(shape)
            types[name] = tensor_type
    return Read(hyperparameters, filters, tokens, tensors, types)


def dequantised(stored: np.ndarray) -> np.ndarray:
    """ggml-quants.c: dequantize_row_q8_0, dequantize_row_q5_0."""
    if stored.dtype == Q8_0:
        return stored["scale"].astype(np.float32)[:, None] * stored["values"]
    if stored.dtype == Q5_0:
        low = stored["low_bits"]
        low = np.concatenate([low & 15, low >> 4], axis=1).astype(np.int32)
        high = stored["high_bits"][:, None] >> np.arange(BLOCK, dtype=np.uint32) & 1
        return stored["scale"].astype(np.float32)[:, None] * (low + 16 * high.astype(np.int32) - 16)
    return stored.astype(np.float32)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_file_holds_the_checkpoint_it_was_written_from(
    small_checkpoint: Checkpoint, tmp_path: Path, precision: Precision
) -> None:
    write_ggml(small_checkpoint, tmp_path / "model.bin", precision)
    read = read_ggml(tmp_path / "model.bin")
    dims = small_checkpoint.dims
    assert read.hyperparameters == (96, 50, 64, 4, 2, 20, 64, 2, 3, 80, FILE_TYPES[precision])
    assert read.filters.shape == (dims.n_mels, 201)
    assert read.filters.sum() > 0
    assert read.tokens[0] == b"!"
    assert len(read.tokens) == 50256
    assert list(read.tensors) == list(small_checkpoint.state)
    for name, weights in small_checkpoint.state.items():
        close = WORST[precision] * np.abs(weights).max()
        assert np.abs(read.tensors[name].reshape(weights.shape) - weights).max() <= close, name


@pytest.mark.parametrize(("precision", "matrix"), [("f16", 1), ("q8_0", 8), ("q5_0", 6)])
def test_what_is_added_stays_float32_and_convolutions_float16(
    small_checkpoint: Checkpoint, tmp_path: Path, precision: Precision, matrix: int
) -> None:
    write_ggml(small_checkpoint, tmp_path / "model.bin", precision)
    read = read_ggml(tmp_path / "model.bin")
    for name, tensor_type in read.types.items():
        if name.endswith(("bias", "positional_embedding", "ln.weight", "ln_post.weight")):
            assert tensor_type == 0, name
        elif "conv" in name:
            assert tensor_type == 1, name
        else:
            assert tensor_type == matrix, name
    assert read.tensors["encoder.conv1.bias"].shape == (64, 1)


@pytest.mark.parametrize("quantise", [quantise_q8_0, quantise_q5_0])
def test_a_block_of_zeros_stays_zeros(quantise: object) -> None:
    assert callable(quantise)
    assert not dequantised(quantise(np.zeros((2, BLOCK), np.float32))).any()


def test_values_are_rounded_away_from_zero_as_c_does() -> None:
    row = np.zeros((1, BLOCK), np.float32)
    row[0, :4] = 127, 0.5, -0.5, 1.5
    assert quantise_q8_0(row)["values"][0, :4].tolist() == [127, 1, -1, 2]


def test_rows_that_are_no_whole_blocks_are_refused_and_nothing_is_written(
    small_checkpoint: Checkpoint, tmp_path: Path
) -> None:
    state = {"decoder.token_embedding.weight": np.zeros((4, BLOCK + 1), np.float32)}
    with pytest.raises(ValueError, match="rows of 33 weights"):
        write_ggml(replace(small_checkpoint, state=state), tmp_path / "model.bin", "q8_0")
    assert not list(tmp_path.iterdir())
