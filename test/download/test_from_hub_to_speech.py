"""From a repository on a hub to a transcript on another machine, by the commands alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_server import FileServer, serving
from hub_server import HubServer, serving_hub

from sotto.export.recording import packaged_recording

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a random Whisper as transformers saves it, of the real vocabulary."""
    transformers = pytest.importorskip("transformers")
    import torch

    torch.manual_seed(0)
    config = transformers.WhisperConfig(
        d_model=64,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=256,
        decoder_ffn_dim=256,
    )
    folder = tmp_path_factory.mktemp("saved")
    transformers.WhisperForConditionalGeneration(config).save_pretrained(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "model.safetensors" in files
    return {**files, "pytorch_model.bin": b"never to be read"}


@pytest.fixture
def hub(repository: dict[str, bytes]) -> Iterator[HubServer]:
    with serving_hub(HubServer({"org/whisper-mini": repository})) as server:
        yield server


def sotto(folder: Path, *arguments: object, **variables: str) -> str:
    """Standard output of ``sotto`` in this folder."""
    done = subprocess.run(
        [sys.executable, "-m", "sotto.cli", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "HF_HUB_DISABLE_TELEMETRY": "1", **variables},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_repository_becomes_a_bundle_that_another_machine_fetches_and_runs(
    hub: HubServer, tmp_path: Path
) -> None:
    maker, user = tmp_path / "maker", tmp_path / "user"
    maker.mkdir()
    user.mkdir()
    reached = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hub")}
    convert = ("convert", "org/whisper-mini", "--precision", "fp32")
    sotto(maker, *convert, **reached)
    assert "pytorch_model.bin" not in hub.requested
    bundle = maker / "models" / "whisper-mini-fp32"
    source = json.loads((bundle / "manifest.json").read_text())["source"]
    assert (source["checkpoint"], source["revision"]) == ("org/whisper-mini", hub.commit)

    # Once fetched, neither the hub nor a network is needed.
    asked = len(hub.requested)
    offline = {**reached, "HF_HUB_OFFLINE": "1"}
    sotto(maker, *convert, "--out", "again", **offline)
    assert len(hub.requested) == asked
    again = json.loads((maker / "again" / "manifest.json").read_text())
    assert again["source"] == source

    sotto(maker, "bundle", "publish", "public", bundle)
    published = {f"/{path.name}": path.read_bytes() for path in (maker / "public").iterdir()}
    with serving(FileServer(b"", others=published)) as server:
        address = server.url.replace("/model.pt", "/")
        there = {"XDG_CACHE_HOME": str(user / "cache"), "SOTTO_MODELS_URL": address}
        sotto(user, "get", "whisper-mini-fp32", **there)
    heard = ("transcribe", packaged_recording(), "--temperature", "0", "--sample-len", "8")
    told = sotto(user, *heard, "--language", "en", "--model", "mini-fp32", **there)
    assert told == sotto(maker, *heard, "--language", "en", "--model", bundle)
