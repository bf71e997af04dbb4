"""CTranslate2 models, written by CTranslate2's own converter where it is installed."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from small_whisper import SMALL, ctranslate2_bytes, ctranslate2_variables, random_state

from sotto.checkpoints import CheckpointError, load_checkpoint
from sotto.checkpoints.checkpoint import State

# Half a unit in the last place; for int8 and int16, half a step of max |w| / 127 and
# max |w| / 2**10, where |w| is below 1.2. Tensors that stay float are exact or float16.
TOLERANCE = {
    "float32": 0.0,
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
    "int8": 0.6 / 127,
    "int8_float16": 0.6 / 127,
    "int16": 0.6 / 2**10,
}


@pytest.fixture
def state() -> State:
    return random_state(SMALL)


@pytest.fixture
def variables(state: State) -> dict[str, np.ndarray]:
    return ctranslate2_variables(SMALL, state)


def split(path: Path, content: bytes, *names: str) -> list[Path]:
    """Write ``content`` in as many nearly equal pieces as ``names``, under ``path``."""
    path.mkdir(parents=True, exist_ok=True)
    step = len(content) // len(names) + 1
    for index, name in enumerate(names):
        (path / name).write_bytes(content[index * step : (index + 1) * step])
    return [path / name for name in names]


@pytest.mark.parametrize("quantization", TOLERANCE)
def test_what_ctranslate2_converts_is_the_model_it_was_converted_from(
    huggingface_whisper: Path, tmp_path: Path, quantization: str
) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2")
    converter = ctranslate2.converters.TransformersConverter(str(huggingface_whisper))
    converter.convert(str(tmp_path / "model"), quantization=quantization)
    original, converted = load_checkpoint(huggingface_whisper), load_checkpoint(tmp_path / "model")
    assert converted.format == "ctranslate2"
    assert converted.dims == original.dims
    assert list(converted.state) == list(original.state)
    for key, array in original.state.items():
        assert converted.state[key].dtype == np.float32
        assert np.abs(array).max() < 1.2
        np.testing.assert_allclose(
            converted.state[key], array, rtol=0, atol=TOLERANCE[quantization], err_msg=key
        )


def test_arrays_that_ctranslate2_stores_once_for_their_equal_value_are_all_there(
    huggingface_whisper: Path, tmp_path: Path
) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2")
    transformers = pytest.importorskip("transformers")
    import torch

    model = transformers.WhisperForConditionalGeneration.from_pretrained(huggingface_whisper)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.5)
    model.save_pretrained(tmp_path / "constant")
    for file in huggingface_whisper.glob("tokenizer*"):
        (tmp_path / "constant" / file.name).write_bytes(file.read_bytes())
    converter = ctranslate2.converters.TransformersConverter(str(tmp_path / "constant"))
    converter.convert(str(tmp_path / "model"), quantization="int8")
    for key, array in load_checkpoint(tmp_path / "model").state.items():
        np.testing.assert_allclose(array, 0.5, atol=TOLERANCE["int8"], err_msg=key)


def test_name_digest_and_alignment_heads_are_the_directorys(
    tmp_path: Path, variables: dict[str, np.ndarray]
) -> None:
    content = ctranslate2_bytes(variables)
    (tmp_path / "whisper-mine.v2").mkdir()
    (tmp_path / "whisper-mine.v2" / "model.bin").write_bytes(content)
    config = {"alignment_heads": [[0, 1], [2, 0]]}
    (tmp_path / "whisper-mine.v2" / "config.json").write_text(json.dumps(config))
    for path in (tmp_path / "whisper-mine.v2", tmp_path / "whisper-mine.v2" / "model.bin"):
        checkpoint = load_checkpoint(path)
        assert checkpoint.name == "whisper-mine.v2"
        assert checkpoint.sha256 == hashlib.sha256(content).hexdigest()
        assert checkpoint.alignment_heads == [(0, 1), (2, 0)]


@pytest.mark.parametrize(
    "names",
    [
        ["model.bin.part1", "model.bin.part2"],
        ["model.bin.part00", "model.bin.part01", "model.bin.part02"],
        [f"model.bin.part{number}" for number in range(1, 13)],
    ],
    ids=["from 1", "from 00", "twelve"],
)
def test_a_split_model_is_read_from_its_directory_or_any_of_its_parts(
    tmp_path: Path, state: State, variables: dict[str, np.ndarray], names: list[str]
) -> None:
    content = ctranslate2_bytes(variables)
    parts = split(tmp_path, content, *names)
    for path in (tmp_path, parts[0], parts[-1]):
        checkpoint = load_checkpoint(path)
        assert checkpoint.sha256 == hashlib.sha256(content).hexdigest()
        for key, array in checkpoint.state.items():
            np.testing.assert_array_equal(array, state[key])


def test_parts_that_lie_apart_are_given_in_order(
    tmp_path: Path, state: State, variables: dict[str, np.ndarray]
) -> None:
    content = ctranslate2_bytes(variables)
    one, two = tmp_path / "one", tmp_path / "two"
    parts = split(tmp_path, content, "one", "two")
    checkpoint = load_checkpoint(parts)
    assert checkpoint.sha256 == hashlib.sha256(content).hexdigest()
    np.testing.assert_array_equal(checkpoint.state["decoder.ln.bias"], state["decoder.ln.bias"])
    with pytest.raises(CheckpointError, match="order"):
        load_checkpoint([two, one])


def test_a_missing_middle_part_is_named(tmp_path: Path, variables: dict[str, np.ndarray]) -> None:
    names = [f"model.bin.part{number}" for number in (1, 2, 3)]
    split(tmp_path, ctranslate2_bytes(variables), *names)[1].unlink()
    with pytest.raises(CheckpointError, match="part 2 is missing"):
        load_checkpoint(tmp_path)


def test_a_missing_last_part_is_told_as_a_truncation(
    tmp_path: Path, variables: dict[str, np.ndarray]
) -> None:
    split(tmp_path, ctranslate2_bytes(variables), "model.bin.part1", "model.bin.part2")[1].unlink()
    with pytest.raises(CheckpointError, match=r"truncated.*pass all of its parts"):
        load_checkpoint(tmp_path)


def test_a_given_part_that_is_not_there_is_named(
    tmp_path: Path, variables: dict[str, np.ndarray]
) -> None:
    first, second = split(tmp_path, ctranslate2_bytes(variables), "model.bin.part1", "other")
    second.unlink()
    with pytest.raises(CheckpointError, match=r"other: no such file"):
        load_checkpoint([first, second])


def test_reading_needs_no_torch(tmp_path: Path, variables: dict[str, np.ndarray]) -> None:
    import subprocess
    import sys

    (tmp_path / "model.bin").write_bytes(ctranslate2_bytes(variables))
    program = (
        "import sys; sys.modules['torch'] = sys.modules['safetensors'] = None;"
        "from sotto.checkpoints import load_checkpoint; load_checkpoint(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spec": "TransformerSpec"}, "model of TransformerSpec revision 3; only WhisperSpec"),
        ({"revision": 4}, "WhisperSpec revision 4"),
        ({"version": 7}, "binary version 7; 4 to 6 are supported"),
        ({"aliases": {"a": "nothing"}}, "alias a of nothing clashes or names nothing"),
    ],
)
def test_a_model_of_another_class_or_version_is_refused(
    tmp_path: Path, variables: dict[str, np.ndarray], options: dict[str, object], message: str
) -> None:
    content = ctranslate2_bytes(variables, **options)  # type: ignore[arg-type]
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("decoder/activation", np.int8(0), "decoder/activation is 0, 3 in a Whisper"),
        ("decoder/layer_0/attention/linear_1/bias", None, "missing: decoder.blocks.0.cross_attn"),
        ("encoder/num_heads", None, "lacks encoder/num_heads"),
        ("encoder/num_heads", np.int16(3), "not a multiple of n_audio_head 3"),
        ("decoder/embeddings/weight", None, "no decoder/embeddings/weight"),
        ("decoder/extra/weight", np.ones((2, 2), np.float32), "unknown: decoder/extra/weight"),
        ("decoder/layer_999999/x", np.int8(1), "n_text_layer is 1000000"),
        ("encoder/conv1/bias", np.ones(3, np.float32), r"conv1.bias is \[3\] but should be \[64\]"),
        ("encoder/conv1/bias", np.ones(64, np.int8), "int8 without a scale"),
        ("encoder/conv1/bias", np.full(64, np.inf, np.float32), "not finite in encoder.conv1.bias"),
        ("decoder/projection/weight", np.ones((96, 64), np.float32), "projection/weight differs"),
        (
            "encoder/layer_0/self_attention/linear_0/bias",
            np.ones(192, np.float32),
            "gives the key a bias",
        ),
    ],
)
def test_a_model_that_is_not_a_whole_whisper_is_refused_by_name(
    tmp_path: Path,
    variables: dict[str, np.ndarray],
    name: str,
    value: np.ndarray | None,
    message: str,
) -> None:
    if value is None:
        del variables[name]
    else:
        variables[name] = np.asarray(value)
    (tmp_path / "model.bin").write_bytes(ctranslate2_bytes(variables))
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path)


def test_a_scale_of_zero_is_refused(tmp_path: Path, variables: dict[str, np.ndarray]) -> None:
    variables["encoder/conv1/weight"] = np.ones((64, 80, 3), np.int8)
    variables["encoder/conv1/weight_scale"] = np.zeros(64, np.float32)
    (tmp_path / "model.bin").write_bytes(ctranslate2_bytes(variables))
    with pytest.raises(CheckpointError, match=r"scale of encoder/conv1/weight is not positive"):
        load_checkpoint(tmp_path)


def test_bytes_after_the_model_are_refused(
    tmp_path: Path, variables: dict[str, np.ndarray]
) -> None:
    (tmp_path / "model.bin").write_bytes(ctranslate2_bytes(variables) + b"more")
    with pytest.raises(CheckpointError, match=re.escape("4 bytes after the end")):
        load_checkpoint(tmp_path)
