"""A detector for the NPU, statically quantised: speech is where it is in float32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from comparison.clips import packaged_clips
from typer.testing import CliRunner

from sotto._runtime import VoiceActivityDetector
from sotto.bundle import read_manifest
from sotto.cli import app
from sotto.errors import BundleError, ConversionError
from sotto.npu.check import check
from sotto.npu.plugin import own_adapter
from sotto.preprocess import read_audio
from sotto.runtime.locate import find_litert

pytest.importorskip("ai_edge_quantizer", reason="quantising needs pip install 'sotto[convert]'")

from sotto.export.quantize.recipes import find_recipe
from sotto.export.vad.probabilities import disagreement
from sotto.export.vad.static_bundle import quantize_vad_for_npu

SECONDS = 12
"""Of the recording that ranges are of: enough for them, and soon done."""


@pytest.fixture(scope="module")
def static(vad_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By the default recipe."""
    target = tmp_path_factory.mktemp("static") / "silero-vad-npu"
    samples = packaged_clips()[0].samples[: SECONDS * 16_000]
    quantize_vad_for_npu(vad_bundle, target, [samples], find_recipe("int16"), lambda _: None)
    return target


def test_a_static_bundle_says_how_it_was_made(static: Path) -> None:
    manifest = read_manifest(static)
    assert manifest.precision == "npu-int16"
    assert manifest.static is not None
    assert manifest.layers["vad.tflite"]["vad.recurrent"].precision == "int8-int16"
    assert set(manifest.files) == {"vad.tflite"}
    assert (static / "vad.tflite").stat().st_size < 400_000  # of 1.2 MB


@pytest.mark.skipif(own_adapter() is None, reason="the plugin's library is built on Linux alone")
def test_both_judges_take_it_whole(static: Path) -> None:
    assert check(static, ["mt6991"], None, lambda _: None).whole


def test_the_runtime_decides_as_in_float32_over_speech_that_it_was_not_calibrated_on(
    static: Path, detector: VoiceActivityDetector, recording: Callable[[str], Path]
) -> None:
    integers = VoiceActivityDetector(static, library=find_litert())
    speech = [read_audio(recording(name)) for name in ("jfk.flac", "mr_quilter.flac")]
    found, expected = (
        [one.probabilities(samples) for samples in speech] for one in (integers, detector)
    )
    heard = disagreement(found, expected, [len(samples) for samples in speech])
    # Of chunks near the threshold some fall on its other side; spans have pads, and hardly move.
    assert heard.share <= 0.02
    assert heard.apart <= 0.01 * heard.seconds
    assert max(map(np.max, found)) > 0.9


def test_a_recipe_that_loses_speech_is_refused_and_leaves_nothing(
    vad_bundle: Path, tmp_path: Path
) -> None:
    samples = packaged_clips()[0].samples[: SECONDS * 16_000]
    with pytest.raises(ConversionError, match=r"by the recipe int8-all .* decisions changed"):
        quantize_vad_for_npu(
            vad_bundle, tmp_path / "out", [samples], find_recipe("int8-all"), lambda _: None
        )
    assert list(tmp_path.iterdir()) == []


def test_the_command_takes_a_detector_and_names_what_is_none(
    static: Path, vad_bundle: Path, tmp_path: Path
) -> None:
    arguments = ["quantize", "--npu", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*arguments, str(vad_bundle), "--recipe", "int8-all"])
    assert done.exit_code != 0
    assert "by the recipe int8-all the detector is too far from" in done.stderr
    again = CliRunner().invoke(app, [*arguments, str(static)])
    assert "expected one of fp32 that finds speech" in again.stderr
    with pytest.raises(BundleError, match="expected one of fp32 that finds speech"):
        quantize_vad_for_npu(static, tmp_path / "out", [], find_recipe("int16"), lambda _: None)
