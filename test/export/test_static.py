"""Static quantisation for the NPU: recipes decide, real speech calibrates, both judges agree."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import random_whisper
from scripts import Script, run

from sotto.asr import load_model
from sotto.bundle import read_manifest
from sotto.commands import quantize as command
from sotto.errors import AudioError, ConversionError, OptionError
from sotto.export.difference import decibel
from sotto.export.quantize.precision import Exceptions
from sotto.export.quantize.recipes import RECIPES, Recipe, Rule, find_recipe
from sotto.export.tflite.graphs import Graph, Operation, Tensor, read_graphs
from sotto.export.whisper import static_bundle
from sotto.export.whisper.calibration import calibrate, find_recordings
from sotto.export.whisper.passages import Graphs, make_passage
from sotto.npu.check import check
from sotto.npu.plugin import own_adapter
from sotto.npu.rules import judge
from sotto.preprocess import read_audio

Snapshot = Callable[[Path], dict[str, bytes]]


@pytest.fixture(scope="session")
def fp32(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Path:
    """A float32 bundle of a small tiny.en with two heads: of one, products are of two ranks."""
    from sotto.checkpoints import load_checkpoint
    from sotto.export.whisper.bundle import convert
    from sotto.export.whisper.torchscript import TorchScriptOptions, export_torchscript

    folder = tmp_path_factory.mktemp("two-heads")
    checkpoint = load_checkpoint(random_whisper.save(folder / "two.pt", "tiny.en", heads=2))
    options = TorchScriptOptions(windows=(1,), cache=16)
    script = folder / "whisper-tiny.en"
    export_torchscript(checkpoint, script, read_audio(speech), options, lambda line: None)
    target = folder / "fp32" / "whisper-tiny.en-fp32"
    target.parent.mkdir()
    convert(script, target, "fp32", report=lambda line: None)
    return target


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Path:
    """A folder with a recording and with what is none."""
    folder = tmp_path_factory.mktemp("recordings")
    shutil.copy(speech, folder / "noise.wav")
    (folder / "notes.txt").write_text("no sound")
    return folder


@pytest.fixture
def quantize(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Script:
    """``sotto quantize``."""
    return lambda *arguments: run(command.quantize, arguments, monkeypatch, capfd)


@pytest.fixture(scope="session")
def ranges(fp32: Path, speech: Path) -> dict[str, tuple[float, float]]:
    """Of the small tiny.en's tensors."""
    return calibrate(fp32, read_manifest(fp32), [speech], lambda line: None)


@pytest.fixture(scope="session")
def make(
    tmp_path_factory: pytest.TempPathFactory,
    fp32: Path,
    speech: Path,
    ranges: dict[str, tuple[float, float]],
) -> Callable[[Recipe], Path]:
    """A bundle by a recipe."""

    def made(recipe: Recipe) -> Path:
        target = tmp_path_factory.mktemp("static") / recipe.name
        static_bundle.quantize_for_npu(
            *(fp32, target, [speech], recipe, lambda line: None), ranges=ranges, min_decibel=-100.0
        )
        return target

    return made


@pytest.fixture(scope="session")
def made(make: Callable[[Recipe], Path]) -> dict[str, Path]:
    """A bundle by each recipe."""
    return {name: make(recipe) for name, recipe in RECIPES.items()}


def types(bundle: Path, signature: str) -> dict[str, set[str]]:
    """What each kind of operation reads and writes, constants apart."""
    manifest = read_manifest(bundle)
    file = bundle / manifest.graphs[signature].file
    (graph,) = (graph for graph in read_graphs(file) if graph.signature == signature)
    found: dict[str, set[str]] = {}
    for operation in graph.operations:
        tensors = [t for t in operation.inputs if t.constant is None] + [*operation.outputs]
        found.setdefault(operation.name, set()).update(tensor.type for tensor in tensors)
    return found


# ---- recipes ------------------------------------------------------------------------------


