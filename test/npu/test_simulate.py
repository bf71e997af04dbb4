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
from sotto.errors import AudioError, BundleError, ModelError
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.clips import Clip, read_clips
from sotto.npu.plugin import own_adapter
from sotto.npu.simulate import Simulator
from sotto.npu.two_ways import Tensors

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


def test_in_fp32_each_element_is_litert_s_but_for_the_order_of_sums(
    bundle: Bundle, speech: np.ndarray
) -> None:
    simulator = Simulator(bundle("tiny.en", "fp32"), Arithmetic("fp32", gelu="erf"))
    (log_mel,) = simulator.windows(speech)
    signature, decoder = simulator.window.encoder, simulator.window.step
    cross = differences(simulator, signature.name, {"log_mel": log_mel})
    random = np.random.default_rng(0)
    inputs = {s.name: random.normal(size=s.shape).astype(np.float32) for s in decoder.inputs}
    differences(simulator, decoder.name, inputs | cross | {"mask": np.zeros_like(inputs["mask"])})


def differences(simulator: Simulator, signature: str, inputs: Tensors) -> Tensors:
    """Runs a signature on both sides; each output's elements must be alike."""
    found, expected = simulator.run(signature, inputs), simulator.run_on_cpu(signature, inputs)
    for name, exactly in expected.items():
        # Outputs are up to 14, where float32's steps are 1e-6; some thousand are summed in turn.
        assert np.abs(found[name] - exactly).max() < 1e-4, name
    return expected


def test_a_bundle_that_is_not_of_fp32_needs_one_to_be_compared_with(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="is not a bundle of fp32: name one"):
        Simulator(bundle("tiny.en", "int8"), Arithmetic())


def test_a_dynamically_quantised_bundle_is_refused_by_its_operation(bundle: Bundle) -> None:
    with pytest.raises(ModelError, match=r"does not run whole on the NPU: operation \d+ \("):
        Simulator(bundle("tiny.en", "int8"), Arithmetic(), against=bundle("tiny.en", "fp32"))


def test_a_folder_s_manifest_lists_recordings(tmp_path: Path) -> None:
    entries = [{"file": "a.wav", "language": "ja", "reference": None}, {"file": "b.wav"}]
    (tmp_path / "manifest.json").write_text(json.dumps({"clips": entries}))
    assert read_clips([tmp_path, Path("c.wav")]) == [
        Clip(tmp_path / "a.wav", "ja"),
        Clip(tmp_path / "b.wav"),
        Clip(Path("c.wav")),
    ]


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (None, "can't read .*manifest.json"),
        ("[", "is not a list of recordings"),
        ("[]", "is not a list of recordings"),
        ('{"clips": [{}]}', "is not a list of recordings"),
        ('{"clips": [{"file": 3}]}', "file is a text"),
        ('{"clips": []}', "lists no recordings"),
    ],
)
def test_a_folder_without_a_list_of_recordings_says_so(
    manifest: str | None, why: str, tmp_path: Path
) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(AudioError, match=why):
        read_clips([tmp_path])


def test_a_wrong_option_is_named(bundle: Bundle) -> None:
    model = str(bundle("tiny.en", "fp32"))
    result = CliRunner().invoke(app, ["npu", "simulate", model, "x.wav", "--storage", "int8"])
    assert result.exit_code != 0
    assert "storage 'int8': expected fp16 or fp32" in result.stderr


@pytest.mark.slow
def test_the_command_prints_json(bundle: Bundle, tmp_path: Path) -> None:
    clip = next(clip for clip in packaged_clips() if clip.name == "beckett")
    entry = {"file": str(clip.path), "language": "en", "reference": "Nothing to be done."}
    (tmp_path / "manifest.json").write_text(json.dumps({"clips": [entry]}))
    arguments = ["npu", "simulate", str(bundle("tiny.en", "fp32")), str(tmp_path), "--json"]
    result = CliRunner().invoke(app, [*arguments, "--layers"])
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["word_error_rate"] <= 0.05
    assert found["recordings"][str(clip.path)]["tokens"] > 10
    assert found["against_humans"]["recordings"] == 1
    assert found["against_humans"]["words"] == 4
    assert len(found["layers"]) > 20
