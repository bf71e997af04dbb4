"""Hugging Face directories, written by transformers itself."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_whisper import SMALL

from sotto.checkpoints import CheckpointError, load_checkpoint
from sotto.checkpoints.checkpoint import expected_shapes
from sotto.checkpoints.huggingface import huggingface_key

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")


@pytest.fixture
def directory(huggingface_whisper: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(huggingface_whisper, tmp_path / "copy"))


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_converted_model_gives_the_logits_of_transformers(
    huggingface_whisper: Path, log_mel: np.ndarray
) -> None:
    whisper = pytest.importorskip("whisper")
    theirs = transformers.WhisperForConditionalGeneration.from_pretrained(huggingface_whisper)
    checkpoint = load_checkpoint(huggingface_whisper)
    ours = whisper.model.Whisper(checkpoint.dims)
    state = {key: torch.from_numpy(array) for key, array in checkpoint.state.items()}
    ours.load_state_dict(state, strict=True)
    mel, tokens = torch.from_numpy(log_mel), torch.tensor([[1, 5, 9, 30, 95]])
    with torch.no_grad():
        expected = theirs.eval()(input_features=mel, decoder_input_ids=tokens).logits
        actual = ours.eval()(mel, tokens)
    # Sums over 64 to 256 products in another order, on logits up to 10.
    torch.testing.assert_close(actual, expected, atol=1e-4, rtol=0)


def test_keys_map_one_to_one_onto_those_of_transformers(huggingface_whisper: Path) -> None:
    theirs = transformers.WhisperForConditionalGeneration.from_pretrained(huggingface_whisper)
    mapped = {huggingface_key(key) for key in expected_shapes(SMALL)}
    assert mapped == set(theirs.state_dict()) - {"proj_out.weight"}
    assert len(mapped) == len(expected_shapes(SMALL))


def test_name_digest_and_alignment_heads_are_the_directorys(huggingface_whisper: Path) -> None:
    checkpoint = load_checkpoint(huggingface_whisper)
    weights = (huggingface_whisper / "model.safetensors").read_bytes()
    assert checkpoint.name == "whisper-small-random"
    assert checkpoint.format == "huggingface"
    assert checkpoint.dims == SMALL
    assert checkpoint.sha256 == hashlib.sha256(weights).hexdigest()
    assert checkpoint.alignment_heads == [(1, 0), (2, 1)]


def test_a_path_to_the_weights_file_is_the_directory(huggingface_whisper: Path) -> None:
    checkpoint = load_checkpoint(huggingface_whisper / "model.safetensors")
    assert checkpoint.name == "whisper-small-random"


def test_sharded_weights_are_the_whole_model(huggingface_whisper: Path, tmp_path: Path) -> None:
    model = transformers.WhisperForConditionalGeneration.from_pretrained(huggingface_whisper)
    model.save_pretrained(tmp_path / "sharded", max_shard_size="200KB")
    shards = sorted((tmp_path / "sharded").glob("*.safetensors"))
    assert len(shards) > 1
    whole, sharded = load_checkpoint(huggingface_whisper), load_checkpoint(tmp_path / "sharded")
    for key, array in whole.state.items():
        np.testing.assert_array_equal(sharded.state[key], array)
    joined = b"".join(shard.read_bytes() for shard in shards)
    assert sharded.sha256 == hashlib.sha256(joined).hexdigest()


def test_a_missing_shard_is_named(huggingface_whisper: Path, tmp_path: Path) -> None:
    model = transformers.WhisperForConditionalGeneration.from_pretrained(huggingface_whisper)
    model.save_pretrained(tmp_path / "sharded", max_shard_size="200KB")
    shard = sorted((tmp_path / "sharded").glob("*.safetensors"))[1]
    shard.unlink()
    with pytest.raises(CheckpointError, match=shard.name):
        load_checkpoint(tmp_path / "sharded")


def test_an_index_that_leads_out_of_its_directory_is_refused(directory: Path) -> None:
    index = {"weight_map": {"proj_out.weight": "../../model.safetensors"}}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match="not a file beside it"):
        load_checkpoint(directory)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_every_precision_is_read_exactly(directory: Path, dtype: str) -> None:
    path = directory / "model.safetensors"
    tensors = safetensors_torch.load_file(path)
    tensors = {key: value.to(getattr(torch, dtype)) for key, value in tensors.items()}
    safetensors_torch.save_file(tensors, path)
    for key, array in load_checkpoint(directory).state.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, tensors[huggingface_key(key)].float().numpy())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_reading_needs_neither_torch_nor_a_bfloat16_type(directory: Path, dtype: str) -> None:
    path = directory / "model.safetensors"
    tensors = safetensors_torch.load_file(path)
    safetensors_torch.save_file(
        {key: value.to(getattr(torch, dtype)) for key, value in tensors.items()}, path
    )
    program = (
        "import sys; sys.modules['torch'] = sys.modules['ml_dtypes'] = None;"
        "from sotto.checkpoints import load_checkpoint; load_checkpoint(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", program, directory], check=True)


def test_a_model_saved_without_its_head_loads(huggingface_whisper: Path, tmp_path: Path) -> None:
    model = transformers.WhisperForConditionalGeneration.from_pretrained(huggingface_whisper)
    model.model.save_pretrained(tmp_path / "headless")
    whole, headless = load_checkpoint(huggingface_whisper), load_checkpoint(tmp_path / "headless")
    for key, array in whole.state.items():
        np.testing.assert_array_equal(headless.state[key], array)


def test_an_output_projection_that_is_not_tied_is_refused(directory: Path) -> None:
    path = directory / "model.safetensors"
    tensors = safetensors_torch.load_file(path)
    tensors["proj_out.weight"] = tensors["model.decoder.embed_tokens.weight"] + 1
    safetensors_torch.save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"proj_out\.weight differs"):
        load_checkpoint(directory)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "wav2vec2"}, "model_type is 'wav2vec2'"),
        ({"activation_function": "relu"}, "activation_function is 'relu'"),
        ({"encoder_layers": 3}, r"missing: encoder\.blocks\.2\."),
        ({"encoder_layers": 1}, r"unknown: .*encoder\.layers\.1\."),
        ({"vocab_size": 97}, r"token_embedding\.weight is \[96, 64\] but should be \[97, 64\]"),
        ({"encoder_attention_heads": "4"}, "n_audio_head is '4'"),
    ],
)
def test_a_configuration_that_disagrees_is_refused_by_name(
    directory: Path, changes: dict[str, object], message: str
) -> None:
    edit(directory / "config.json", **changes)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(directory)


def test_a_configuration_that_is_not_json_is_refused(directory: Path) -> None:
    (directory / "config.json").write_text("{" * 100_000)
    with pytest.raises(CheckpointError, match="not valid JSON"):
        load_checkpoint(directory)


def test_a_missing_configuration_is_named(directory: Path) -> None:
    (directory / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        load_checkpoint(directory)


@pytest.mark.parametrize("heads", [[[3, 0]], [[0, 2]], [[0]], "0,1", [["0", 1]]])
def test_alignment_heads_out_of_range_are_refused(directory: Path, heads: object) -> None:
    edit(directory / "generation_config.json", alignment_heads=heads)
    with pytest.raises(CheckpointError, match="alignment_heads"):
        load_checkpoint(directory)


@pytest.mark.parametrize("kept", [0.001, 0.5, 0.999])
def test_truncated_safetensors_are_refused(directory: Path, kept: float) -> None:
    path = directory / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(CheckpointError, match=r"truncated or damaged"):
        load_checkpoint(directory)


def test_integer_weights_are_refused_by_name(directory: Path) -> None:
    path = directory / "model.safetensors"
    tensors = safetensors_torch.load_file(path)
    tensors["model.decoder.layer_norm.bias"] = torch.zeros(SMALL.n_text_state, dtype=torch.int8)
    safetensors_torch.save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"layer_norm\.bias is I8"):
        load_checkpoint(directory)
