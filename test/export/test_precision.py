"""Precisions other than float32: each layer is stored as asked, and what that loses is measured."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as schema
from scripts import Script, run

from sotto.asr import load_model
from sotto.bundle import MANIFEST, read_manifest
from sotto.commands import quantize as command
from sotto.errors import OptionError
from sotto.export.quantize.precision import PRECISIONS, Exceptions
from sotto.export.whisper import requantize
from sotto.export.whisper.passages import Distance
from sotto.export.whisper.sensitivity import Scan, ScanOptions, Sensitivity
from sotto.export.word_errors import human_error_rate, word_error_rate

Snapshot = Callable[[Path], dict[str, bytes]]

# What random weights say is unsure at any temperature, and may be taken for silence.
ONE_TRY = {"temperature": 0.0, "no_speech_threshold": None, "without_timestamps": True}

STORED = {"fp32": "FLOAT32", "fp16": "FLOAT16", "int8": "INT8", "int8-weights": "INT8"}

TYPES = {value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)}


def weight_types(bundle: Path) -> dict[str, set[str]]:
    """How each layer's weights are stored in the file, by layer; all signatures together."""
    found: dict[str, set[str]] = {}
    for file, layers in read_manifest(bundle).layers.items():
        names = {output: name for name, layer in layers.items() for output in layer.outputs}
        root = schema.Model.GetRootAsModel((bundle / file).read_bytes(), 0)
        for i in range(root.SubgraphsLength()):
            graph = root.Subgraphs(i)
            writers = {
                graph.Operators(j).Outputs(0): graph.Operators(j)
                for j in range(graph.OperatorsLength())
            }
            for output, operator in writers.items():
                if (name := names.get(graph.Tensors(output).Name().decode())) is None:
                    continue
                weights = operator.Inputs(1)
                if weights in writers:  # by DEQUANTIZE
                    weights = writers[weights].Inputs(0)
                kind = TYPES[graph.Tensors(weights).Type()]
                found.setdefault(name, set()).add(kind)
    return found


@pytest.fixture
def quantize(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], speech: Path
) -> Script:
    """``sotto quantize``, with a sound to measure over."""
    return lambda *arguments: run(
        command.quantize, ("--audio", speech, *arguments), monkeypatch, capfd
    )


@pytest.fixture
def exceptions(tmp_path: Path) -> Callable[..., Path]:
    """An exceptions file of patterns and precisions."""

    def make(precisions: object, schema: object = 1) -> Path:
        path = tmp_path / "exceptions.json"
        path.write_text(json.dumps({"schema": schema, "exceptions": precisions}))
        return path

    return make


# ---- layers -------------------------------------------------------------------------------


def test_every_layer_of_a_bundle_has_the_name_of_its_module(fp32: Path) -> None:
    layers = read_manifest(fp32).layers
    encoder, decoder = layers["encoder.tflite"], layers["decoder.tflite"]
    assert encoder["encoder.audio.conv1"].operation == "CONV_2D"
    assert encoder["encoder.cross.0.key"].shape == (64, 64)
    assert decoder["decoder.logits.output"].shape == (51864, 64)
    # The decoder step and the alignment graph read the same weights, and the prompt's graph most.
    assert {len(layer.outputs) for layer in decoder.values()} == {2, 3}
    assert not [name for name in (*encoder, *decoder) if ".weights." in name]
    assert set(weight_types(fp32)) == {*encoder, *decoder}


# ---- precisions ---------------------------------------------------------------------------


@pytest.mark.parametrize("precision", [name for name in PRECISIONS if name != "fp32"])
def test_each_precision_is_stored_in_fewer_bytes_and_runs(
    fp32: Path, quantize: Script, tmp_path: Path, speech: Path, precision: str
) -> None:
    done = quantize(fp32, "--precision", precision, "--out", tmp_path / "out")
    assert done.status == 0, done.err
    assert "outside the NPU's list: none" in done.err
    types = weight_types(tmp_path / "out")
    if precision == "int4":
        assert types["decoder.logits.output"] == {"INT8"}
        assert types["encoder.audio.conv1"] == {"INT8"}
        assert types["decoder.attention.0.query"] == {"INT4"}
    else:
        assert set.union(*types.values()) == {STORED[precision]}
    sizes = [(at / "decoder.tflite").stat().st_size for at in (fp32, tmp_path / "out")]
    # The table of this vocabulary is nearly all there is; its scales and zero points are each
    # graph's own.
    assert sizes[1] < sizes[0] * (0.6 if precision == "fp16" else 0.45)
    model = load_model(tmp_path / "out")
    assert model.precision == precision
    heard = model.recognize(speech, sample_len=5, **ONE_TRY)
    assert len(heard.tokens) == 5 * heard.profile.encoder_runs