def tensor(name: str, constant: np.ndarray | None = None) -> Tensor:
    return Tensor(name, "FLOAT32", (1, 4), 0, (), False, constant)


def test_the_last_rule_that_holds_counts_and_what_only_moves_numbers_follows() -> None:
    one = np.zeros(4, np.uint8)  # bytes of a float
    graph = Graph(
        "encode",
        0,
        (
            Operation("TRANSPOSE", (tensor("x"),), (tensor("moved"),)),
            Operation("FULLY_CONNECTED", (tensor("moved"),), (tensor("key"),)),
            Operation("RESHAPE", (tensor("key"),), (tensor("heads"),)),
            Operation("FULLY_CONNECTED", (tensor("heads"),), (tensor("value"),)),
            Operation("ADD", (tensor("value"), tensor("x")), (tensor("residual"),)),
            Operation("ADD", (tensor("residual"), tensor("e", one)), (tensor("shifted"),)),
        ),
        (tensor("x"),),
        (tensor("shifted"),),
    )
    recipe = Recipe(
        "r",
        "",
        (Rule("linear sum", "int8"), Rule("linear", "int16", "a.value"), Rule("n*", "int16")),
    )
    layer_of = {"key": "a.key", "value": "a.value"}
    assert recipe.resolve(graph, layer_of) == ["float", "int8", "int8", "int16", "int8", "int16"]


def test_every_recipe_is_stored_as_it_says(made: dict[str, Path]) -> None:
    for name, integers in (("int8", {"INT8", "INT16"}), ("int16", {"INT16"})):
        encoder = types(made[name], "encode_1s")
        assert encoder["FULLY_CONNECTED"] == integers
        assert encoder["CONV_2D"] == {"INT8" if name == "int8" else "INT16"}
        for operation in ("SOFTMAX", "GELU", "MEAN", "BATCH_MATMUL", "ADD"):
            assert encoder[operation] == {"FLOAT32"}, operation
    for name, numbers in (("int8-all", "INT8"), ("int16-all", "INT16")):
        found = types(made[name], "decode_1s")
        integers = {t for n, of in found.items() if not n.endswith("QUANTIZE") for t in of}
        assert integers == {numbers}
    layers = read_manifest(made["int8"]).layers["encoder.tflite"]
    assert layers["encoder.audio.feed_forward.0.contract"].precision == "int8-int16"
    assert layers["encoder.audio.attention.0.query"].precision == "int8-int8"


def test_the_host_sees_float32_and_the_runtime_runs_it(made: dict[str, Path], speech: Path) -> None:
    for name, bundle in made.items():
        for file in ("encoder.tflite", "decoder.tflite"):
            for graph in read_graphs(bundle / file):
                assert {t.type for t in (*graph.inputs, *graph.outputs)} == {"FLOAT32"}
        model = load_model(bundle)
        assert model.precision == f"npu-{name}"
        options = {"temperature": 0.0, "no_speech_threshold": None, "without_timestamps": True}
        heard = model.recognize(speech, sample_len=3, **options)
        assert len(heard.tokens) == 3 * heard.profile.encoder_runs


def test_int16_is_nearer_than_int8_and_int8_than_all_of_it(
    fp32: Path, made: dict[str, Path], speech: Path, ranges: dict[str, tuple[float, float]]
) -> None:
    manifest = read_manifest(fp32)
    yardstick = static_bundle.measure(fp32, manifest, [speech], lambda line: None)
    noise = {
        name: yardstick.distance(Graphs(made[name], manifest, 1)).encoder
        for name in ("int16", "int8", "int8-all")
    }
    assert noise["int16"] > noise["int8"] > noise["int8-all"]


