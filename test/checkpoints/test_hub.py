"""Repositories, by the real huggingface_hub from a server on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import HubServer, serving_hub

from sotto.checkpoints.hub import (
    Snapshot,
    bundle_source,
    checkpoint_name,
    checkpoint_source,
    is_repository,
)

pytest.importorskip("huggingface_hub")

PROGRAM = """
import sys
from sotto.checkpoints.hub import fetch_repository
from sotto.errors import CheckpointError
try:
    print(fetch_repository(sys.argv[1]))
except CheckpointError as error:
    sys.exit(f"CheckpointError: {error}")
"""

FILES = {
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"a pickle",
    "tokenizer.json": b"{}",
    "1_Pooling/config.json": b'{"pooling": 1}',
    "onnx/config.json": b"{}",
    "onnx/model.safetensors": b"other weights",
    "README.md": b"words",
}


def fetch(
    server: HubServer, cache: Path, checkpoint: str = "org/small", **variables: str
) -> subprocess.CompletedProcess[str]:
    """In a process of its own: huggingface_hub reads its variables once."""
    environment = {**os.environ, "HF_HOME": str(cache), "HF_ENDPOINT": server.url}
    environment.update({"HF_HUB_DISABLE_TELEMETRY": "1", "HF_TOKEN": ""}, **variables)
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, checkpoint],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def fetched(run: subprocess.CompletedProcess[str]) -> Path:
    assert run.returncode == 0, run.stderr
    return Path(run.stdout.strip())


def refusal(run: subprocess.CompletedProcess[str]) -> str:
    last = run.stderr.strip().splitlines()[-1]
    assert last.startswith("CheckpointError: "), run.stderr
    return last


def test_a_repositorys_own_files_are_fetched_once_and_no_program(tmp_path: Path) -> None:
    with serving_hub(HubServer({"org/small": FILES})) as server:
        directory = fetched(fetch(server, tmp_path))
        wanted = ["1_Pooling/config.json", "config.json", "model.safetensors", "tokenizer.json"]
        assert sorted(server.requested) == wanted
        assert fetched(fetch(server, tmp_path)) == directory
        assert len(server.requested) == len(wanted)
    assert (directory / "model.safetensors").read_bytes() == b"weights"
    assert Snapshot.at(directory) == Snapshot("org/small", server.commit)
    assert checkpoint_name(directory) == "small"
    assert checkpoint_source(directory) == f"org/small@{server.commit}"


def test_shards_are_those_that_the_index_names(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    files = {
        "config.json": b"{}",
        "model.safetensors.index.json": json.dumps(index).encode(),
        "model-1.safetensors": b"1",
        "model-2.safetensors": b"2",
        "model.fp32-1.safetensors": b"the same, twice as large",
    }
    with serving_hub(HubServer({"org/large": files})) as server:
        directory = fetched(fetch(server, tmp_path, "org/large"))
    found = sorted(path.name for path in directory.glob("*.safetensors"))
    assert found == ["model-1.safetensors", "model-2.safetensors"]


def test_a_revision_is_a_branch_a_tag_or_a_commit(tmp_path: Path) -> None:
    with serving_hub(HubServer({"org/small": FILES})) as server:
        for revision in ("v1", server.commit):
            directory = fetched(fetch(server, tmp_path / revision, f"org/small@{revision}"))
            assert directory.name == server.commit
        assert "no such revision" in refusal(fetch(server, tmp_path, "org/small@v2"))


def test_offline_the_cache_is_all_there_is(tmp_path: Path) -> None:
    with serving_hub(HubServer({"org/small": FILES})) as server:
        assert "HF_HUB_OFFLINE" in refusal(fetch(server, tmp_path, HF_HUB_OFFLINE="1"))
        assert server.requested == []
        directory = fetched(fetch(server, tmp_path))
    assert fetched(fetch(server, tmp_path, HF_HUB_OFFLINE="1")) == directory
    assert fetched(fetch(server, tmp_path)) == directory  # nothing listens any more


def test_a_private_repository_asks_for_the_token_of_the_environment(tmp_path: Path) -> None:
    with serving_hub(HubServer({"org/small": FILES}, token="secret")) as server:
        assert "set HF_TOKEN" in refusal(fetch(server, tmp_path))
        fetched(fetch(server, tmp_path, HF_TOKEN="secret"))


def test_a_repository_without_safetensors_is_refused_and_nothing_else_fetched(
    tmp_path: Path,
) -> None:
    files = {"config.json": b"{}", "pytorch_model.bin": b"a pickle"}
    with serving_hub(HubServer({"org/pickled": files})) as server:
        message = refusal(fetch(server, tmp_path, "org/pickled"))
        assert server.requested == ["config.json"]
    assert "org/pickled has no model.safetensors" in message


def test_an_index_that_names_other_files_is_refused(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "../secrets", "b": "model.bin"}}
    files = {"model.safetensors.index.json": json.dumps(index).encode()}
    with serving_hub(HubServer({"org/odd": files})) as server:
        assert "names no safetensors" in refusal(fetch(server, tmp_path, "org/odd"))


def test_a_repository_that_is_not_there_is_named(tmp_path: Path) -> None:
    with serving_hub(HubServer({})) as server:
        assert "org/none: no such repository" in refusal(fetch(server, tmp_path, "org/none"))


@pytest.mark.parametrize(
    ("checkpoint", "is_one"),
    [
        ("org/name", True),
        ("org/name@v1", True),
        ("base", False),
        ("./base", False),
        ("a/b/c", False),
        ("/a/b", False),
        ("../b", False),
        ("~/b", False),
    ],
)
def test_a_repository_is_told_from_a_path(checkpoint: str, is_one: bool) -> None:
    assert is_repository(checkpoint) is is_one


def test_a_path_that_is_there_is_no_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org" / "name").mkdir(parents=True)
    assert not is_repository("org/name")


def test_a_manifest_holds_a_repositorys_commit() -> None:
    commit = "0123456789abcdef" * 2 + "01234567"
    found = bundle_source(f"org/small@{commit}", "huggingface", "0" * 64)
    assert (found.checkpoint, found.revision) == ("org/small", commit)
    for path in ("/home/me/small", f"/home/me/a@{commit}", "org/small@main"):
        found = bundle_source(path, "huggingface", "0" * 64)
        assert (found.checkpoint, found.revision) == (path, None)


def test_a_directory_that_only_looks_like_the_cache_has_its_own_name(tmp_path: Path) -> None:
    for odd in ("models--org--name/snapshots/main", "org/snapshots/" + "0" * 40):
        assert Snapshot.at(tmp_path / odd) is None
        assert checkpoint_name(tmp_path / odd) == Path(odd).name
