"""The graphs of CLIP, SigLIP and ViT give what transformers' classes give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers", reason="its classes are the reference")

import small_image_text as encoders  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

from sotto.checkpoints import CheckpointError  # noqa: E402
from sotto.checkpoints.image_text import ImageTextCheckpoint  # noqa: E402
from sotto.checkpoints.image_text_layout import today  # noqa: E402
from sotto.checkpoints.image_text_reader import read_image_text  # noqa: E402
from sotto.checkpoints.recognise import encoder_weights  # noqa: E402
from sotto.export.embedding.image_text import image_graph, text_graph  # noqa: E402

# Sums in float32 in another order, through three blocks or twelve, on vectors of some 1 to 10.
TOLERANCE = 1e-4


def read(folder: Path) -> ImageTextCheckpoint:
    return read_image_text(encoder_weights(folder), folder.name)


def pixels(batch: int, side: int = encoders.SIDE) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(batch, 3, side, side)


def token_ids(lengths: list[int], eos: int = 513) -> list[list[int]]:
    random = np.random.default_rng(2)
    return [[512, *random.integers(0, 512, length - 2).tolist(), eos] for length in lengths]


def texts(
    checkpoint: ImageTextCheckpoint, ids: list[list[int]], length: int, pool: list[int]
) -> torch.Tensor:
    """The graph's vectors, its inputs written as the runtime writes them."""
    state = checkpoint.state
    tokens, positions = (
        torch.from_numpy(state[f"text.{kind}_embedding.weight"]) for kind in ("token", "position")
    )
    hidden = torch.zeros(len(ids), length, tokens.shape[1])
    chosen = torch.zeros(len(ids), 1, length)
    for row, text in enumerate(ids):
        hidden[row, : len(text)] = tokens[text] + positions[: len(text)]
        chosen[row, 0, pool[row]] = 1
    graph = text_graph(checkpoint, length, len(ids)).eval()
    return graph(hidden, torch.zeros(len(ids), 1, 1, length), chosen)


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    assert actual.shape == expected.shape
    assert float((actual - expected).abs().max()) <= TOLERANCE


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu", "gelu_new"])
@torch.no_grad()
def test_clips_image_encoder_is_transformers(tmp_path: Path, activation: str) -> None:
    folder = encoders.clip(tmp_path, activation)
    reference = transformers.CLIPModel.from_pretrained(folder).eval()
    for batch in (1, 3):
        graph = image_graph(read(folder), batch).eval()
        wanted = reference.get_image_features(pixels(batch)).pooler_output
        close(graph(pixels(batch)), wanted)


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
@torch.no_grad()
def test_clips_text_encoder_is_transformers_at_every_length(
    tmp_path: Path, activation: str
) -> None:
    folder = encoders.clip(tmp_path, activation)
    reference = transformers.CLIPModel.from_pretrained(folder).eval()
    checkpoint = read(folder)
    ids = token_ids([3, 7, 16])
    actual = texts(checkpoint, ids, 16, [len(text) - 1 for text in ids])
    for row, text in zip(actual, ids, strict=True):
        close(row[None], reference.get_text_features(torch.tensor([text])).pooler_output)


@torch.no_grad()
def test_padding_after_the_end_changes_nothing_in_clip(tmp_path: Path) -> None:
    folder = encoders.clip(tmp_path)
    reference = transformers.CLIPModel.from_pretrained(folder).eval()
    ids = token_ids([5])
    padded = torch.tensor([[*ids[0], *[513] * 35]])
    wanted = reference.get_text_features(padded).pooler_output
    close(texts(read(folder), ids, 8, [4]), wanted)


@torch.no_grad()
def test_the_manifests_facts_give_clips_similarity(tmp_path: Path) -> None:
    folder = encoders.clip(tmp_path)
    reference = transformers.CLIPModel.from_pretrained(folder).eval()
    checkpoint = read(folder)
    ids = token_ids([9, 9])
    wanted = reference(input_ids=torch.tensor(ids), pixel_values=pixels(3)).logits_per_image
    normalised = torch.nn.functional.normalize
    image = normalised(image_graph(checkpoint, 3).eval()(pixels(3)))
    text = normalised(texts(checkpoint, ids, 12, [8, 8]))
    assert checkpoint.logit_scale is not None
    close(checkpoint.logit_scale * image @ text.T, wanted)


@pytest.mark.parametrize("eos", [2, 513])
def test_either_convention_of_the_end_of_text_is_kept(tmp_path: Path, eos: int) -> None:
    checkpoint = read(encoders.clip(tmp_path, eos=eos))
    # Of 2, older configurations' mistake, transformers takes the highest id.
    assert checkpoint.eot_token == (None if eos == 2 else 513)