def test_the_decoders_graphs_agree_with_one_another(
    fp32: Path, made: dict[str, Path], speech: Path
) -> None:
    # They share weights, whose biases are each graph's own: scaled by its activations.
    from sotto._runtime import LogMel

    manifest = read_manifest(fp32)
    window = manifest.windows[0]
    assert window.alignment is not None
    log_mel = LogMel(np.load(fp32 / "mel_filters.npy"))
    samples = read_audio(speech)[:16_000]
    passage = make_passage(fp32, manifest, log_mel, window, samples, "en", [*range(500, 510)])
    graphs = Graphs(made["int16"], manifest, 1)
    cross = graphs.encode(passage)
    aligned, steps = (
        graphs.read(passage, cross, graph)["logits"] for graph in (window.alignment, window.step)
    )
    # Two roundings of the same; a bias of another graph's scale would leave less than 10 dB.
    assert decibel([(aligned, steps)]) > 25


# ---- both judges --------------------------------------------------------------------------


def test_the_rules_refuse_nothing_of_any_recipe(made: dict[str, Path]) -> None:
    for bundle in made.values():
        for file in ("encoder.tflite", "decoder.tflite"):
            assert [v.refusals for v in judge(bundle / file) if v.refusals] == []


@pytest.mark.skipif(own_adapter() is None, reason="the plugin's library is built on Linux alone")
@pytest.mark.parametrize("recipe", RECIPES)
def test_the_plugin_takes_every_recipe_whole(made: dict[str, Path], recipe: str) -> None:
    assert check(made[recipe], ["mt6991"], None, lambda line: None).whole


# ---- the command --------------------------------------------------------------------------


def test_the_command_writes_a_bundle_calibrated_on_a_folder(
    fp32: Path, quantize: Script, recordings: Path, tmp_path: Path
) -> None:
    file = tmp_path / "exceptions.json"
    exceptions = {"encoder.audio.conv1": "float", "decoder.logits.*": "int8"}
    file.write_text(json.dumps({"schema": 1, "exceptions": exceptions}))
    arguments = ("--calibrate", recordings, "--exceptions", file, "--out", tmp_path / "out")
    done = quantize(fp32, "--npu", *arguments)
    assert done.status == 0, done.err
    assert f"1 of 2 files in {recordings} are no sound" in done.err
    manifest = read_manifest(tmp_path / "out")
    assert manifest.precision == "npu-int16"
    assert manifest.static is not None
    assert len(manifest.static.calibrated_on) == 1
    assert str(recordings) not in manifest.to_json()
    assert manifest.exceptions == exceptions
    assert manifest.layers["encoder.tflite"]["encoder.audio.conv1"].precision == "fp32"
    assert types(tmp_path / "out", "encode_1s")["CONV_2D"] == {"FLOAT32", "INT16"}
    logits = manifest.layers["decoder.tflite"]["decoder.logits.output"]
    assert logits.precision == "int8-int8"


def test_recipes_are_listed(fp32: Path, quantize: Script) -> None:
    done = quantize(fp32, "--npu", "--recipe", "list")
    assert [line.partition(":")[0] for line in done.out.splitlines()] == [*RECIPES]


def test_a_scan_says_what_each_group_of_operations_loses(
    fp32: Path,
    quantize: Script,
    recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    done = quantize(fp32, "--npu", "--calibrate", recordings, "--scan", "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    names = {group["name"] for group in found["groups"]}
    assert {"encoder softmax", "decoder sum", "encoder.audio.attention.*.query"} <= names
    assert sum(group["operations"] for group in found["groups"]) == found["whole"]["operations"]
    levels = [group["distance"]["logits"] for group in found["groups"]]
    assert levels == sorted(levels)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--npu", "--recipe", "int4"), "recipe 'int4': expected one of int8, int16"),
        (("--npu", "--precision", "int4"), "precision 'int4': --npu takes a --recipe instead"),
        (("--npu", "--words", "1"), "--words, --share and --keep have no effect with --npu"),
        (("--npu", "--audio", "x.wav"), "--write and --audio have no effect with --npu"),
        (("--npu", "--json"), "--json, --all-but and --group are options of --scan"),
        (("--npu", "--scan", "--out", "x"), "have no effect with --scan"),
        (("--npu", "--scan", "--precision", "fp16"), "numbers 'fp16': expected int8 or int16"),
        (("--npu", "--scan", "--group", "layer"), "group 'layer': expected kind or block"),
        (("--recipe", "int8"), "--recipe and --calibrate are options of --npu"),
        (("--npu", "--calibrate", "/gone"), "can't read the folder /gone"),
    ],
)
def test_bad_options_are_refused(
    fp32: Path, quantize: Script, arguments: tuple[str, ...], message: str
) -> None:
    before = sorted(fp32.parent.iterdir())
    done = quantize(fp32, *arguments)
    assert (done.status, done.out) == (1, "")
    assert message in done.error
    assert sorted(fp32.parent.iterdir()) == before


