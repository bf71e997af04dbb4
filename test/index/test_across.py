"""One question to the collections of several models."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sotto.errors import BundleError, StoreError
from sotto.index import Index, Where
from sotto.index.across import Question, ask
from sotto.index.bundles import bundle_space
from sotto.index.folder import FolderOptions, Models, add_folder


class Silent:
    """Is told of the work, and says nothing."""

    def begin(self, files: int) -> None: ...
    def file(self, path: str) -> None: ...
    def seconds(self, done: float, duration: float) -> None: ...
    def problem(self, path: str, reason: str) -> None: ...


@pytest.fixture
def two(index: Index, notes: Path, minilm: Path, small_text_bundle: Path) -> Index:
    """Two models' collections, each of other files, and one of pictures."""
    from PIL import Image

    Image.new("RGB", (40, 30), (250, 10, 10)).save(notes / "red.png")
    text = FolderOptions(modalities=["text"])
    add_folder(index, notes, Models(minilm, None, threads=1), text, Silent())
    code = FolderOptions(modalities=["code"])
    add_folder(index, notes, Models(small_text_bundle, None, threads=1), code, Silent())
    return index


def test_rankings_of_two_models_are_fused(two: Index, notes: Path) -> None:
    hits = ask(two, Question("baking bread", match="meaning", top=3), threads=1)
    assert len(hits) == 3
    # The first of each model, in either order: their similarities can't be compared.
    assert {hit.record.path for hit in hits[:2]} == {
        str(notes / "bread.md"),
        str(notes / "src" / "retry.py"),
    }
    assert [hit.score for hit in hits] == [1 / 61, 1 / 61, 1 / 62]


def test_a_filter_leaves_the_collections_that_have_such_records(two: Index, notes: Path) -> None:
    question = Question("baking bread", where=Where(modalities=["code"]))
    assert {hit.record.path for hit in ask(two, question)} == {str(notes / "src" / "retry.py")}


def test_a_bundle_chooses_its_own_collection(two: Index, minilm: Path, image_model: Path) -> None:
    hits = ask(two, Question("network"), bundle=minilm)
    assert {hit.space for hit in hits} == {bundle_space(minilm)}
    with pytest.raises(StoreError, match="no vectors of"):
        ask(two, Question("network"), bundle=image_model)
    with pytest.raises(BundleError, match="sotto convert"):
        ask(two, Question("network"), bundle="no-such-bundle")


def test_words_need_no_model(
    index: Index, notes: Path, small_text_bundle: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(small_text_bundle, moved)
    text = FolderOptions(modalities=["text"])
    add_folder(index, notes, Models(moved, None, threads=1), text, Silent())
    shutil.rmtree(moved)
    (hit,) = ask(index, Question("sourdough", match="words"))
    assert hit.record.path == str(notes / "bread.md")


def test_a_picture_is_looked_for_among_pictures(two: Index, notes: Path, image_model: Path) -> None:
    picture = Question(str(notes / "red.png"), "image")
    with pytest.raises(StoreError, match="--image_model"):
        ask(two, picture)
    pictures = FolderOptions(modalities=["image"])
    add_folder(two, notes, Models(None, None, image_model, threads=1), pictures, Silent())
    (hit,) = ask(two, picture)
    assert (hit.record.path, hit.record.modality) == (str(notes / "red.png"), "image")
    assert hit.similarity == pytest.approx(1, abs=1e-6)  # float32


def test_a_bundle_that_is_gone_leaves_the_others(
    index: Index, notes: Path, minilm: Path, small_text_bundle: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(small_text_bundle, moved)
    code, text = FolderOptions(modalities=["code"]), FolderOptions(modalities=["text"])
    add_folder(index, notes, Models(moved, None, threads=1), code, Silent())
    shutil.rmtree(moved)
    with pytest.raises(StoreError, match=r"not there.*--model"):
        ask(index, Question("bread"))
    add_folder(index, notes, Models(minilm, None, threads=1), text, Silent())
    warnings: list[str] = []
    assert ask(index, Question("bread"), warn=warnings.append)
    assert len(warnings) == 1
    assert str(moved) in warnings[0]


def test_an_empty_index_says_how_to_fill_it(index: Index) -> None:
    with pytest.raises(StoreError, match="sotto index add"):
        ask(index, Question("anything"))


@pytest.mark.slow
def test_a_text_finds_pictures_of_a_clip_beside_texts(
    index: Index, notes: Path, minilm: Path, tmp_path: Path
) -> None:
    from PIL import Image

    sys.path.append(str(Path(__file__).parents[1] / "vision"))
    encoders = pytest.importorskip("small_image_text", reason="needs torch and transformers")
    checkpoint = encoders.clip(tmp_path / "checkpoint")
    command = ["-m", "sotto.cli", "convert", str(checkpoint), "--precision", "fp32"]
    bundle = tmp_path / "clip"
    subprocess.run([sys.executable, *command, "--out", str(bundle)], check=True)
    for name, colour in {"red.png": (250, 10, 10), "blue.png": (10, 10, 250)}.items():
        Image.new("RGB", (80, 60), colour).save(notes / name)
    Image.new("RGB", (200, 150), (245, 15, 12)).save(tmp_path / "reddish.jpg")
    add_folder(index, notes, Models(minilm, None, bundle, threads=1), FolderOptions(), Silent())
    found = {hit.record.modality for hit in ask(index, Question("bread", top=4), threads=1)}
    assert found >= {"text", "image"}
    pictures = Question("a red square", where=Where(modalities=["image"]))
    hits = ask(index, pictures, threads=1)
    assert {Path(hit.record.path).name for hit in hits} == {"red.png", "blue.png"}
    best, _ = ask(index, Question(str(tmp_path / "reddish.jpg"), "image"), threads=1)
    assert best.record.path == str(notes / "red.png")