def test_a_bundle_made_by_quantising_is_the_one_that_step_2_makes_with_exceptions_too(
    fp32: Path,
    exported: Path,
    quantize: Script,
    step2: Script,
    tmp_path: Path,
    exceptions: Callable[..., Path],
) -> None:
    file = exceptions({"decoder.attention.*": "fp32", "decoder.attention.0.out": "fp16"})
    options = ("--precision", "int8-weights", "--exceptions", file)
    done = step2(exported, "--out", tmp_path / "once", *options)
    assert done.status == 0, done.err
    types = weight_types(tmp_path / "once")
    assert types["decoder.attention.0.query"] == {"FLOAT32"}
    assert types["decoder.attention.0.out"] == {"FLOAT16"}
    assert types["decoder.cross_attention.0.out"] == {"INT8"}
    manifest = read_manifest(tmp_path / "once")
    layer = manifest.layers["decoder.tflite"]["decoder.attention.0.out"]
    assert layer.precision == "fp16"
    assert manifest.exceptions == json.loads(file.read_text())["exceptions"]
    assert quantize(fp32, "--out", tmp_path / "again", *options).status == 0
    for name in ("encoder.tflite", "decoder.tflite"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()


def test_exceptions_hold_in_all_signatures_and_bring_the_graphs_nearer(
    fp32: Path, quantize: Script, tmp_path: Path, exceptions: Callable[..., Path]
) -> None:
    noise = {}
    for name, arguments in {
        "plain": (),
        "excepted": ("--exceptions", exceptions({"encoder.*": "fp32"})),
    }.items():
        done = quantize(fp32, "--out", tmp_path / name, *arguments)
        assert done.status == 0, done.err
        found = re.search(r"([\d.]+|inf) dB after the encoder, ([\d.]+) dB in", done.err)
        assert found is not None
        noise[name] = float(found[1]), float(found[2])
    assert noise["plain"][0] < 60
    assert noise["excepted"][0] == math.inf
    assert noise["excepted"][1] > noise["plain"][1]
    types = weight_types(tmp_path / "excepted")
    for name, kinds in types.items():
        assert kinds == ({"FLOAT32"} if name.startswith("encoder.") else {"INT8"}), name


# ---- the scan -----------------------------------------------------------------------------


def test_a_scan_measures_every_group_and_leaves_nothing(
    fp32: Path,
    quantize: Script,
    tmp_path: Path,
    snapshot: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = snapshot(fp32)
    file = tmp_path / "exceptions.json"
    arguments = ("--scan", "--group", "kind", "--words", "1", "--json")
    done = quantize(fp32, *arguments, "--write", file, "--share", "1")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    patterns = {group["pattern"] for group in found["groups"]}
    assert "encoder.audio.attention.*" in patterns
    assert "decoder.logits.output" in patterns
    assert sum(group["layers"] for group in found["groups"]) == found["whole"]["layers"]
    levels = [group["distance"]["logits"] for group in found["groups"]]
    assert levels == sorted(levels)
    assert all(level > found["whole"]["distance"]["logits"] - 3 for level in levels)
    assert found["groups"][0]["word_error_rate"] is not None
    assert found["groups"][1]["word_error_rate"] is None
    assert set(Exceptions.read(file).precisions) == patterns - {"decoder.logits.output"}
    assert snapshot(fp32) == before
    assert [path.name for path in tmp_path.iterdir()] == ["exceptions.json"]


def test_a_scan_of_all_but_each_group_puts_first_what_helps_most(
    fp32: Path, quantize: Script
) -> None:
    arguments = ("--scan", "--group", "kind", "--words", "0", "--all-but")
    done = quantize(fp32, *arguments)
    assert done.status == 0, done.err
    assert "all layers but a group, most sensitive first" in done.out
    levels = [float(row.split("│")[4]) for row in done.out.splitlines() if "│" in row]
    assert levels[:-1] == sorted(levels[:-1], reverse=True)


def test_exceptions_are_the_groups_with_most_noise_a_byte() -> None:
    def group(pattern: str, decibel: float, size: int) -> Sensitivity:
        return Sensitivity(pattern, 1, size, Distance(math.inf, decibel, 0, 1))

    groups = [
        group("decoder.logits.output", 10, 100),
        group("large", 20, 1000),
        group("small", 21, 10),
    ]
    found = Scan(ScanOptions(), group("*", 9, 1110), groups)
    assert found.exceptions(0.05).precisions == {"small": "fp16"}
    assert found.exceptions(1.0, "fp32").precisions == {"small": "fp32", "large": "fp32"}
    for share in (0, 1.1, math.nan):
        with pytest.raises(OptionError, match="share"):
            found.exceptions(share)


def test_word_errors_are_counted_over_all_texts_without_case_and_punctuation() -> None:
    assert word_error_rate(["One, two three."], ["one two three"]) == 0
    assert word_error_rate(["one two three four", "five"], ["one three four six", ""]) == 3 / 5


def test_languages_without_spaces_are_counted_by_characters() -> None:
    assert word_error_rate(["砸自己的脚"], ["砸自已的脚"]) == 1
    assert word_error_rate(["砸自己的脚", "a b"], ["砸自已的脚", "a b"], ["zh", "en"]) == 1 / 7


def test_against_a_human_numbers_and_spellings_are_made_alike() -> None:
    said = ["in eighteen thirteen", "MISTER QUILTER"]
    heard = ["In 1813.", "Mr. Quilter"]
    assert word_error_rate(said, heard) > 0
    assert human_error_rate(said, heard, ["en", "en"]) == 0
    assert word_error_rate(["it's"], ["its"]) == 1


# ---- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "can't be read"),
        ("[]", 'expected an object with "schema" and "exceptions" alone'),
        ('{"exceptions": {}}', 'expected an object with "schema" and "exceptions" alone'),
        ('{"schema": 1, "exceptions": {}, "more": 1}', "alone"),
        ('{"schema": 2, "exceptions": {}}', "has schema 2, this Sotto reads 1"),
        ('{"schema": true, "exceptions": {}}', "has schema True"),
        ('{"schema": 1, "exceptions": ["a"]}', "expected an object such as"),
        ('{"schema": 1, "exceptions": {"*": "fp8"}}', "'*' has precision 'fp8'; expected one of"),
        ('{"schema": 1, "exceptions": {"*": ["int8"]}}', "'*' has precision ['int8']"),
        ('{"schema": 1, "exceptions": {"*": "int8", "*": "fp16"}}', "'*' occurs twice"),
        ('{"schema": 1, "exceptions": {"encoder.attn.*": "fp16"}}', "no layer matches 'encoder"),
    ],
)
def test_a_bad_exceptions_file_is_refused_with_what_is_wrong(
    fp32: Path, quantize: Script, tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "exceptions.json"
    file.write_text(content)
    done = quantize(fp32, "--out", tmp_path / "out", "--exceptions", file)
    assert (done.status, done.out) == (1, "")
    assert message in done.error
    assert str(file) in done.error
    assert [path.name for path in tmp_path.iterdir()] == ["exceptions.json"]


def test_an_exceptions_file_that_is_not_there_is_named(
    fp32: Path, quantize: Script, tmp_path: Path
) -> None:
    done = quantize(fp32, "--out", tmp_path / "out", "--exceptions", tmp_path / "gone.json")
    assert done.status == 1
    assert f"exceptions file {tmp_path / 'gone.json'} can't be read" in done.error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--precision", "fp8"), "precision 'fp8': expected one of fp32, fp16"),
        (("--write", "x.json"), "--write, --json and --all-but are options of --scan"),
        (("--scan", "--precision", "fp32"), "precision 'fp32': nothing is lost by it"),
        (("--scan", "--group", "head"), "group 'head': expected one of layer, block, kind"),
        (("--scan", "--words", "-1"), "words -1: expected 0 or more"),
        (("--scan", "--out", "x"), "--out and --exceptions have no effect with --scan"),
        (("--scan", "--write", "/gone/x.json"), "can't write /gone/x.json"),
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


def test_only_a_float32_bundle_with_named_layers_is_quantised(
    fp32: Path, quantize: Script, tmp_path: Path, step1_output: Path
) -> None:
    assert quantize(fp32, "--out", tmp_path / "int8").status == 0
    for source, message in (
        (
            tmp_path / "int8",
            "is a int8 bundle that transcribes; expected one of fp32 that transcribes",
        ),
        (step1_output, "was made before layers had names"),
        (tmp_path / "gone", "holds no manifest.json"),
    ):
        done = quantize(source, "--out", tmp_path / "x")
        assert done.status == 1
        assert message in done.error
        assert not (tmp_path / "x").exists()
    done = quantize(fp32, "--out", fp32)
    assert "is the float32 bundle itself" in done.error


def test_graphs_that_are_too_far_off_are_not_left(
    fp32: Path, quantize: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(requantize.DECIBEL, "int8", 200.0)
    done = quantize(fp32, "--out", tmp_path / "out")
    assert done.status == 1
    assert "too far from" in done.error
    assert list(tmp_path.iterdir()) == []


def test_where_the_quantiser_is_missing_the_command_says_how_to_install_it(
    fp32: Path, quantize: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    done = quantize(fp32)
    assert done.status == 1
    assert "pip install 'sotto[convert]'" in done.error


def test_a_damaged_list_of_layers_is_refused(fp32: Path, quantize: Script, tmp_path: Path) -> None:
    manifest = json.loads((fp32 / MANIFEST).read_text())
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in manifest["files"]:
        (broken / name).write_bytes((fp32 / name).read_bytes())
    manifest["layers"]["encoder.tflite"]["encoder.audio.conv1"] = {"shape": 3}
    (broken / MANIFEST).write_text(json.dumps(manifest))
    done = quantize(broken, "--out", tmp_path / "out")
    assert done.status == 1
    assert "layers['encoder.tflite']['encoder.audio.conv1'].operation is missing" in done.error
    assert not (tmp_path / "out").exists()