def test_an_exception_that_matches_no_layer_is_refused(
    fp32: Path, speech: Path, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match="no layer matches"):
        static_bundle.quantize_for_npu(
            *(fp32, tmp_path / "out", [speech], find_recipe("int8"), lambda line: None),
            exceptions=Exceptions({"decoder.attn.*": "float"}),
        )


def test_a_folder_without_a_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound")
    with pytest.raises(AudioError, match="none of its 1 files is a recording"):
        find_recordings(tmp_path, lambda line: None)


def test_graphs_that_are_garbage_are_not_left(
    fp32: Path, speech: Path, tmp_path: Path, ranges: dict[str, tuple[float, float]]
) -> None:
    with pytest.raises(ConversionError, match="expected 200 dB"):
        static_bundle.quantize_for_npu(
            *(fp32, tmp_path / "out", [speech], find_recipe("int8"), lambda line: None),
            ranges=ranges,
            min_decibel=200.0,
        )
    assert list(tmp_path.iterdir()) == []


# ---- calibration --------------------------------------------------------------------------


def test_every_tensor_that_is_computed_has_a_range_in_every_signature(
    fp32: Path, ranges: dict[str, tuple[float, float]]
) -> None:
    for file in ("encoder.tflite", "decoder.tflite"):
        for graph in read_graphs(fp32 / file):
            for operation in graph.operations:
                for output in operation.outputs:
                    low, high = ranges[output.name]
                    assert np.isfinite([low, high]).all()
                    assert low <= high
                    if operation.name == "SOFTMAX":
                        assert 0 <= low <= high <= 1 + 1e-6


# ---- real weights -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_tiny_en_keeps_its_words_by_the_default_recipe_and_loses_them_by_int8_throughout(
    tmp_path: Path,
) -> None:
    from comparison.bundles import ensure_exact_bundle
    from comparison.clips import manifest_clips, packaged_clips
    from comparison.score import error_rate

    from sotto.export.quantize.recipes import DEFAULT

    source = ensure_exact_bundle("tiny.en")
    audio = [clip.path for clip in packaged_clips()]
    clips = [clip for clip in manifest_clips() if clip.name in ("jfk", "mr_quilter")]
    if not clips:
        pytest.skip("needs the recordings of SOTTO_TEST_AUDIO")
    ranges = calibrate(source, read_manifest(source), [*audio], lambda line: None)
    distances, texts = {}, {"fp32": _texts(source, clips)}
    for name in (DEFAULT, "int8-all"):
        out = tmp_path / name
        distances[name] = static_bundle.quantize_for_npu(
            *(source, out, [*audio], find_recipe(name), lambda line: None),
            ranges=ranges,
            min_decibel=-100.0,
        )
        texts[name] = _texts(out, clips)

    def rate(name: str) -> float:
        return error_rate(list(zip(texts["fp32"], texts[name], strict=True)), "en")

    assert rate(DEFAULT) <= 0.01
    assert rate("int8-all") > 0.5
    assert distances["int8-all"].logits < 5 < 15 < distances[DEFAULT].logits


def _texts(bundle: Path, clips: list) -> list[str]:  # type: ignore[type-arg]
    model = load_model(bundle)
    return [model.recognize(clip.samples, window=30, temperature=0.0).text for clip in clips]