@torch.no_grad()
def test_the_first_end_of_text_is_where_transformers_pools(tmp_path: Path) -> None:
    for eos in (2, 513):
        folder = encoders.clip(tmp_path / str(eos), eos=eos)
        reference = transformers.CLIPModel.from_pretrained(folder).eval()
        text = [512, 5, 513, 7, 8, 513]
        wanted = reference.get_text_features(torch.tensor([text])).pooler_output
        close(texts(read(folder), [text], 8, [2]), wanted)


@pytest.mark.parametrize("tower", ["image", "text"])
@torch.no_grad()
def test_a_tower_saved_alone_is_the_same(tmp_path: Path, tower: str) -> None:
    alone = read(encoders.clip_tower(tmp_path, tower))
    both = read(tmp_path / "both")
    assert (alone.image is None, alone.text is None) == (tower == "text", tower == "image")
    assert alone.logit_scale is None
    assert alone.dimensions == both.dimensions
    for key, array in alone.state.items():
        assert np.array_equal(array, both.state[key])


@pytest.mark.parametrize("kind", ["pooler", "no pooler", "classifier"])
@torch.no_grad()
def test_vits_vector_is_its_poolers_or_its_class_tokens(tmp_path: Path, kind: str) -> None:
    folder = encoders.vit(tmp_path, pooler=kind == "pooler", classifier=kind == "classifier")
    pooled = kind == "pooler"
    reference = transformers.ViTModel.from_pretrained(folder, add_pooling_layer=pooled).eval()
    for batch in (1, 3):
        found = reference(pixels(batch))
        wanted = found.pooler_output if pooled else found.last_hidden_state[:, 0]
        close(image_graph(read(folder), batch).eval()(pixels(batch)), wanted)


@pytest.mark.parametrize("image", [48, 84])
@torch.no_grad()
def test_dinov2_is_transformers_at_the_size_of_its_processor(tmp_path: Path, image: int) -> None:
    folder = encoders.dinov2(tmp_path, image)
    reference = transformers.Dinov2Model.from_pretrained(folder).eval()
    checkpoint = read(folder)
    assert checkpoint.image is not None
    assert checkpoint.image.size == encoders.SIDE
    for batch in (1, 3):
        wanted = reference(pixels(batch)).pooler_output
        close(image_graph(checkpoint, batch).eval()(pixels(batch)), wanted)


@torch.no_grad()
def test_siglips_encoders_are_transformers(tmp_path: Path) -> None:
    folder = encoders.siglip(tmp_path)
    reference = transformers.SiglipModel.from_pretrained(folder).eval()
    checkpoint = read(folder)
    ids = [[*text, *[513] * (24 - len(text))] for text in token_ids([6, 20])]
    wanted = reference(input_ids=torch.tensor(ids), pixel_values=pixels(2))
    image = image_graph(checkpoint, 2).eval()(pixels(2))
    close(image, wanted.vision_model_output.pooler_output)
    text = texts(checkpoint, ids, 24, [23, 23])
    close(text, wanted.text_model_output.pooler_output)
    normalised = torch.nn.functional.normalize
    cosines = normalised(image) @ normalised(text).T
    assert checkpoint.logit_scale is not None
    assert checkpoint.logit_bias is not None
    close(cosines * checkpoint.logit_scale + checkpoint.logit_bias, wanted.logits_per_image)


@pytest.mark.slow
@pytest.mark.parametrize("patch", [32, 16])
@torch.no_grad()
def test_clip_vit_b_of_true_shape_is_transformers(tmp_path: Path, patch: int) -> None:
    config = transformers.CLIPConfig(vision_config={"patch_size": patch})
    model = transformers.CLIPModel(config)
    encoders.randomise(model)
    model.save_pretrained(tmp_path)
    encoders.CLIPImageProcessorPil().save_pretrained(tmp_path)
    checkpoint = read(tmp_path)
    model.eval()
    wanted = model.get_image_features(pixels(1, 224)).pooler_output
    close(image_graph(checkpoint, 1).eval()(pixels(1, 224)), wanted)
    ids = [[49406, 320, 1125, 539, 320, 2368, 49407]]
    close(
        texts(checkpoint, ids, 16, [6]),
        model.get_text_features(torch.tensor(ids)).pooler_output,
    )


def changed(folder: Path, **entries: object) -> Path:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    for name, value in entries.items():
        inner = isinstance(value, dict)
        config[name] = {**config[name], **value} if inner else value  # type: ignore[dict-item]
    path.write_text(json.dumps(config))
    return folder


