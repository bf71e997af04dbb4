"""What is read of a text encoder's checkpoint, and what is refused with which words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers", reason="small checkpoints are saved by it")

from safetensors.numpy import load_file, save_file
from small_encoders import POSITIONS, WIDTH, change_json, save, save_dense, save_pipeline

from sotto.checkpoints.encoder_load import load_encoder
from sotto.checkpoints.identify import Identified, identify
from sotto.errors import CheckpointError
from sotto.export.embedding.families import EmbeddingOptions, read_embedding_source
from sotto.export.embedding.text import read_text_model

Spoil = Callable[[Path], object]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = save("bert", tmp_path_factory.mktemp("saved") / "small-bert")
    save_pipeline(directory)
    return directory


@pytest.fixture
def directory(saved: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(saved, tmp_path / "small-bert"))


def edit_weights(change: Callable[[dict[str, np.ndarray]], object]) -> Spoil:
    def spoil(directory: Path) -> None:
        state = load_file(directory / "model.safetensors")
        change(state)
        save_file(state, directory / "model.safetensors")

    return spoil


def edit(file: str, **changes: object) -> Spoil:
    return lambda directory: change_json(directory / file, **changes)


def test_weights_and_pipeline_are_the_checkpoints(saved: Path) -> None:
    checkpoint = load_encoder(saved)
    stored = load_file(saved / "model.safetensors")
    np.testing.assert_array_equal(
        checkpoint.state["blocks.1.attn.out.weight"],
        stored["encoder.layer.1.attention.output.dense.weight"],
    )
    assert (checkpoint.name, checkpoint.family) == ("small-bert", "bert")
    assert (checkpoint.dims.n_state, checkpoint.dims.longest) == (WIDTH, POSITIONS)
    assert (checkpoint.pipeline.pooling, checkpoint.pipeline.max_length) == ("mean", 40)
    assert checkpoint.epsilon == 1e-12


@pytest.mark.parametrize("prefix", ["bert.", "model.", "model.bert."])
def test_prefixes_of_models_with_a_head_are_left_out(directory: Path, prefix: str) -> None:
    expected = load_encoder(directory).state
    state = load_file(directory / "model.safetensors")
    state = {f"{prefix}{key}": value for key, value in state.items()}
    state["cls.predictions.bias"] = np.zeros(3, np.float32)
    save_file(state, directory / "model.safetensors")
    actual = load_encoder(directory).state
    assert actual.keys() == expected.keys()
    np.testing.assert_array_equal(actual["embedding_ln.bias"], expected["embedding_ln.bias"])


def test_the_spelling_of_older_norms_is_understood(directory: Path) -> None:
    expected = load_encoder(directory).state
    state = load_file(directory / "model.safetensors")
    older = {
        key.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): value
        for key, value in state.items()
    }
    assert older.keys() != state.keys()
    save_file(older, directory / "model.safetensors")
    actual = load_encoder(directory).state["blocks.0.mlp_ln.weight"]
    np.testing.assert_array_equal(actual, expected["blocks.0.mlp_ln.weight"])


def test_half_precision_weights_are_read(directory: Path) -> None:
    expected = load_encoder(directory).state["token_embedding.weight"]
    edit_weights(lambda s: s.update({k: v.astype(np.float16) for k, v in s.items()}))(directory)
    actual = load_encoder(directory).state["token_embedding.weight"]
    assert actual.dtype == np.float32
    np.testing.assert_array_equal(actual, expected.astype(np.float16))


def test_the_encoder_may_lie_in_its_modules_folder(saved: Path, tmp_path: Path) -> None:
    directory = tmp_path / "nested"
    inner = directory / "0_Transformer"
    shutil.copytree(saved, inner)
    for name in ("modules.json", "1_Pooling", "config_sentence_transformers.json"):
        shutil.move(inner / name, directory / name)
    modules = json.loads((directory / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (directory / "modules.json").write_text(json.dumps(modules))
    assert identify(str(directory)).model_type == "bert"
    assert load_encoder(directory).pipeline.max_length == 40


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta"])
def test_a_tokenizer_is_built_of_an_older_vocabulary(tmp_path: Path, family: str) -> None:
    directory = save(family, tmp_path / family)
    texts = ["the string, 42 times", "ÄÉ!", "日本語"]
    first = read_text_model(directory).towers[0].tokenizer
    expected = [first.encode(text).ids for text in texts]
    (directory / "tokenizer.json").unlink()
    second = read_text_model(directory).towers[0].tokenizer
    assert [second.encode(text).ids for text in texts] == expected


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: (d / "config.json").unlink(), "can't read .*config.json"),
        (lambda d: (d / "config.json").write_text("{"), "config.json is not valid JSON"),
        (edit("config.json", hidden_size=None), "config.json lacks hidden_size"),
        (edit("config.json", hidden_size=50), "width 50 is not a multiple of 4 heads"),
        (edit("config.json", hidden_size=96), "does not hold a whole bert encoder.*wrong shape"),
        (edit("config.json", num_hidden_layers=10**9), "n_layer is 1000000000, not an integer"),
        (edit("config.json", num_hidden_layers=4), "missing: blocks.3.attn.query.weight"),
        (edit("config.json", num_hidden_layers=2), "unknown: encoder.layer.2"),
        (edit("config.json", vocab_size=-1), "n_vocab is -1"),
        (edit("config.json", vocab_size="many"), "n_vocab is 'many'"),
        (edit("config.json", hidden_act="relu"), "hidden_act is 'relu'"),
        (edit("config.json", hidden_act=["gelu"]), "hidden_act is"),
        (edit("config.json", is_decoder=True), "is_decoder is True, but only False"),
        (edit("config.json", position_embedding_type="relative_key"), "only 'absolute'"),
        (edit("config.json", layer_norm_eps=float("nan")), "layer_norm_eps is nan"),
        (edit("config.json", pad_token_id=10**6), "pad_token_id 1000000 is outside"),
        (
            edit_weights(lambda s: s.pop("embeddings.LayerNorm.bias")),
            "missing: embedding_ln.bias",
        ),
        (
            edit_weights(lambda s: s.update(adapter=np.zeros(2, np.float32))),
            "unknown: adapter",
        ),
        (
            edit_weights(lambda s: s["encoder.layer.0.output.dense.bias"].fill(np.nan)),
            "not finite in blocks.0.mlp.2.bias",
        ),
        (
            lambda d: (d / "model.safetensors").write_bytes(
                (d / "model.safetensors").read_bytes()[:-100]
            ),
            "can't be read as safetensors",
        ),
        (lambda d: (d / "model.safetensors").unlink(), "a directory without a checkpoint"),
        (lambda d: (d / "modules.json").write_text("{}"), "does not hold a JSON list"),
        (edit("1_Pooling/config.json", pooling_mode_max_tokens=True), "by max and mean"),
        (edit("1_Pooling/config.json", pooling_mode="lasttoken"), "pooled by lasttoken"),
        (edit("1_Pooling/config.json", word_embedding_dimension=0), "the width of tokens is 0"),
        (edit("sentence_bert_config.json", max_seq_length=1), "max_seq_length is 1"),
        (edit("sentence_bert_config.json", do_lower_case="yes"), "do_lower_case is 'yes'"),
        (edit("config_sentence_transformers.json", prompts=["a"]), "prompts is not an object"),
        (
            edit("config_sentence_transformers.json", default_prompt_name="none"),
            "default_prompt_name 'none' is none of",
        ),
    ],
)
def test_a_damaged_checkpoint_says_what_is_wrong(
    directory: Path, spoil: Spoil, message: str
) -> None:
    spoil(directory)
    with pytest.raises(CheckpointError, match=message):
        load_encoder(directory)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            {"type": "my_package.Pooling", "path": "1_Pooling"},
            "code of a checkpoint is not executed",
        ),
        ({"type": "sentence_transformers.models.LSTM", "path": "1_LSTM"}, "Transformer, LSTM"),
        ({"type": "sentence_transformers.models.Pooling", "path": "../x"}, "is no folder in it"),
        ({"type": "sentence_transformers.models.Pooling", "path": ".."}, "is no folder in it"),
        ({"type": 7, "path": ""}, "module of type 7"),
    ],
)
def test_modules_that_the_graphs_lack_are_named(
    directory: Path, module: dict[str, object], message: str
) -> None:
    modules = json.loads((directory / "modules.json").read_text())
    (directory / "modules.json").write_text(json.dumps([modules[0], module]))
    with pytest.raises(CheckpointError, match=message):
        load_encoder(directory)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (edit("2_Dense/config.json", in_features=7), "a Dense layer of 7 to 12, expected 48"),
        (edit("2_Dense/config.json", activation_function="os.system"), "activation_function is os"),
        (edit("2_Dense/config.json", use_residual=True), "use_residual True is not supported"),
        (edit("2_Dense/config.json", bias=False), "unknown: linear.bias"),
        (
            lambda d: (d / "2_Dense/model.safetensors").unlink(),
            "is a directory without a checkpoint",
        ),
    ],
)
def test_damaged_dense_layers_say_what_is_wrong(
    directory: Path, spoil: Spoil, message: str
) -> None:
    save_dense(directory, 2, WIDTH, 12, "activation.Tanh")
    assert load_encoder(directory).pipeline.dense[0].dimensions == 12
    spoil(directory)
    with pytest.raises(CheckpointError, match=message):
        load_encoder(directory)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: (d / "tokenizer.json").write_text("[]"), "tokenizer in .* can't be read"),
        (
            lambda d: [(d / file).unlink() for file in ("tokenizer.json", "vocab.txt")],
            "has no tokenizer: looked for tokenizer.json, vocab.txt",
        ),
    ],
)
def test_a_damaged_tokenizer_says_what_is_wrong(
    directory: Path, spoil: Spoil, message: str
) -> None:
    spoil(directory)
    with pytest.raises(CheckpointError, match=message):
        read_text_model(directory)


def test_a_tokenizer_of_another_model_is_refused(directory: Path) -> None:
    larger = save("roberta", directory.parent / "roberta")
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(larger / file, directory / file)
    with pytest.raises(CheckpointError, match="they are not of one model"):
        read_text_model(directory)


def test_what_has_no_graph_is_named_with_the_nearest_that_have(directory: Path) -> None:
    change_json(directory / "config.json", model_type="albert")
    with pytest.raises(CheckpointError, match=r"'albert' model.*the nearest are .*bert"):
        read_embedding_source(identify(str(directory)), EmbeddingOptions())


def test_an_unknown_name_is_told_with_the_names_that_there_are() -> None:
    with pytest.raises(CheckpointError, match="Did you mean all-MiniLM-L6-v2"):
        identify("all-MiniLM-L6-v1")
    with pytest.raises(CheckpointError, match=r"no such file or directory.*large-v3-turbo"):
        identify("models/nowhere")


def test_a_whisper_is_identified_by_name_or_content(tmp_path: Path) -> None:
    assert identify("base") == Identified("whisper", "base", None)
    (tmp_path / "config.json").write_text('{"model_type": "whisper"}')
    assert identify(str(tmp_path)).model_type == "whisper"
    (tmp_path / "config.json").write_text('{"alignment_heads": []}')  # CTranslate2's
    assert identify(str(tmp_path)).model_type == "whisper"
