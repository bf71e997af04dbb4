"""The runtime and TextEncoder over graphs that numpy can say the result of."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hand_made_bundle import MAX_LENGTH, WIDTH, expected, write_image_bundle, write_text_bundle
from tokenizers import Tokenizer, models

from sotto._runtime import EmbeddingModel
from sotto.bundle import TokenTable
from sotto.embed import ImageEncoder, TextEncoder, load_encoder
from sotto.errors import BundleError, ImageError, OptionError
from sotto.runtime.locate import find_litert

# float32 sums of a few small numbers, in another order than numpy's.
CLOSE = {"rtol": 1e-6, "atol": 1e-5}

Run = Callable[[], object]


def runtime(bundle: Path) -> EmbeddingModel:
    return EmbeddingModel(bundle, threads=1, library=find_litert())


def some_ids(count: int) -> list[list[int]]:
    generator = np.random.default_rng(2)
    return [
        [2, *generator.integers(4, 16, int(generator.integers(0, MAX_LENGTH - 1))).tolist(), 3]
        for _ in range(count)
    ]


def replace_file(bundle: Path, name: str, content: bytes) -> None:
    """Puts another file in a bundle, and in its manifest."""
    (bundle / name).write_bytes(content)
    manifest = json.loads((bundle / "manifest.json").read_text())
    digest = hashlib.sha256(content).hexdigest()
    manifest["files"][name] = {"size": len(content), "sha256": digest}
    (bundle / "manifest.json").write_text(json.dumps(manifest))


# ---- tokens to vectors -------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 50])
def test_any_number_of_texts_keeps_its_order(small_text_bundle: Path, count: int) -> None:
    ids = some_ids(count)
    np.testing.assert_allclose(
        runtime(small_text_bundle).encode_tokens(ids), expected(ids), **CLOSE
    )


def test_a_text_has_the_same_vector_alone_and_among_others(small_text_bundle: Path) -> None:
    model, ids = runtime(small_text_bundle), some_ids(20)
    together = model.encode_tokens(ids)
    alone = np.concatenate([model.encode_tokens([text]) for text in ids])
    np.testing.assert_allclose(together, alone, **CLOSE)


def test_a_bundle_that_goes_after_loading_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, ids = write_text_bundle(tmp_path / "b"), some_ids(20)
    monkeypatch.chdir(tmp_path)
    model = runtime(Path("b"))
    os.chdir("/")
    shutil.rmtree(directory)
    np.testing.assert_allclose(model.encode_tokens(ids), expected(ids), **CLOSE)


@pytest.mark.parametrize("dtype", ["fp16", "int8"])
def test_the_token_table_may_be_of_less_precision(tmp_path: Path, dtype: str) -> None:
    ids = some_ids(5)
    vectors = runtime(write_text_bundle(tmp_path / "b", dtype)).encode_tokens(ids)
    np.testing.assert_allclose(vectors, expected(ids), **CLOSE)


def test_cls_takes_the_first_position(tmp_path: Path) -> None:
    ids = some_ids(5)
    vectors = runtime(write_text_bundle(tmp_path / "b", pooling="cls")).encode_tokens(ids)
    np.testing.assert_allclose(vectors, expected(ids, "cls"), **CLOSE)


def test_padding_is_not_masked_where_the_model_does_not(tmp_path: Path) -> None:
    vectors = runtime(write_text_bundle(tmp_path / "b", masked=None)).encode_tokens(some_ids(5))
    assert not vectors[:, WIDTH].any()


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([[2, 3], []], r"text 1 has 0 tokens, expected 1 to 7"),
        ([[2] * 8], r"text 0 has 8 tokens"),
        ([[2, 16]], r"text 0 has token 16, expected 0 to 16 \(excluded\)"),
        ([[2, -1]], r"token -1"),
    ],
)
def test_ids_that_the_model_does_not_take_are_refused(
    small_text_bundle: Path, ids: list[list[int]], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        runtime(small_text_bundle).encode_tokens(ids)


def test_a_text_without_the_end_of_text_token_is_refused(tmp_path: Path) -> None:
    model = runtime(write_text_bundle(tmp_path / "b", pooling="eot", eot_token=3))
    assert model.encode_tokens([[2, 5, 3]]).shape == (1, WIDTH + 1)
    with pytest.raises(OptionError, match="text 1 has no end-of-text token 3"):
        model.encode_tokens([[2, 5, 3], [2, 5]])


# ---- text to vectors ---------------------------------------------------------------------


def test_texts_are_tokenised_with_special_tokens_and_cut_to_the_models_length(
    small_text: TextEncoder,
) -> None:
    texts = ["", "a", "a b cx", "a b c d e f g h"]
    ids = [[2, 3], [2, 4, 3], [2, 4, 5, 6, 14, 3], [2, 4, 5, 6, 7, 8, 3]]
    vectors = small_text.encode(texts, normalize=False)
    np.testing.assert_allclose(vectors, expected(ids), **CLOSE)


def test_the_runtime_embeds_texts_by_itself(tmp_path: Path) -> None:
    encoder = TextEncoder(write_text_bundle(tmp_path / "b", default_prompt="code"), threads=1)
    texts = ["", "a", "a b cx", "a b c d e f g h"]
    for prompt in (None, "", "query"):
        vectors = encoder.runtime.encode_texts(texts, prompt)
        np.testing.assert_array_equal(
            vectors, encoder.encode(texts, prompt=prompt, normalize=False)
        )
    assert encoder.runtime.prompts == encoder.prompts
    with pytest.raises(OptionError, match="prompt other is not one of the model's: code, query"):
        encoder.runtime.encode_texts(texts, "other")


def test_texts_are_padded_where_the_model_attends_to_padding(tmp_path: Path) -> None:
    encoder = TextEncoder(write_text_bundle(tmp_path / "b", padded=True, pad_token=9), threads=1)
    ids = [[2, 4, 3, 9, 9, 9, 9], [2, 3, 9, 9, 9, 9, 9]]
    for vectors in (
        encoder.runtime.encode_texts(["a", ""]),
        encoder.encode(["a", ""], normalize=False),
    ):
        np.testing.assert_allclose(vectors, expected(ids), **CLOSE)


def test_a_kind_of_tokenizer_that_the_runtime_does_not_read_is_the_packages(
    tmp_path: Path,
) -> None:
    bundle = write_text_bundle(tmp_path / "b")
    unigram = Tokenizer(models.Unigram([("<unk>", 0.0), ("a", -1.0), ("b", -1.0)], unk_id=0))
    replace_file(bundle, "tokenizer.json", unigram.to_str().encode())
    encoder = TextEncoder(bundle, threads=1)
    vectors = encoder.encode(["ab", "ba" * 9], normalize=False)
    np.testing.assert_allclose(vectors, expected([[1, 2], [2, 1, 2, 1, 2, 1, 2]]), **CLOSE)
    with pytest.raises(BundleError, match=r"tokenizer.json: .* its model is Unigram, expected"):
        encoder.runtime.encode_texts(["ab"])


@pytest.mark.parametrize("batch_size", [1, 2, 5, 1000])
def test_vectors_do_not_depend_on_the_batch_size(small_text: TextEncoder, batch_size: int) -> None:
    texts = [" ".join("abcdefgh"[: n % 9]) for n in range(40)]
    np.testing.assert_allclose(
        small_text.encode(texts, batch_size=batch_size), small_text.encode(texts), **CLOSE
    )


def test_vectors_have_a_length_of_1_unless_asked_not_to(small_text: TextEncoder) -> None:
    texts = ["a b", "c"]
    raw = small_text.encode(texts, normalize=False)
    unit = small_text.encode(texts)
    assert np.linalg.norm(raw, axis=1).min() > 1.5
    np.testing.assert_allclose(unit, raw / np.linalg.norm(raw, axis=1)[:, None], **CLOSE)


def test_one_text_gives_one_vector(small_text: TextEncoder) -> None:
    assert small_text.encode("a").shape == (small_text.dimensions,)
    assert small_text.encode(["a"]).shape == (1, small_text.dimensions)
    assert small_text.encode([]).shape == (0, small_text.dimensions)


def test_a_prompt_is_put_before_each_text(small_text: TextEncoder) -> None:
    assert np.array_equal(small_text.encode("c", prompt="query"), small_text.encode("a b c"))
    assert small_text.prompts == {"query": "a b ", "code": "c "}


def test_the_default_prompt_is_used_unless_another_is_asked_for(tmp_path: Path) -> None:
    encoder = TextEncoder(write_text_bundle(tmp_path / "b", default_prompt="code"), threads=1)
    assert np.array_equal(encoder.encode("d"), encoder.encode("c d", prompt=""))
    assert np.array_equal(encoder.encode("d", prompt="query"), encoder.encode("a b d", prompt=""))


def test_progress_is_told_after_each_batch(small_text: TextEncoder) -> None:
    told: list[tuple[int, int]] = []
    small_text.encode(["a"] * 5, batch_size=2, progress=lambda *done: told.append(done))
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_arrow_takes_and_gives_the_same_vectors_over_the_same_memory(
    small_text: TextEncoder,
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    texts = ["a", "b c", ""]
    for given in (texts, pyarrow.array(texts), pyarrow.chunked_array([texts[:1], texts[1:]])):
        array = small_text.encode(given, output="arrow")
        assert array.type == pyarrow.list_(pyarrow.float32(), small_text.dimensions)
        vectors = np.stack(array.to_numpy(zero_copy_only=False))
        assert np.array_equal(vectors, small_text.encode(texts))
    from sotto.embed.encoder import to_arrow

    rows = np.ones((2, 3), np.float32)
    assert to_arrow(rows).values.buffers()[1].address == rows.ctypes.data


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"items": 3}, "expected a text or a sequence of texts, got int"),
        ({"items": b"a"}, "got bytes"),
        ({"items": None}, "got NoneType"),
        ({"items": ["a", b"b"]}, "text 1 is of type bytes"),
        ({"items": ["a", None]}, "text 1 is null"),
        ({"items": ["a", "b\ud83d"]}, r"text 1 is not valid Unicode: character 1 is '\\ud83d'"),
        ({"batch_size": 0}, "batch_size is 0; expected an integer of at least 1"),
        ({"batch_size": 2.0}, r"batch_size is 2\.0"),
        ({"normalize": 1}, "normalize is 1; expected True or False"),
        ({"output": "torch"}, "output is 'torch'; expected numpy or arrow"),
        ({"prompt": "passage"}, "prompt 'passage': the prompts of small are query, code"),
    ],
)
def test_what_encode_does_not_take_is_named(
    small_text: TextEncoder, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        small_text.encode(**{"items": "a", **options})


def test_a_null_in_an_arrow_array_is_named(small_text: TextEncoder) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    with pytest.raises(OptionError, match="text 1 is null"):
        small_text.encode(pyarrow.array(["a", None]))


def test_threads_share_an_encoder(small_text: TextEncoder) -> None:
    texts = [" ".join("abcdefgh"[: n % 9]) for n in range(30)]
    wanted = small_text.encode(texts)
    wrong: list[int] = []

    def encode(number: int) -> None:
        for _ in range(20):
            if not np.array_equal(small_text.encode(texts), wanted):
                wrong.append(number)

    threads = [threading.Thread(target=encode, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# ---- images ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_pixels_keep_their_order(tmp_path: Path, count: int) -> None:
    pixels = np.random.default_rng(0).normal(size=(count, 3, 4, 5)).astype(np.float32)
    vectors = runtime(write_image_bundle(tmp_path / "b")).encode_pixels(pixels)
    assert np.array_equal(vectors, pixels.reshape(count, 60))


def test_pixels_of_another_shape_are_refused(tmp_path: Path) -> None:
    model = runtime(write_image_bundle(tmp_path / "b"))
    for shape in [(3, 4, 5), (1, 3, 5, 4), (1, 1, 4, 5)]:
        with pytest.raises(OptionError, match=r"must be of shape \[n, 3, 4, 5\]"):
            model.encode_pixels(np.zeros(shape, np.float32))


def test_decoded_pictures_are_made_as_the_bundle_says(tmp_path: Path) -> None:
    bundle = write_image_bundle(tmp_path / "b")
    random = np.random.default_rng(0)
    shapes = [(9, 7, 3), (4, 5, 3), (1, 1, 1), (30, 40, 4), (5, 300, 3)]
    pictures = [random.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]
    model = runtime(bundle)
    vectors = model.encode_images(pictures)
    processor = ImageEncoder(bundle).processor
    assert np.array_equal(vectors, model.encode_pixels(processor(pictures)))
    assert np.array_equal(
        model.encode_images([pictures[0][::-1]])[0], processor(pictures[0][::-1]).ravel()
    )
    assert model.encode_images([]).shape == (0, 60)


def test_a_picture_that_is_refused_is_told_by_its_place(tmp_path: Path) -> None:
    model = runtime(write_image_bundle(tmp_path / "b"))
    pictures = [np.zeros((3, 3, 3), np.uint8), np.zeros((0, 3, 3), np.uint8)]
    with pytest.raises(ImageError, match="image 1 is of 0 x 3 pixels"):
        model.encode_images(pictures)


# ---- the bundle --------------------------------------------------------------------------


def test_the_space_has_the_name_and_is_of_what_makes_vectors(
    small_text_bundle: Path, tmp_path: Path
) -> None:
    first = TextEncoder(small_text_bundle, threads=1).space
    same = TextEncoder(write_text_bundle(tmp_path / "a"), threads=1).space
    other = TextEncoder(write_text_bundle(tmp_path / "b", pooling="cls"), threads=1).space
    assert first.startswith("small@")
    assert len(first) == len("small@") + 16
    assert first == same != other


def test_an_encoder_of_another_modality_is_refused(small_text_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="has no encoder of image: it embeds text"):
        ImageEncoder(small_text_bundle)
    with pytest.raises(OptionError, match="has no encoder of image: it embeds text"):
        runtime(small_text_bundle).encode_pixels(np.zeros((1, 3, 4, 5), np.float32))
    with pytest.raises(BundleError, match="has no encoder of text: it embeds image"):
        TextEncoder(write_image_bundle(tmp_path / "b"))


def test_load_encoder_makes_what_the_bundle_is(small_text_bundle: Path) -> None:
    assert type(load_encoder(small_text_bundle, threads=1)) is TextEncoder


def test_a_missing_bundle_is_refused_with_the_command_that_makes_it() -> None:
    with pytest.raises(BundleError, match=r"no bundle 'gone'.*sotto convert gone"):
        TextEncoder("gone")


def test_a_speech_model_is_no_encoder(bundle: Callable[[str, str], Path]) -> None:
    with pytest.raises(BundleError, match="it embeds nothing"):
        TextEncoder(bundle("tiny.en", "int8"))


FILES = ["text.tflite", "tokenizer.json", "position_embedding.npy", "token_embedding.npy"]


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    bundle = write_text_bundle(tmp_path / "b")
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} is damaged: its sha256 differs"):
        TextEncoder(bundle)
    (bundle / name).write_bytes(content[:-1])
    with pytest.raises(BundleError, match=f"{name} has .* bytes, its manifest says"):
        TextEncoder(bundle)
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=f"lacks {name}"):
        TextEncoder(bundle)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompts": ["a"]}, "prompts"),
        ({"prompts": {"query": 3}}, "prompts"),
        ({"default_prompt": "gone"}, "default_prompt is gone, which is not in prompts"),
        (
            {"tokenizer": "position_embedding.npy"},
            "position_embedding.npy: the tokenizer can't be used: it is",
        ),
        ({"max_length": 8}, r"position_embedding.npy"),
        ({"token_embedding": TokenTable("token_embedding.npy", "fp16")}, "float16"),
        ({"token_embedding": TokenTable("token_embedding.npy", "int4")}, "int4"),
        ({"token_embedding": TokenTable("position_embedding.npy", "int8")}, "int8"),
    ],
)
def test_a_manifest_that_does_not_fit_its_files_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        TextEncoder(write_text_bundle(tmp_path / "b", **change))


def test_a_graph_with_other_tensors_than_the_manifest_says_is_refused(tmp_path: Path) -> None:
    bundle = write_text_bundle(tmp_path / "b")
    manifest = json.loads((bundle / "manifest.json").read_text())
    (text,) = manifest["components"]
    text["graphs"][0]["inputs"] = [
        {"name": name, "shape": shape}
        for name, shape in [
            ("hidden", [1, 5, WIDTH]),
            ("mask", [1, 1, 1, 5]),
            ("pool", [1, 1, 5]),
        ]
    ]
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    encoder = TextEncoder(bundle, threads=1)  # graphs are loaded when they are first used
    with pytest.raises(BundleError, match="signature text_4x1 has other tensors than"):
        encoder.encode("a b c")
