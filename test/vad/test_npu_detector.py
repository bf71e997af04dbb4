"""The detector on an NPU, with Sotto's dispatch library at the NPU's place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from comparison.clips import packaged_clips

from sotto._runtime import VoiceActivityDetector
from sotto.bundle import read_manifest
from sotto.errors import DeviceError
from sotto.npu.aot import find_compiler
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
