"""A space is weights, graph semantics, pooling, tokenizer, prompts: nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import made_manifests
import pytest

from sotto.bundle import (
    Embedding,
    Manifest,
    Source,
    TextEncoder,
    TokenTable,
    open_bundle,
    write_manifest,
)
from sotto.bundle.space import space_of

TOKENIZER = {"version": "1.0", "truncation": None, "model": {"vocab": {"a": 0, "b": 1}}}


def space(folder: Path, manifest: Manifest, tokenizer: str = json.dumps(TOKENIZER)) -> str:
    folder.mkdir(exist_ok=True)
    for name in manifest.files:
        (folder / name).write_text(tokenizer if name == "tokenizer.json" else folder.name)
    write_manifest(folder, manifest, manifest.files)
    return space_of(open_bundle(folder))


def bundle(**fields: object) -> Manifest:
    return made_manifests.manifest(made_manifests.text_encoder(**fields), embedding=Embedding(True))


def rebuilt_with_another_tool(made: Manifest) -> Manifest:
    return made.with_tools(litert_torch="99.0", torch="99.0")


def with_other_graphs(made: Manifest) -> Manifest:
    text = made.need(TextEncoder)
    graph = made_manifests.graph("text_8x8", "text.tflite", hidden=(8, 8, 8))
    return made.with_component(text.with_graphs((*text.graphs, graph)))


def with_its_table_elsewhere(made: Manifest) -> Manifest:
    text = replace(made.need(TextEncoder), token_embedding=TokenTable("rows.npy", "fp32"))
    return made_manifests.manifest(text, embedding=made.embedding)


def read_from_another_place(made: Manifest) -> Manifest:
    return replace(made, source=replace(made.source, checkpoint="elsewhere", license="mit"))


def with_vectors_of_any_length(made: Manifest) -> Manifest:
    return replace(made, embedding=Embedding(False))


@pytest.mark.parametrize(
    "change",
    [
        rebuilt_with_another_tool,
        with_other_graphs,
        with_its_table_elsewhere,
        read_from_another_place,
        with_vectors_of_any_length,
    ],
)
def test_what_leaves_vectors_alone_leaves_the_space(
    change: Callable[[Manifest], Manifest], tmp_path: Path
) -> None:
    """The files' content differs, too, by the folder's name."""
    assert space(tmp_path / "a", bundle()) == space(tmp_path / "b", change(bundle()))


def test_a_tokenizer_written_by_another_version_is_the_same(tmp_path: Path) -> None:
    other = json.dumps({**TOKENIZER, "truncation": {"max_length": 5}, "version": "2"}, indent=4)
    assert space(tmp_path / "a", bundle()) == space(tmp_path / "b", bundle(), other)


def of_other_weights(made: Manifest) -> Manifest:
    return replace(made, source=Source("a", "huggingface", "f" * 64))


def of_another_precision(made: Manifest) -> Manifest:
    return replace(made, precision="fp32")


@pytest.mark.parametrize("change", [of_other_weights, of_another_precision])
def test_what_changes_weights_changes_the_space(
    change: Callable[[Manifest], Manifest], tmp_path: Path
) -> None:
    assert space(tmp_path / "a", bundle()) != space(tmp_path / "b", change(bundle()))


@pytest.mark.parametrize(
    "fields",
    [
        {"pooling": "cls"},
        {"gelu": "tanh"},
        {"max_length": 3},
        {"prompts": {"query": "other: "}},
        {"default_prompt": None},
        {"masked": None},
    ],
)
def test_what_changes_vectors_changes_the_space(fields: dict[str, object], tmp_path: Path) -> None:
    assert space(tmp_path / "a", bundle()) != space(tmp_path / "b", bundle(**fields))


def test_another_vocabulary_changes_the_space(tmp_path: Path) -> None:
    other = json.dumps({**TOKENIZER, "model": {"vocab": {"a": 1, "b": 0}}})
    assert space(tmp_path / "a", bundle()) != space(tmp_path / "b", bundle(), other)
