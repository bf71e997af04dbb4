"""The detector on an NPU, with Sotto's dispatch library at the NPU's place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from comparison.clips import packaged_clips
from typer.testing import CliRunner

from sotto._runtime import VoiceActivityDetector
from sotto.bundle import read_manifest
from sotto.cli import app
from sotto.errors import DeviceError
from sotto.export.vad.simulate import simulate_detector
from sotto.npu.aot import find_compiler
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.compile import compile_bundle
from sotto.npu.plugin import own_adapter
from sotto.runtime.locate import find_dispatch, find_litert

pytestmark = pytest.mark.skipif(
    own_adapter() is None, reason="the plugin's library is built on Linux alone"
)

SOC = "mt6991"


def load(bundle: Path, accelerator: str) -> VoiceActivityDetector:
    return VoiceActivityDetector(
        bundle, library=find_litert(), accelerator=accelerator, dispatch=find_dispatch("host")
    )


def test_the_npu_gives_the_cpus_probabilities(
    vad_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTTO_NPU_STORAGE", "fp32")
    compiler = find_compiler([SOC], dry_run=True, adapter=None)
    compile_bundle(vad_bundle, compiler, tmp_path / "vad", lambda _: None)
    assert read_manifest(tmp_path / "vad").npu[SOC].signatures == ("detect",)
    samples = packaged_clips()[0].samples[:80_000]
    cpu, npu = (load(tmp_path / "vad", accelerator) for accelerator in ("cpu", "npu"))
    assert (cpu.accelerator, npu.accelerator) == ("cpu", "npu")
    expected = cpu.probabilities(samples)
    assert expected.max() > 0.5
    # Sums in float32 in another order, through an LSTM's 156 steps.
    np.testing.assert_allclose(npu.probabilities(samples), expected, atol=1e-4)


def test_a_detector_that_was_not_compiled_is_an_error_or_the_cpus(vad_bundle: Path) -> None:
    with pytest.raises(DeviceError, match="has no files for an NPU"):
        load(vad_bundle, "npu")
    auto = load(vad_bundle, "auto")
    assert auto.accelerator == "cpu"
    assert "no NPU is used, but the CPU" in auto.fallback


def test_a_simulation_in_fp32_hears_what_the_cpu_hears(vad_bundle: Path) -> None:
    samples = packaged_clips()[0].samples[:80_000]
    (exact,) = simulate_detector(vad_bundle, [samples], Arithmetic("fp32"), layers=True)
    assert exact.decisions.chunks == len(load(vad_bundle, "cpu").probabilities(samples))
    assert exact.decisions.changed == 0
    assert exact.decisions.largest < 1e-4  # sums in another order, through an LSTM's 156 steps
    assert {layer.layer for layer in exact.layers} >= {"vad.stft", "vad.recurrent", "vad.output"}
    (half,) = simulate_detector(vad_bundle, [samples], Arithmetic("fp16"))
    assert exact.decibel > half.decibel > 40  # fp16 has 11 bits


def test_the_command_simulates_a_detector(vad_bundle: Path) -> None:
    arguments = ["npu", "simulate", str(vad_bundle), str(packaged_clips()[0].path), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    (recording,) = json.loads(result.stdout)["recordings"]
    assert recording["recording"] == packaged_clips()[0].path.name
    assert recording["decisions"]["changed"] <= recording["decisions"]["chunks"] * 0.01
    for option in (["--window", "10"], ["--graphs", "detect"]):
        refused = CliRunner().invoke(app, [*arguments, *option])
        assert "finds speech, and has none to choose" in refused.stderr
