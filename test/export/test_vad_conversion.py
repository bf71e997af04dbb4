"""Steps 1 and 2 over Silero VAD."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_once import MadeOnce
from scripts import Script
from typer.testing import CliRunner

pytest.importorskip("silero_vad", reason="the weights: pip install 'sotto[weights]'")

from sotto._runtime import VoiceActivityDetector
from sotto.bundle import read_manifest
from sotto.checkpoints.silero import find_silero, load_silero, write_silero
from sotto.cli import app
from sotto.export.vad import silero
from sotto.preprocess import read_audio
from sotto.runtime.locate import find_litert


@pytest.fixture(scope="session")
def step1_made(made_once: MadeOnce, speech: Path) -> Path:
    """What step 1 makes."""

    def fill(folder: Path) -> None:
        silero.export_vad(
            load_silero(find_silero()), folder / "vad", read_audio(speech), lambda line: None
        )

    return made_once("step1-vad", fill) / "vad"


@pytest.fixture
def step1_vad(step1_made: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(step1_made, tmp_path / "vad"))


def test_both_steps_make_a_bundle_that_runs_in_place_and_elsewhere(
    step1: Script, step2: Script, tmp_path: Path
) -> None:
    step1_vad = tmp_path / "vad"
    done = step1("--model", "silero-vad", "--out", step1_vad)
    assert done.status == 0, done.err
    assert "detect: largest difference" in done.err
    assert "BEYOND" not in done.err
    for target, arguments in ((step1_vad, ()), (tmp_path / "other", ("--out", tmp_path / "other"))):
        done = step2(step1_vad, *arguments)
        assert done.status == 0, done.err
        assert "outside the NPU's list: none" in done.err
        assert "BEYOND" not in done.err
        manifest = read_manifest(target)
        assert (manifest.purpose, manifest.name) == ("finds speech", "silero-vad")
        assert (manifest.precision, manifest.backend) == ("fp32", "litert")
        assert bool(manifest.torchscript) == (target == step1_vad)
        VoiceActivityDetector(target, library=find_litert())
    assert sorted(path.name for path in target.iterdir()) == ["manifest.json", "vad.tflite"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--precision", "int8"), "precision 'int8': silero-vad has fp32 only"),
        (("--backend", "tpu"), "backend 'tpu': expected one of litert, mtk"),
        (("--backend", "mtk"), "the mtk backend needs MediaTek's mtk_converter"),
    ],
)
def test_step_2_refuses_what_it_has_not(
    step1_vad: Path, step2: Script, arguments: tuple[str, ...], message: str
) -> None:
    done = step2(step1_vad, *arguments)
    assert done.status == 1
    assert message in done.err
    assert not read_manifest(step1_vad).graphs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--windows", "5"), "windows (5,): silero-vad has no such option"),
        (("--gelu", "tanh"), "gelu tanh: silero-vad has no such option"),
        (("--no-alignment",), "alignment False: silero-vad has no such option"),
    ],
)
def test_step_1_refuses_options_of_whisper(
    step1: Script, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = step1("--model", "silero-vad", "--out", tmp_path / "vad", *arguments)
    assert done.status == 1
    assert message in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_difference_beyond_the_tolerance_leaves_nothing(
    step1: Script, step1_vad: Path, step2: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silero, "TOLERANCE", 1e-12)
    done = step1("--model", "silero-vad", "--out", tmp_path / "again")
    assert done.status == 1
    assert "differs from the package's model by more than the tolerance" in done.err
    done = step2(step1_vad, "--out", tmp_path / "again")
    assert done.status == 1
    assert "vad.tflite differs from the TorchScript by more than the tolerance" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["vad"]


def test_a_damaged_manifest_of_step_1_is_refused(step1_vad: Path, step2: Script) -> None:
    path = step1_vad / "manifest.json"
    path.write_text(path.read_text().replace('"torchscript": {', '"torchscripts": {'))
    done = step2(step1_vad)
    assert done.status == 1
    assert "is not what step 1 wrote (it has no TorchScript)" in done.err


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_weights_in_parquet_and_arrow_make_the_same_detector(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("pyarrow")
    weights = tmp_path / f"vad.{suffix}"
    done = CliRunner().invoke(app, ["convert", "silero-vad", "--out", str(weights)])
    assert done.exit_code == 0, done.stderr
    if suffix == "arrow":  # of a Parquet file as of it, once it is read
        arguments = ["convert", str(weights), "--out", str(tmp_path / "vad")]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.stderr
        assert read_manifest(tmp_path / "vad").source.format == "arrow"
    expected, found = load_silero(find_silero()), load_silero(weights)
    for name, array in expected.state.items():
        np.testing.assert_array_equal(found.state[name], array)


def test_a_detector_of_other_weights_is_compared_with_the_packages_model_of_those(
    tmp_path: Path,
) -> None:
    pytest.importorskip("pyarrow")
    packaged = load_silero(find_silero())
    state = {name: array * np.float32(1.01) for name, array in packaged.state.items()}
    write_silero(replace(packaged, state=state), tmp_path / "vad.arrow")
    report: list[str] = []
    speech = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    difference = silero.export_vad(
        load_silero(tmp_path / "vad.arrow"), tmp_path / "out", speech, report.append
    )
    assert difference.passed
