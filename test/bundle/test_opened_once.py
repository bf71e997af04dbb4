"""What was loaded is what runs, whatever happens to the bundle's place afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bundle_copy import BundleCopy

from sotto._runtime import VoiceActivityDetector
from sotto.asr import load_model
from sotto.runtime.locate import find_litert


@pytest.fixture
def clip(recording: Callable[[str], Path]) -> Path:
    return recording("jfk.flac")


@pytest.fixture
def text(whole_bundle: Path, clip: Path) -> str:
    """What the bundle makes of the clip."""
    heard: str = load_model(whole_bundle, weight_cache="").transcribe(clip)["text"]
    assert "ask not" in heard
    return heard


def spoil_encoder(other: BundleCopy) -> None:
    """Gives an encoder of the same shapes other weights."""
    graph = bytearray((other.directory / "encoder.tflite").read_bytes())
    third = len(graph) // 3
    graph[third : 2 * third] = bytes(third)
    other.replace("encoder.tflite", bytes(graph))


def test_a_directory_that_is_replaced_after_loading_changes_nothing(
    copy: BundleCopy, whole_bundle: Path, text: str, clip: Path, tmp_path: Path
) -> None:
    other = BundleCopy(whole_bundle, tmp_path / "other")
    spoil_encoder(other)
    weights = tmp_path / "weights"
    model = load_model(copy.directory, weight_cache=weights)
    copy.directory.rename(tmp_path / "before")
    other.directory.rename(copy.directory)
    assert model.transcribe(clip)["text"] == text

    # Nor are weights of the other kept under the hash of the first.
    shutil.rmtree(copy.directory)
    (tmp_path / "before").rename(copy.directory)
    assert load_model(copy.directory, weight_cache=weights).transcribe(clip)["text"] == text


@pytest.mark.parametrize("verify", [True, False])
def test_packed_weights_are_kept_by_the_bytes_that_ran(
    copy: BundleCopy, text: str, clip: Path, tmp_path: Path, verify: bool
) -> None:
    weights = tmp_path / "weights"
    spoil_encoder(copy)  # its manifest has the hash of what was there
    spoilt = load_model(copy.directory, verify=False, weight_cache=weights)
    assert spoilt.transcribe(clip)["text"] != text
    whole = (copy.directory / "decoder.tflite").resolve().with_name("encoder.tflite")
    copy.replace("encoder.tflite", whole.read_bytes())
    again = load_model(copy.directory, verify=verify, weight_cache=weights)
    assert again.transcribe(clip)["text"] == text


def test_a_working_directory_that_changes_and_a_bundle_that_goes_change_nothing(
    copy: BundleCopy, text: str, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = clip.resolve()
    monkeypatch.chdir(copy.directory.parent)
    model = load_model(copy.directory.name)
    os.chdir("/")
    assert model.transcribe(clip)["text"] == text
    shutil.rmtree(copy.directory)
    with_words = model.transcribe(clip, word_timestamps=True)
    assert with_words["text"] == text
    assert with_words["segments"][0]["words"]


def test_a_detector_of_speech_needs_its_bundle_no_more(
    vad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    expected = VoiceActivityDetector(vad, library=find_litert()).probabilities(samples)
    directory = BundleCopy(vad, tmp_path / "copy").directory
    monkeypatch.chdir(tmp_path)
    detector = VoiceActivityDetector("copy", library=find_litert())
    os.chdir("/")
    shutil.rmtree(directory)
    assert np.array_equal(detector.probabilities(samples), expected)