def changed_weights(folder: Path, key: str, array: np.ndarray | None) -> Path:
    state = load_file(folder / "model.safetensors")
    state.pop(key, None)
    save_file(state if array is None else {**state, key: array}, folder / "model.safetensors")
    return folder


PROBE = "vision_model.embeddings.class_embedding"


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (None, "missing: vision_model.embeddings.class_embedding"),
        (np.zeros(63, np.float32), r"class_embedding is \[63\] but should be \[64\]"),
        (np.full(64, np.nan, np.float32), "not finite in image.class_embedding"),
        (np.zeros(64, np.int32), "is I32"),
    ],
)
def test_weights_that_are_no_whole_clip_are_named(
    tmp_path: Path, array: np.ndarray | None, message: str
) -> None:
    folder = changed_weights(encoders.clip(tmp_path), PROBE, array)
    with pytest.raises(CheckpointError, match=message):
        read(folder)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"model_type": "resnet"}, "'resnet'; encoders of images are clip"),
        ({"model_type": None}, "None; encoders of images are"),
        ({"vision_config": 3}, "is no object"),
        ({"vision_config": {"hidden_act": "relu"}}, "hidden_act is 'relu'"),
        ({"vision_config": {"num_channels": 1}}, "num_channels is 1"),
        ({"vision_config": {"patch_size": 0}}, "patch is 0"),
        ({"vision_config": {"hidden_size": 10**9}}, "n_state is 1000000000"),
        ({"vision_config": {"image_size": 10**6}}, "images of 1000000 pixels"),
        ({"vision_config": {"num_attention_heads": 7}}, "not a multiple of 7 heads"),
        ({"text_config": {"eos_token_id": -1}}, "eos_token_id is -1"),
        ({"text_config": {"layer_norm_eps": 3}}, "layer_norm_eps is 3"),
        ({"projection_dim": 33}, "should be"),
    ],
)
def test_a_configuration_that_fits_no_clip_is_named(
    tmp_path: Path, entries: dict[str, object], message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        read(changed(encoders.clip(tmp_path), **entries))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"size": {"shortest_edge": 64}, "do_center_crop": False}, "do not end in"),
        ({"crop_size": {"height": 32, "width": 32}}, "do not end in"),
        ({"resample": 9}, "resample is 9"),
        ({"size": "big"}, "a size is 'big'"),
        ({"image_mean": ["a", 0, 0]}, "not a finite number"),
        ({"do_pad": True}, "do_pad"),
    ],
)
def test_a_processor_that_fits_no_model_is_named(
    tmp_path: Path, entries: dict[str, object], message: str
) -> None:
    folder = encoders.clip(tmp_path)
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))
    with pytest.raises(CheckpointError, match=message):
        read(folder)


def test_a_missing_processor_says_how_to_save_it(tmp_path: Path) -> None:
    folder = encoders.clip(tmp_path)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(CheckpointError, match=r"lacks preprocessor_config\.json.*save_pretrained"):
        read(folder)


def test_an_older_processors_single_numbers_are_its_familys(tmp_path: Path) -> None:
    folder = encoders.clip(tmp_path)
    older = {"size": encoders.SIDE, "crop_size": encoders.SIDE, "do_center_crop": True}
    (folder / "preprocessor_config.json").write_text(json.dumps(older))
    settings = read(folder).settings
    assert settings is not None
    assert settings.size == {"shortest_edge": encoders.SIDE}
    assert settings.mean == (0.48145466, 0.4578275, 0.40821073)


def test_a_processor_saved_together_with_a_tokenizers_is_found(tmp_path: Path) -> None:
    folder = encoders.clip(tmp_path)
    wanted = read(folder).settings
    alone = folder / "preprocessor_config.json"
    together = {
        "image_processor": json.loads(alone.read_text()),
        "processor_class": "CLIPProcessor",
    }
    (folder / "processor_config.json").write_text(json.dumps(together))
    alone.unlink()
    assert read(folder).settings == wanted


def test_either_spelling_of_vits_weights_is_read(tmp_path: Path) -> None:
    folder = encoders.vit(tmp_path)
    saved = read(folder)  # transformers 5.23 saves the older one
    state = load_file(folder / "model.safetensors")
    assert "encoder.layer.0.attention.attention.query.weight" in state
    renamed = {today(key): array for key, array in state.items()}
    assert "layers.0.attention.q_proj.weight" in renamed
    save_file(renamed, folder / "model.safetensors")
    found = read(folder)
    assert all(np.array_equal(found.state[key], array) for key, array in saved.state.items())
