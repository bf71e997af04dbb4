"""Encoders on an NPU: step 3 of their bundles, and the runtime over what it compiled, with Sotto's
dispatch library at the NPU's place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hand_made_bundle import MASKED, write_image_bundle, write_text_bundle
from typer.testing import CliRunner

from sotto.bundle import read_manifest, write_manifest
from sotto.cli import app
from sotto.embed import ImageEncoder, TextEncoder
from sotto.errors import BundleError, DeviceError, OptionError
from sotto.export.embedding.samples import inputs_of
from sotto.export.embedding.simulate import SAMPLES, simulate_encoders
from sotto.index.folder.items import Item
from sotto.npu.aot import find_compiler
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.compile import compile_bundle
from sotto.npu.estimate import estimate, transcription
from sotto.npu.plugin import own_adapter
from sotto.npu.selection import Choice
from sotto.npu.two_ways import TwoWays, sides

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


def test_the_command_embeds_on_the_npu(text: Path) -> None:
    options = ["--accelerator", "npu", "--npu_dispatch", "host"]
    arguments = ["embed", "-", "--model", str(text), "--no-normalize", *options]
    refused = CliRunner().invoke(app, arguments, input="a b c")
    assert refused.exit_code != 0
    assert "has no files for an NPU" in refused.stderr
    done = CliRunner().invoke(app, [*arguments[:3], str(compiled(text)), *arguments[4:]], "a b c")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)["vector"]
    np.testing.assert_allclose(
        found[:-1], TextEncoder(text).encode("a b c", normalize=False)[:-1], rtol=1e-2, atol=1e-2
    )  # fp16


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


def test_a_simulation_tells_how_near_the_npus_vectors_are(text: Path) -> None:
    exact, half = (
        simulate_encoders(text, Arithmetic(storage), choice=Choice(graphs=("text_8x3",)))
        for storage in ("fp32", "fp16")
    )
    assert [one.graph for one in exact] == ["text_8x3"]
    assert len(exact[0].cosines) == 3 * SAMPLES
    assert exact[0].min_cosine == pytest.approx(1, abs=1e-6)
    assert exact[0].decibel > half[0].decibel > 40  # fp16 has 11 bits


def test_a_simulation_takes_the_graphs_of_step_3_and_prints_json(text: Path) -> None:
    result = CliRunner().invoke(app, ["npu", "simulate", str(text), "--layers", "--json"])
    assert result.exit_code == 0, result.stderr
    (graph,) = json.loads(result.stdout)["graphs"]
    assert graph["graph"] == "text_8x1"
    assert graph["least"] == min(graph["cosines"])


def test_a_simulation_takes_the_users_own_texts(text: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a b c")
    (tmp_path / "more.txt").write_text("d e f g h i j a b c")  # longer than the graph
    names = [str(tmp_path / "notes.txt"), str(tmp_path / "more.txt")]
    arguments = ["npu", "simulate", str(text), *names, "--graphs", "text_8x3", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    (graph,) = json.loads(result.stdout)["graphs"]
    assert graph["items"] == names
    assert len(graph["cosines"]) == 2  # of a graph of three, whose last row begins again
    lines = CliRunner().invoke(app, ["npu", "simulate", str(text), "-", "--json"], input="a\nb\n")
    assert json.loads(lines.stdout)["graphs"][0]["items"] == ["a", "b"]


def test_a_simulation_embeds_a_users_text_as_the_runtime_does(text: Path) -> None:
    manifest = read_manifest(text)
    both = TwoWays(*sides(text, None), manifest.graphs["text_4x1"], Arithmetic("fp32"), SOC)
    inputs = inputs_of(text, manifest.embedders["text"], both.graph, ["a b"])
    named = dict(zip(("hidden", "mask", "pool"), inputs, strict=True))
    expected = TextEncoder(text).encode("a b", normalize=False)
    for found in (both.npu(named), both.cpu(named)):
        np.testing.assert_allclose(found["embedding"][0], expected, rtol=1e-5, atol=1e-5)


def test_a_picture_is_nothing_for_an_encoder_of_texts(text: Path) -> None:
    with pytest.raises(OptionError, match=r"photo is image: .* embeds text"):
        simulate_encoders(text, Arithmetic(), items=[Item("photo", "image", b"")])


def test_a_simulation_says_what_it_can_not_do(text: Path) -> None:
    for arguments, why in (
        (["nowhere.txt"], "nowhere.txt: No such file"),
        (["--window", "10"], "embeds text, and has none to choose"),
    ):
        result = CliRunner().invoke(app, ["npu", "simulate", str(text), *arguments])
        assert result.exit_code != 0
        assert why in result.stderr
    manifest = read_manifest(text)
    write_manifest(text, replace(manifest, precision="npu-int16"), manifest.files)
    with pytest.raises(BundleError, match="is not a bundle of fp32: name one to compare with"):
        simulate_encoders(text, Arithmetic())


@pytest.mark.slow
def test_minilm_keeps_its_vectors_in_fp16(minilm: Callable[[str], Path]) -> None:
    (found,) = simulate_encoders(minilm("fp32"), Arithmetic(), layers=True)
    assert found.graph == "text_256x1"
    assert found.min_cosine > 0.9999
    assert {layer.graph for layer in found.layers} == {"text_256x1"}


def test_an_encoder_is_estimated_graph_by_graph(text: Path) -> None:
    found = estimate(text, SOC)
    assert set(found.signatures) == set(read_manifest(text).graphs)
    assert not found.windows
    with pytest.raises(OptionError, match="only a Whisper bundle"):
        transcription(found, 10, 40)
