"""A text encoder's weights in Parquet and Arrow: `sotto convert` writes them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers", reason="small checkpoints are saved by it")
pytest.importorskip("pyarrow")

from safetensors.numpy import load_file, save_file
from small_encoders import WIDTH, save, save_dense, save_pipeline
from typer.testing import CliRunner

from sotto.checkpoints import load_checkpoint
from sotto.checkpoints.arrow_file import write_tensors
from sotto.checkpoints.encoder_load import load_encoder
from sotto.checkpoints.identify import identify
from sotto.cli import app
from sotto.errors import CheckpointError
from sotto.export.embedding.text import read_text_model

WEIGHTS = ["model.parquet", "model.arrow"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = save("bert", tmp_path_factory.mktemp("saved") / "small-bert")
    save_pipeline(directory)
    save_dense(directory, 2, WIDTH, 8, "activation.Tanh")
    return directory


@pytest.fixture
def directory(saved: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(saved, tmp_path / "small-bert"))


def convert(checkpoint: Path, out: Path) -> str:
    """Writes weights by the command; gives what it says."""
    done = CliRunner().invoke(app, ["convert", str(checkpoint), "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    return str(done.stderr)


@pytest.fixture(params=WEIGHTS)
def in_arrow(directory: Path, request: pytest.FixtureRequest) -> Path:
    """The encoder with its weights in Parquet or Arrow instead of safetensors."""
    for folder in (directory, directory / "2_Dense"):
        if folder.name == "2_Dense":  # the command writes an encoder's own weights alone
            state = load_file(folder / "model.safetensors")
            write_tensors(state.items(), folder / request.param, "encoder", {})
        else:
            convert(folder, folder / request.param)
        (folder / "model.safetensors").unlink()
    return directory


def test_weights_come_back_bit_for_bit(saved: Path, in_arrow: Path) -> None:
    expected, found = load_encoder(saved), load_encoder(in_arrow)
    assert (found.format, expected.format) == ("arrow", "huggingface")
    assert found.state.keys() == expected.state.keys()
    for key, array in expected.state.items():
        np.testing.assert_array_equal(found.state[key].view(np.uint32), array.view(np.uint32))
    for dense, exactly in zip(found.pipeline.dense, expected.pipeline.dense, strict=True):
        np.testing.assert_array_equal(dense.state["linear.weight"], exactly.state["linear.weight"])


def test_weights_in_ipc_are_mapped(directory: Path) -> None:
    convert(directory, directory / "model.arrow")
    (directory / "model.safetensors").unlink()
    state = load_encoder(directory).state
    assert not any(array.flags.writeable for array in state.values())  # views of the file


def test_what_graphs_are_compared_with_is_read_from_them_too(saved: Path, in_arrow: Path) -> None:
    ids = (2, 9, 12, 7, 3)
    (expected,), (found,) = (read_text_model(each).towers for each in (saved, in_arrow))
    np.testing.assert_array_equal(found._reference_vector(ids), expected._reference_vector(ids))


def test_the_file_stands_for_its_folder(in_arrow: Path) -> None:
    file = next(in_arrow / name for name in WEIGHTS if (in_arrow / name).is_file())
    found = identify(str(file))
    assert (found.model_type, found.path) == ("bert", in_arrow)


def test_weights_alone_say_where_they_belong(saved: Path, tmp_path: Path) -> None:
    convert(saved, tmp_path / "bert.parquet")
    with pytest.raises(CheckpointError, match=r"called model\.arrow or model\.parquet, beside con"):
        identify(str(tmp_path / "bert.parquet"))
    with pytest.raises(CheckpointError, match="kind encoder, not of a Whisper"):
        load_checkpoint(tmp_path / "bert.parquet")


def test_weights_of_another_kind_are_refused(directory: Path) -> None:
    (directory / "model.safetensors").unlink()
    write_tensors([("a", np.zeros(1, np.float32))], directory / "model.arrow", "vad", {})
    with pytest.raises(CheckpointError, match="holds weights of kind vad, and an encoder's"):
        load_encoder(directory)


def test_what_is_no_tensor_of_floats_is_left_out(directory: Path, tmp_path: Path) -> None:
    state = load_file(directory / "model.safetensors")
    state["embeddings.position_ids"] = np.arange(4)[None]
    save_file(state, directory / "model.safetensors")
    convert(directory, directory / "model.arrow")
    (directory / "model.safetensors").unlink()
    assert load_encoder(directory).state


def test_a_missing_tensor_is_named(directory: Path) -> None:
    state = load_file(directory / "model.safetensors")
    (directory / "model.safetensors").unlink()
    state.pop("encoder.layer.1.output.dense.bias")
    write_tensors(state.items(), directory / "model.parquet", "encoder", {})
    with pytest.raises(CheckpointError, match=r"missing: blocks\.1"):
        load_encoder(directory)
