"""Graphs of text encoders against sentence-transformers and transformers, on random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="graphs need pip install 'sotto[convert]'")

import torch
from encoding import TorchEncoder
from small_encoders import HEADS, POSITIONS, WIDTH, save, save_dense, save_pipeline
from transformers import MPNetConfig, MPNetModel

from sotto.graphs.bert import EmbeddingNorm, relative_bias

PARITY = 1e-4
"""Absolute, on values of order 1 to 6: sums in another order give some 1e-6."""

TEXTS = [
    "",
    "a",
    "the thing, the string and the ring",
    "Über den Dächern äußerst schön",
    "日本語 é ñ ?! 0123456789",
    "the quick brown fox jumps over the lazy dog " * 20,
    "\n\t ",
    "an unknown character: ∮",
]


def reference(directory: Path) -> np.ndarray:
    """What sentence-transformers makes of the texts."""
    package = pytest.importorskip("sentence_transformers")
    model = package.SentenceTransformer(str(directory), device="cpu")
    vectors: np.ndarray = model.encode(TEXTS, batch_size=3, show_progress_bar=False)
    return vectors


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "mpnet"])
def test_a_checkpoint_without_modules_is_pooled_by_the_mean_as_sentence_transformers_does(
    tmp_path: Path, family: str
) -> None:
    directory = save(family, tmp_path / family)
    encoder = TorchEncoder(directory, tmp_path / "tables")
    assert encoder.tower.longest == POSITIONS - 2
    np.testing.assert_allclose(encoder.encode(TEXTS), reference(directory), atol=PARITY, rtol=0)


@pytest.mark.parametrize("family", ["bert", "mpnet"])
@pytest.mark.parametrize("batch", [1, 3])
def test_the_first_token_pooled_and_normalised_in_batches(
    tmp_path: Path, family: str, batch: int
) -> None:
    directory = save(family, tmp_path / family)
    save_pipeline(directory, "cls", max_length=24)
    encoder = TorchEncoder(directory, tmp_path / "tables", length=32, batch=batch)
    assert encoder.tower.checkpoint.pipeline.normalize
    actual = unit(encoder.encode(TEXTS))
    np.testing.assert_allclose(actual, reference(directory), atol=PARITY, rtol=0)


def test_dense_layers_are_in_the_graph(tmp_path: Path) -> None:
    directory = save("distilbert", tmp_path / "encoder")
    save_pipeline(directory, normalize=False)
    save_dense(directory, 2, WIDTH, 20, "activation.Tanh")
    save_dense(directory, 3, 20, 12, "linear.Identity")
    encoder = TorchEncoder(directory, tmp_path / "tables")
    assert encoder.tower.dimensions == 12
    np.testing.assert_allclose(encoder.encode(TEXTS), reference(directory), atol=PARITY, rtol=0)


@pytest.mark.parametrize("activation", ["gelu_new", "quick_gelu"])
def test_the_activation_is_the_checkpoints(tmp_path: Path, activation: str) -> None:
    directory = save("bert", tmp_path / "encoder", hidden_act=activation)
    encoder = TorchEncoder(directory, tmp_path / "tables")
    expected = reference(directory)
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=PARITY, rtol=0)
    directory = save("bert", tmp_path / "other")
    other = TorchEncoder(directory, tmp_path / "other-tables").encode(TEXTS)
    assert np.abs(other - expected).max() > 2 * PARITY


def test_texts_are_made_lower_case_where_the_checkpoint_says_so(tmp_path: Path) -> None:
    directory = save("roberta", tmp_path / "encoder")
    save_pipeline(directory)
    (directory / "sentence_bert_config.json").write_text(
        '{"max_seq_length": 20, "do_lower_case": true}'
    )
    encoder = TorchEncoder(directory, tmp_path / "tables")
    assert encoder.ids("THE Ring") == encoder.ids("the ring")
    np.testing.assert_allclose(
        unit(encoder.encode(TEXTS)), reference(directory), atol=PARITY, rtol=0
    )


def test_relative_positions_fall_into_the_buckets_of_transformers() -> None:
    torch.manual_seed(0)
    length = 300  # beyond the distance from which all are one bucket
    config = MPNetConfig(vocab_size=9, hidden_size=WIDTH, num_attention_heads=HEADS)
    model = MPNetModel(config).encoder
    table = model.relative_attention_bias.weight.detach().numpy()
    expected = model.compute_position_bias(torch.zeros(1, length, WIDTH))
    actual = relative_bias({"relative_bias.weight": table}, length)
    torch.testing.assert_close(actual, expected.detach(), atol=0, rtol=0)


def test_a_row_of_padding_stays_finite_in_half_precision() -> None:
    weights = {
        "ln.weight": np.ones(8, np.float32),
        "ln.bias": np.zeros(8, np.float32),
    }
    norm = EmbeddingNorm(weights, "ln", 1e-12).half()
    rows = torch.zeros(1, 2, 8, dtype=torch.float16)
    rows[0, 1] = torch.linspace(-0.05, 0.05, 8)
    normed = norm(rows)
    assert torch.isfinite(normed).all()
    # The root of the mean of the squares of a row that is no padding: 1, within fp16's 11 bits.
    assert abs(float(normed[0, 1].float().square().mean()) - 1) < 0.01
