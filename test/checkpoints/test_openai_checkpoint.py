"""OpenAI's ``.pt`` files."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from small_whisper import (
    LARGE_V3,
    SMALL,
    TINY_EN,
    TURBO,
    random_state,
    save_openai,
    scaled_down,
)

from sotto.checkpoints import CheckpointError, WhisperDims, load_checkpoint

torch = pytest.importorskip("torch")


class Executes:
    """Runs a command where it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.witness,)


@pytest.mark.parametrize("dims", [TINY_EN, LARGE_V3, TURBO], ids=["tiny.en", "large-v3", "turbo"])
def test_every_size_loads_with_the_dims_it_was_saved_with(
    tmp_path: Path, dims: WhisperDims
) -> None:
    dims = scaled_down(dims)
    save_openai(tmp_path / "model.pt", dims, half=True)
    assert load_checkpoint(tmp_path / "model.pt").dims == dims


def test_weights_come_back_as_they_were_saved(tmp_path: Path) -> None:
    state = save_openai(tmp_path / "mine.pt")
    checkpoint = load_checkpoint(tmp_path / "mine.pt")
    assert list(checkpoint.state) == list(state)
    for key, array in checkpoint.state.items():
        np.testing.assert_array_equal(array, state[key])
    assert (checkpoint.name, checkpoint.format) == ("mine", "openai")
    assert checkpoint.source == str(tmp_path / "mine.pt")
    assert checkpoint.sha256 == hashlib.sha256((tmp_path / "mine.pt").read_bytes()).hexdigest()
    assert checkpoint.alignment_heads is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_every_precision_becomes_writable_float32(tmp_path: Path, dtype: str) -> None:
    state = random_state(SMALL)
    tensors = {key: torch.from_numpy(a).to(getattr(torch, dtype)) for key, a in state.items()}
    torch.save({"dims": asdict(SMALL), "model_state_dict": tensors}, tmp_path / "x.pt")
    for key, array in load_checkpoint(tmp_path / "x.pt").state.items():
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert array.flags.writeable
        np.testing.assert_array_equal(array, tensors[key].float().numpy())


def test_the_form_from_before_torch_1_6_loads(tmp_path: Path) -> None:
    state = random_state(SMALL)
    content = {
        "dims": asdict(SMALL),
        "model_state_dict": {key: torch.from_numpy(array) for key, array in state.items()},
    }
    torch.save(content, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    loaded = load_checkpoint(tmp_path / "old.pt").state
    np.testing.assert_array_equal(loaded["decoder.ln.bias"], state["decoder.ln.bias"])


def test_the_kind_is_told_by_content_not_by_extension(tmp_path: Path) -> None:
    save_openai(tmp_path / "weights.safetensors")
    assert load_checkpoint(tmp_path / "weights.safetensors").format == "openai"


def test_without_torch_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_openai(tmp_path / "model.pt")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(CheckpointError, match=r"needs torch: pip install 'sotto\[convert\]'"):
        load_checkpoint(tmp_path / "model.pt")


def test_a_torch_file_of_another_dictionary_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    torch.save({"optimizer": {}, "epoch": 3}, tmp_path / "train.pt")
    with pytest.raises(CheckpointError, match="holds optimizer, epoch, not dims"):
        load_checkpoint(tmp_path / "train.pt")


def test_hugging_faces_pickled_weights_are_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save({"model.encoder.layers.0.fc1.bias": torch.zeros(2)}, tmp_path / "model.bin")
    with pytest.raises(CheckpointError, match="save it with save_pretrained"):
        load_checkpoint(tmp_path)


def test_a_pickled_object_is_refused_and_not_executed(tmp_path: Path) -> None:
    witness = tmp_path / "executed"
    content = {"dims": asdict(SMALL), "model_state_dict": {}, "extra": Executes(witness)}
    torch.save(content, tmp_path / "evil.pt")
    with pytest.raises(CheckpointError, match="without running code"):
        load_checkpoint(tmp_path / "evil.pt")
    assert not witness.exists()


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, kept: float) -> None:
    save_openai(tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(CheckpointError, match=r"cut\.pt"):
        load_checkpoint(tmp_path / "cut.pt")


def test_missing_keys_are_named(tmp_path: Path) -> None:
    state = random_state(SMALL)
    del state["encoder.ln_post.bias"]
    save_openai(tmp_path / "x.pt", state=state)
    with pytest.raises(CheckpointError, match=r"missing: encoder\.ln_post\.bias"):
        load_checkpoint(tmp_path / "x.pt")


def test_a_small_file_that_claims_huge_tensors_is_refused_before_they_are_made(
    tmp_path: Path,
) -> None:
    dims = WhisperDims(80, 1 << 20, 1 << 15, 1, 1, 1 << 20, 448, 1 << 15, 1, 1)
    from sotto.checkpoints.checkpoint import expected_shapes

    tensors = {key: torch.zeros(1).expand(shape) for key, shape in expected_shapes(dims).items()}
    torch.save({"dims": asdict(dims), "model_state_dict": tensors}, tmp_path / "bomb.pt")
    assert (tmp_path / "bomb.pt").stat().st_size < 1 << 20
    with pytest.raises(CheckpointError, match="tensors claim"):
        load_checkpoint(tmp_path / "bomb.pt")


def test_integer_tensors_are_refused_by_name(tmp_path: Path) -> None:
    tensors = {key: torch.from_numpy(array) for key, array in random_state(SMALL).items()}
    tensors["decoder.ln.bias"] = torch.zeros(SMALL.n_text_state, dtype=torch.int64)
    torch.save({"dims": asdict(SMALL), "model_state_dict": tensors}, tmp_path / "x.pt")
    with pytest.raises(CheckpointError, match=r"decoder\.ln\.bias is not a plain tensor"):
        load_checkpoint(tmp_path / "x.pt")
