"""Encoders on an NPU: step 3 of their bundles, and the runtime over what it compiled, with Sotto's
dispatch library at the NPU's place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hand_made_bundle import MASKED, write_image_bundle, write_text_bundle

from sotto.bundle import read_manifest
from sotto.embed import ImageEncoder, TextEncoder
from sotto.errors import BundleError, DeviceError, OptionError
from sotto.npu.aot import find_compiler
from sotto.npu.compile import compile_bundle
from sotto.npu.plugin import own_adapter
from sotto.npu.selection import Choice

pytestmark = pytest.mark.skipif(
    own_adapter() is None, reason="the plugin's library is built on Linux alone"
)

SOC = "mt6991"
TEXTS = ["", "a", "a b c", "d e f g h i j"]


def compiled(bundle: Path, *graphs: str) -> Path:
    compiler = find_compiler([SOC], dry_run=True, adapter=None)
    compile_bundle(bundle, compiler, bundle, lambda _: None, choice=Choice(graphs=graphs))
    return bundle


@pytest.fixture
def text(tmp_path: Path) -> Path:
    return write_text_bundle(tmp_path / "text")


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """The NPU's library computes as a CPU does."""
    monkeypatch.setenv("SOTTO_NPU_STORAGE", "fp32")


def on_npu(bundle: Path) -> TextEncoder:
    return TextEncoder(bundle, accelerator="npu", npu_dispatch="host")


def test_step_3_compiles_the_graph_that_holds_every_text(text: Path) -> None:
    npu = read_manifest(compiled(text)).npu[SOC]  # which checks sizes and hashes of all files
    assert npu.signatures == ("text_8x1",)
    assert npu.files == {"text.tflite": f"npu/{SOC}/text.tflite"}


def test_step_3_compiles_the_graphs_that_are_named(text: Path) -> None:
    npu = read_manifest(compiled(text, "text_8x1", "text_4x*")).npu[SOC]
    assert set(npu.signatures) == {"text_8x1", "text_4x1", "text_4x3"}


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        (Choice(windows=(10,)), "windows: small hears nothing; name --graphs"),
        (Choice(roles=("encoder",)), "roles encoder: small does not transcribe; name --graphs"),
        (Choice(graphs=("text_9*",)), "graphs 'text_9\\*': the bundle has text_4x1, text_4x3"),
        (Choice(windows=(1,), graphs=("text_*",)), "graphs: they are chosen by name, or by"),
    ],
)
def test_a_choice_that_the_bundle_has_not_is_named(text: Path, choice: Choice, why: str) -> None:
    compiler = find_compiler([SOC], dry_run=True, adapter=None)
    with pytest.raises(OptionError, match=why):
        compile_bundle(text, compiler, None, lambda _: None, choice=choice)


@pytest.mark.parametrize("graphs", [(), ("text_*",)])
@pytest.mark.usefixtures("exact")
def test_the_npu_gives_the_cpus_vectors(text: Path, graphs: tuple[str, ...]) -> None:
    expected = TextEncoder(text).encode(TEXTS, normalize=False)
    encoder = on_npu(compiled(text, *graphs))
    assert encoder.accelerator == "npu"
    found = encoder.encode(TEXTS, normalize=False)
    np.testing.assert_allclose(found[:, :-1], expected[:, :-1], rtol=1e-5, atol=1e-5)
    # The last number is the mask's sum: of the graph's padding, whose longest alone was compiled.
    assert (found[:, -1] % MASKED == 0).all()


def test_auto_takes_the_npu_where_there_is_one(text: Path) -> None:
    encoder = TextEncoder(compiled(text), accelerator="auto", npu_dispatch="host")
    assert encoder.accelerator == "npu"


def test_an_encoder_of_pictures_runs_on_the_npu(tmp_path: Path) -> None:
    bundle = write_image_bundle(tmp_path / "image")
    compile_bundle(bundle, find_compiler([SOC], dry_run=True, adapter=None), bundle, lambda _: None)
    assert read_manifest(bundle).npu[SOC].signatures == ("image_1",)
    pixels = np.arange(2 * 60, dtype=np.float32).reshape(2, 3, 4, 5)
    encoder = ImageEncoder(bundle, accelerator="npu", npu_dispatch="host")
    np.testing.assert_array_equal(encoder.runtime.encode_pixels(pixels), pixels.reshape(2, 60))


def test_a_text_that_no_compiled_graph_holds_is_refused_at_load(text: Path) -> None:
    with pytest.raises(BundleError, match="has no text-encoder of 7 tokens compiled for mt6991"):
        on_npu(compiled(text, "text_4x*"))


def test_a_bundle_that_was_not_compiled_says_how_it_is(
    text: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DeviceError, match=r"has no files for an NPU\. Compile them: sotto npu "):
        on_npu(text)
    encoder = TextEncoder(text, accelerator="auto", npu_dispatch="host")
    assert encoder.accelerator == "cpu"
    assert "no NPU is used, but the CPU" in caplog.text


def test_a_damaged_compiled_file_is_refused(text: Path) -> None:
    file = compiled(text) / "npu" / SOC / "text.tflite"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(BundleError, match=r"is damaged: its sha256 differs.*sotto npu compile"):
        on_npu(text)
