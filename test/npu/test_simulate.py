"""``sotto npu simulate``: a whole transcript in the NPU's arithmetic."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from comparison.clips import packaged_clips
from typer.testing import CliRunner

from sotto.asr import SpeechModel
from sotto.cli import app
from sotto.errors import BundleError
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.plugin import own_adapter
from sotto.npu.simulate import Simulator

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.skipif(
        own_adapter() is None, reason="the plugin's library is built on Linux alone"
    ),
]

Bundle = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """The first seconds of a packaged recording."""
    clip = next(clip for clip in packaged_clips() if clip.name == "beckett")
    return clip.samples[: 6 * 16_000]


def test_in_fp32_the_simulator_computes_what_litert_computes(
    bundle: Bundle, speech: np.ndarray
) -> None:
    # Sums in another order: openai-whisper itself is 1e-3 away at its worst element.
    simulator = Simulator(bundle("tiny.en", "fp32"), Arithmetic("fp32", gelu="erf"))
    found = simulator.hear(SpeechModel(bundle("tiny.en", "fp32")), speech)
    assert found.expected
    assert found.heard == found.expected
    assert found.first_difference is None
    assert found.encoder > 90


def test_in_fp16_the_words_are_those_of_fp32(bundle: Bundle, speech: np.ndarray) -> None:
    # With the residual stream unscaled, squares beyond fp16 left 16 dB.
    simulator = Simulator(bundle("tiny.en", "fp32"), Arithmetic("fp16"))
    found = simulator.hear(SpeechModel(bundle("tiny.en", "fp32")), speech)
    assert found.heard == found.expected
    assert found.encoder > 40
    (log_mel,) = simulator.windows(speech)
    layers = simulator.layers(log_mel)
    assert {"encoder.audio.conv1", "encoder.cross.0.key"} <= {one.layer for one in layers}
    assert min(one.decibel for one in layers) > 40


def test_another_precision_is_refused(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="not a whisper bundle of fp32"):
        Simulator(bundle("tiny.en", "int8"), Arithmetic())


def test_a_wrong_option_is_named(bundle: Bundle) -> None:
    model = str(bundle("tiny.en", "fp32"))
    result = CliRunner().invoke(app, ["npu", "simulate", model, "x.wav", "--storage", "int8"])
    assert result.exit_code != 0
    assert "storage 'int8': expected fp16 or fp32" in result.stderr


@pytest.mark.slow
def test_the_command_prints_json(bundle: Bundle) -> None:
    clip = next(clip for clip in packaged_clips() if clip.name == "beckett")
    arguments = ["npu", "simulate", str(bundle("tiny.en", "fp32")), str(clip.path), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["word_error_rate"] <= 0.05
    assert found["recordings"][str(clip.path)]["tokens"] > 10
