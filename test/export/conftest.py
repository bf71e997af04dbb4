"""Small checkpoints, the two conversion scripts, and what they made."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import random_whisper
import soundfile
from made_once import MadeOnce
from scripts import Script, run

from sotto.commands import steps


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of sound; to random weights all sounds are alike."""
    path = tmp_path_factory.mktemp("speech") / "noise.wav"
    sound = 0.1 * np.random.default_rng(0).standard_normal(32_000)
    soundfile.write(path, sound, 16_000)
    return path


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An OpenAI checkpoint of random weights for each kind of model."""
    folder = tmp_path_factory.mktemp("checkpoints")
    return {name: random_whisper.save(folder / f"{name}.pt", name) for name in random_whisper.DIMS}


@pytest.fixture
def step1(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], speech: Path
) -> Script:
    """``step1(*arguments)``, with a sound to compare over."""
    return lambda *arguments: run(steps.step1, ("--audio", speech, *arguments), monkeypatch, capfd)


@pytest.fixture
def step2(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Script:
    """``step2(*arguments)``."""
    return lambda *arguments: run(steps.step2, arguments, monkeypatch, capfd)


@pytest.fixture(scope="session")
def step1_output(made_once: MadeOnce, checkpoints: dict[str, Path], speech: Path) -> Path:
    """What step 1 makes of the small tiny.en, with one window of a second."""
    from sotto.checkpoints import load_checkpoint
    from sotto.export.whisper.torchscript import TorchScriptOptions, export_torchscript
    from sotto.preprocess import read_audio

    def fill(folder: Path) -> None:
        options = TorchScriptOptions(windows=(1,), cache=16)
        checkpoint = load_checkpoint(checkpoints["tiny.en"])
        directory = folder / "whisper-tiny.en"
        export_torchscript(checkpoint, directory, read_audio(speech), options, lambda line: None)

    return made_once("step1", fill) / "whisper-tiny.en"


@pytest.fixture(scope="session")
def fp32(made_once: MadeOnce, step1_output: Path) -> Path:
    """A float32 bundle of the small tiny.en."""
    from sotto.export.whisper.bundle import convert

    def fill(folder: Path) -> None:
        convert(
            step1_output, folder / "whisper-tiny.en-fp32", "fp32", report=lambda line: None, jobs=1
        )

    return made_once("fp32", fill) / "whisper-tiny.en-fp32"


@pytest.fixture
def exported(step1_output: Path, tmp_path: Path) -> Path:
    """A copy of step 1's output that a test may change."""
    return Path(shutil.copytree(step1_output, tmp_path / "whisper-tiny.en"))


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(name="snapshot")
def snapshot_fixture() -> Callable[[Path], dict[str, bytes]]:
    """Every file below a folder, hidden ones too, with its content."""
    return snapshot
