"""Rows of the mapped embedding table against NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sotto import _runtime
from sotto.errors import BundleError, ModelError


def save(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


@pytest.mark.parametrize("width", [1, 7, 64, 385])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_float_rows_are_numpys(tmp_path: Path, dtype: type, width: int) -> None:
    table = np.random.default_rng(0).normal(size=(50, width)).astype(dtype)
    rows = _runtime.EmbeddingTable(save(tmp_path / "t.npy", table), None, 50, width)
    for token in range(50):
        assert np.array_equal(rows.row(token), table[token].astype(np.float32))


def test_every_half_is_converted_exactly(tmp_path: Path) -> None:
    table = np.arange(65536, dtype=np.uint16).view(np.float16).reshape(256, 256)
    rows = _runtime.EmbeddingTable(save(tmp_path / "t.npy", table), None, 256, 256)
    ours = np.stack([rows.row(token) for token in range(256)])
    expected = table.astype(np.float32)
    number = ~np.isnan(expected)
    assert np.array_equal(ours[number].view(np.uint32), expected[number].view(np.uint32))
    assert np.isnan(ours[~number]).all()


def test_int8_rows_are_scaled(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    table = generator.integers(-128, 128, (60, 33)).astype(np.int8)
    scales = generator.uniform(1e-4, 1e-2, 60).astype(np.float32)
    rows = _runtime.EmbeddingTable(
        save(tmp_path / "t.npy", table), save(tmp_path / "s.npy", scales), 60, 33
    )
    for token in range(60):
        assert np.array_equal(rows.row(token), table[token].astype(np.float32) * scales[token])


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_both_npy_versions_are_read(tmp_path: Path, version: tuple[int, int]) -> None:
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    with (tmp_path / "t.npy").open("wb") as file:
        np.lib.format.write_array(file, table, version)
    rows = _runtime.EmbeddingTable(tmp_path / "t.npy", None, 4, 3)
    assert np.array_equal(rows.row(3), table[3])


def test_a_token_outside_the_table_is_a_model_error(tmp_path: Path) -> None:
    rows = _runtime.EmbeddingTable(
        save(tmp_path / "t.npy", np.ones((4, 3), np.float32)), None, 4, 3
    )
    for token in (-1, 4):
        with pytest.raises(ModelError, match=f"token {token}"):
            rows.row(token)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.ones((4, 3)), "'<f4'"),
        (np.ones((4, 3), np.int32), "'<f4'"),
        (np.ones((4, 3), ">f4"), "'<f4'"),
        (np.asfortranarray(np.ones((4, 3), np.float32)), "Fortran"),
        (np.ones((3, 4), np.float32), r"holds float32 \[3, 4\]; expected float32 \[4, 3\]"),
        (np.ones(12, np.float32), r"holds float32 \[12\]"),
        (np.ones((4, 3), np.int8), "without the scales"),
    ],
)
def test_a_table_that_is_not_as_expected_is_a_bundle_error(
    tmp_path: Path, table: np.ndarray, message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        _runtime.EmbeddingTable(save(tmp_path / "t.npy", table), None, 4, 3)


def test_a_table_that_is_cut_short_is_a_bundle_error(tmp_path: Path) -> None:
    path = save(tmp_path / "t.npy", np.ones((4, 3), np.float32))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BundleError, match="damaged"):
        _runtime.EmbeddingTable(path, None, 4, 3)
