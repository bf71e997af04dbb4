"""Bundles and weights of Silero VAD that are missing, damaged or of another kind."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sotto._runtime import VoiceActivityDetector
from sotto.checkpoints.silero import find_silero, load_silero
from sotto.errors import BundleError, CheckpointError
from sotto.runtime.locate import find_litert


@pytest.fixture
def copy(vad_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(vad_bundle, tmp_path / "silero-vad"))


def refusal(directory: Path) -> str:
    with pytest.raises(BundleError) as caught:
        VoiceActivityDetector(directory, library=find_litert())
    message = str(caught.value)
    assert "sotto convert silero-vad" in message
    return message


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere can't be opened: No such file"):
        VoiceActivityDetector(tmp_path / "nowhere", library=find_litert())


def test_a_speech_model_is_none(bundle: Callable[[str, str], Path]) -> None:
    assert "it finds no speech" in refusal(bundle("tiny.en", "int8"))


def test_the_bundle_is_no_speech_model(vad_bundle: Path) -> None:
    from sotto.asr import load_model

    with pytest.raises(BundleError, match="it transcribes nothing"):
        load_model(vad_bundle)


def test_a_flipped_byte_is_found_unless_asked_not_to_look(copy: Path) -> None:
    content = bytearray((copy / "vad.tflite").read_bytes())
    content[len(content) // 2] ^= 1  # a weight: its structure comes first, small constants last
    (copy / "vad.tflite").write_bytes(content)
    assert "vad.tflite is damaged: its sha256 differs" in refusal(copy)
    detector = VoiceActivityDetector(copy, verify=False, library=find_litert())
    assert len(detector.probabilities(np.zeros(512, np.float32))) == 1


def test_a_file_cut_short_and_a_file_missing_are_named(copy: Path) -> None:
    content = (copy / "vad.tflite").read_bytes()
    (copy / "vad.tflite").write_bytes(content[:1000])
    assert "vad.tflite has 1000 bytes" in refusal(copy)
    (copy / "vad.tflite").unlink()
    assert "lacks vad.tflite" in refusal(copy)


def test_step_1_alone_makes_no_bundle_that_runs(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["components"][0]["graphs"] = []
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert "step 1 alone makes none that run" in refusal(copy)


def test_weights_that_are_another_models_are_refused(tmp_path: Path, silero: object) -> None:
    path = tmp_path / "silero_vad.jit"
    path.write_text("no archive")
    with pytest.raises(CheckpointError, match="can't be read as silero-vad's TorchScript"):
        load_silero(path)
    import torch

    torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))
    with pytest.raises(
        CheckpointError, match=r"stft\.forward_basis_buffer is not float32 of shape"
    ):
        load_silero(path)
    assert load_silero(find_silero()).state["conv1.weight"].shape == (128, 129, 3)


def test_without_the_package_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "silero_vad", raising=False)
    with pytest.raises(CheckpointError, match="pip install 'sotto\\[weights\\]'"):
        find_silero()
