"""What a graph takes, counted by hand, and estimates that hold together."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from npu_graphs import TAKEN
from small_graph import Value, constant, write_graph
from typer.testing import CliRunner

from sotto.cli import app
from sotto.errors import DeviceError, ModelError, OptionError
from sotto.export.tflite.graphs import read_graphs
from sotto.npu.advice import advice
from sotto.npu.estimate import Estimate, estimate, estimates, transcription
from sotto.npu.plugin import socs as plugin_socs
from sotto.npu.published import check, efficiency_of, measurements
from sotto.npu.roofline import Timing, timing
from sotto.npu.socs import Figure, Soc, find_soc, launch_ms, mediatek, peers
from sotto.npu.whisper_work import SIZES, whisper_work
from sotto.npu.work import Work, count


def counted(path: Path) -> Work:
    (graph,) = read_graphs(path)
    return count(graph)


@pytest.mark.parametrize(
    ("operation", "macs", "weights", "boundary"),
    [
        # 4 rows of 8 by 5 x 8: 5 x 8 weights and 5 of bias in fp16; float32 in and out
        ("FULLY_CONNECTED", 4 * 8 * 5, 2 * (40 + 5), 4 * (4 * 8 + 4 * 5)),
        # 4 x 4 places of 5, each from 1 x 3 places of 8
        ("CONV_2D", 4 * 4 * 5 * 3 * 8, 2 * (5 * 3 * 8 + 5), 4 * (4 * 4 * 8 + 4 * 4 * 5)),
        # 4 x 4 places of 8, each from 3 x 3 places of its own channel
        ("DEPTHWISE_CONV_2D", 4 * 4 * 8 * 9, 2 * (9 * 8 + 8), 4 * 2 * (4 * 4 * 8)),
        # 4 products of 4 x 8 by 8 x 5, neither of which is a constant
        ("BATCH_MATMUL", 4 * 4 * 8 * 5, 0, 4 * (4 * 4 * 8 + 4 * 8 * 5 + 4 * 4 * 5)),
    ],
)
def test_products_are_counted(
    operation: str, macs: int, weights: int, boundary: int, tmp_path: Path
) -> None:
    work = counted(TAKEN[operation](tmp_path))
    assert (work.macs, work.weights, work.boundary) == ({"fp16": macs}, weights, boundary)


def test_an_operation_that_does_not_multiply_has_no_products(tmp_path: Path) -> None:
    work = counted(TAKEN["ADD"](tmp_path))
    assert (work.macs, work.weights, work.boundary) == ({}, 0, 4 * 3 * (4 * 4 * 8))


@pytest.mark.parametrize(
    ("activations", "weights", "precision"),
    [
        ("INT8", "INT8", "int8"),
        ("INT16", "INT8", "int16"),
        ("FLOAT32", "INT8", "hybrid"),
    ],
)
def test_products_are_counted_by_precision(
    activations: str, weights: str, precision: str, tmp_path: Path
) -> None:
    data = np.ones((5, 8), np.int8)
    path = write_graph(
        tmp_path / "graph.tflite",
        "FULLY_CONNECTED",
        [
            Value((4, 8), activations, scales=(0.1,)),
            Value((5, 8), weights, data, scales=(0.1,)),
        ],
        [Value((4, 5), activations, scales=(0.1,))],
    )
    work = counted(path)
    assert work.macs == {precision: 4 * 8 * 5}
    assert (work.stored_weights, work.weights, work.float_weights) == (40, 40, 0)


def test_a_dynamic_size_can_not_be_counted(tmp_path: Path) -> None:
    path = write_graph(
        tmp_path / "graph.tflite",
        "FULLY_CONNECTED",
        [Value((-1, 8)), constant(np.ones((5, 8)), "float32")],
        [Value((-1, 5))],
    )
    with pytest.raises(ModelError, match="dynamic"):
        counted(path)


@pytest.mark.parametrize(
    ("operation", "inputs", "output"),
    [
        ("FULLY_CONNECTED", [Value((4, 8))], Value((4, 5))),
        ("BATCH_MATMUL", [Value((4, 8)), Value((8, 5))], Value(())),
    ],
)
def test_an_operation_that_lacks_operands_or_dimensions_is_refused(
    operation: str, inputs: list[Value], output: Value, tmp_path: Path
) -> None:
    path = write_graph(tmp_path / "graph.tflite", operation, inputs, [output])
    with pytest.raises(ModelError, match="without its operands or dimensions"):
        counted(path)


def test_dynamic_range_quantisation_is_refused_as_one_for_cpus() -> None:
    with pytest.raises(ModelError, match="precision for CPUs"):
        timing(Work(macs={"hybrid": 1}), find_soc("mt6991"), efficiency_of("mt6991"))


def test_activations_that_do_not_fit_are_written_and_read() -> None:
    assert Work(activations=(10, 60, 100)).spilled(50) == 2 * 160


def _exact(low: float, high: float | None = None) -> Figure:
    return Figure(low, low if high is None else high, ("a test",), "")


def _soc(tops: float = 10, gbs: float = 50) -> Soc:
    return Soc(
        *("test", "", "", "", ()),
        tops_int8=_exact(tops),
        fp16_of_int8=_exact(0.5),
        int16_of_int8=_exact(0.25),
        memory_gbs=_exact(gbs),
        on_chip_mib=_exact(1),
        compiled="",
    )


def _timed(work: Work, soc: Soc) -> Timing:
    share = (0.5, 1.0)
    efficiency = replace(efficiency_of("mt6991"), memory=share)
    return timing(work, soc, replace(efficiency, compute={"fp16": share, "int16": share}))


def test_a_run_takes_as_long_as_the_slower_of_arithmetic_and_traffic() -> None:
    launch = launch_ms()
    # 25 G multiply-adds at 5 tera-operations a second; 100 MB at 50 GB/s; half of it at worst
    work = Work(macs={"fp16": 25_000_000_000}, weights=60_000_000, boundary=40_000_000)
    found = _timed(work, _soc())
    assert (found.compute.low, found.compute.high) == pytest.approx((10, 20))
    assert (found.memory.low, found.memory.high) == pytest.approx((2, 4))
    assert (found.total.low, found.total.high) == pytest.approx((10 + launch.low, 20 + launch.high))
    assert found.bound == "compute"
    assert _timed(work, _soc(gbs=5)).bound == "memory"
    assert _timed(Work(), _soc()).bound == "launch"


@pytest.mark.parametrize("stage", ["encoder+kv", "step"])
@pytest.mark.parametrize("name", sorted(mediatek()))
def test_a_faster_soc_is_never_slower(name: str, stage: str) -> None:
    soc, work = find_soc(name), whisper_work(SIZES["base"], stage, cache=448)
    efficiency = efficiency_of(name)
    before = timing(work, soc, efficiency).total
    for field in ("tops_int8", "memory_gbs", "on_chip_mib"):
        figure = getattr(soc, field)
        better = replace(soc, **{field: replace(figure, low=2 * figure.low, high=2 * figure.high)})
        after = timing(work, better, efficiency).total
        assert after.low <= before.low
        assert after.high <= before.high


def test_an_unknown_soc_is_named_with_those_that_are_known() -> None:
    with pytest.raises(OptionError, match=r"soc 'mt1': there are figures of mt6853, .*mt6991"):
        find_soc("mt1")


def test_there_are_figures_of_every_soc_that_the_plugin_knows() -> None:
    try:
        known = plugin_socs()
    except DeviceError as error:
        pytest.skip(str(error))
    assert set(known) == set(mediatek())


@pytest.mark.parametrize("soc", [*mediatek().values(), *peers().values()], ids=lambda s: s.key)
def test_every_figure_has_a_source_or_says_what_was_assumed(soc: Soc) -> None:
    for name, figure in {**soc.figures(), "launch": launch_ms()}.items():
        assert figure.sources or figure.assumed, name
        assert 0 < figure.low <= figure.high, name
        if figure.low < figure.high and not figure.assumed:
            assert len(figure.sources) > 1, f"{name}: a range of one source"


def test_measurements_that_calibrate_lie_inside_what_they_calibrated() -> None:
    calibrating = [one for one in check() if one.measurement.calibrates]
    assert calibrating
    assert {one.error for one in calibrating} == {1}


def test_an_error_is_by_how_much_a_measurement_is_outside() -> None:
    for one in check():
        ms, estimated = one.measurement.ms, one.estimate
        if one.error > 1:
            assert ms == pytest.approx(estimated.high * one.error)
        elif one.error < 1:
            assert ms == pytest.approx(estimated.low * one.error)
        else:
            assert estimated.low * (1 - 1e-9) <= ms <= estimated.high * (1 + 1e-9)


def test_blind_estimates_do_not_see_the_socs_own_measurements() -> None:
    assert efficiency_of("mt6989", blind=True) != efficiency_of("mt6989")
    assert efficiency_of("mt6991", blind=True) == efficiency_of("mt6991")


@pytest.mark.parametrize("model", ["base"])
def test_whispers_sizes_give_what_its_graphs_are_counted_to(
    model: str, bundle: Callable[[str, str], Path]
) -> None:
    """Of other models, which are published without a file, the sizes are all there is."""
    folder = bundle(model, "int8")
    works = {
        graph.signature: count(graph)
        for file in ("encoder.tflite", "decoder.tflite")
        for graph in read_graphs(folder / file)
    }
    for name, stage in (("encode_30s", "encoder+kv"), ("decode_30s", "step")):
        expected = whisper_work(SIZES[model], stage, cache=448)
        found = works[name]
        # A step's product with its own key is a sum in the graph.
        assert sum(found.macs.values()) == pytest.approx(expected.macs["fp16"], rel=1e-4)
        assert found.boundary == expected.boundary
        # The sizes count the encoder's table of positions with the weights.
        assert found.stored_weights == pytest.approx(expected.weights / 2, rel=0.04)


@pytest.fixture(scope="module")
def found(bundle: Callable[[str, str], Path]) -> Estimate:
    return estimate(bundle("tiny.en", "fp32"), "mt6989")


def test_a_bundle_is_estimated_signature_by_signature(found: Estimate) -> None:
    assert {"encode_30s", "decode_30s", "prefill_30s"} <= set(found.signatures)
    step, block = found.signatures["decode_30s"], found.signatures["prefill_30s"]
    assert (step.tokens, block.tokens) == (1, 32)
    assert found.signatures["encode_30s"].tokens == 0
    for one in found.signatures.values():
        assert 0 < one.ms.low <= one.ms.high
        assert set(one.work.macs) == {"fp16"}


def test_a_recording_takes_its_windows_its_prompt_and_its_steps(found: Estimate) -> None:
    heard = transcription(found, 70, 100, prompt=40)
    encoder, step, block = (
        found.signatures[name].ms for name in ("encode_30s", "decode_30s", "prefill_30s")
    )
    assert (heard.window, heard.windows) == (30, 3)
    expected = 3 * encoder.high + 3 * 2 * block.high + 100 * step.high
    assert heard.total.high == pytest.approx(expected)
    for seconds in (0, -1, math.nan, math.inf):
        with pytest.raises(OptionError, match=f"seconds {seconds:g}, .*: expected seconds above 0"):
            transcription(found, seconds, 1)


def test_advice_is_what_the_changed_graph_saves(found: Estimate) -> None:
    soc, efficiency = find_soc("mt6989"), efficiency_of("mt6989")
    step = found.signatures["decode_30s"]
    saved = {one.change: one.saved for one in step.advice}
    halved = replace(step.work, boundary=step.work.boundary // 2)
    less = step.ms.low - timing(halved, soc, efficiency).total.low
    assert saved["inputs and outputs in fp16"].low == pytest.approx(less)
    window = {one.change for one in found.signatures["encode_30s"].advice}
    assert "a window of 10 s" in window


def test_int8_weights_save_half_of_the_float_ones_alone() -> None:
    soc, efficiency = find_soc("mt6989"), efficiency_of("mt6989")
    work = Work(macs={"fp16": 1, "int16": 1}, weights=100_000_000, float_weights=40_000_000)
    saved = {one.change: one.saved for one in advice(work, {}, None, soc, efficiency)}
    less = timing(replace(work, weights=80_000_000), soc, efficiency).total
    before = timing(work, soc, efficiency).total
    change = "int8 weights, int16 activations"
    assert saved[change].high == pytest.approx(before.high - less.high)


def test_what_would_change_nothing_is_not_advised() -> None:
    soc = find_soc("mt6991")
    assert advice(Work(), {"log_mel": (1, 80, 1000)}, None, soc, efficiency_of("mt6991")) == []


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["npu", "estimate", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_check_prints_an_error_for_each_published_measurement() -> None:
    code, out, _ = run("--check", "--json")
    told = json.loads(out)
    assert code == 0
    assert len(told["compared"]) == len(measurements())
    assert all(one["error"] > 0 and one["blind_error"] > 0 for one in told["compared"])
    assert all(one["why"] for one in told["not_evaluated"])
    code, out, _ = run("--check")
    rows = [line for line in out.splitlines() if line.startswith("│")]
    assert code == 0
    assert len(rows) == len(measurements())
    assert all("inside" in row or " x " in row for row in rows)


def test_a_file_is_estimated_for_one_soc_and_for_all(tmp_path: Path) -> None:
    path = str(TAKEN["FULLY_CONNECTED"](tmp_path))
    code, out, _ = run(path, "--soc", "mt6989")
    assert code == 0
    assert "main" in out
    assert "computerbase.de" in out
    code, out, _ = run(path, "--soc", "all", "--json")
    assert code == 0
    assert [one["soc"]["key"] for one in json.loads(out)] == list(mediatek())


def test_a_picture_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "picture.png"
    code, _, _ = run(str(TAKEN["TANH"](tmp_path)), "--soc", "all", "--picture", str(picture))
    assert code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert {file.name for file in tmp_path.iterdir()} == {"picture.png", "graph.tflite"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "name a bundle or a .tflite file"),
        (["nowhere.tflite"], "can't read nowhere.tflite"),
        (["graph.tflite", "--soc", "mt1"], "soc 'mt1'"),
        (["graph.tflite", "--picture", "picture.txt"], "expected a name in .png"),
        (["graph.tflite", "--picture", "picture.png"], "pip install 'sotto[bench]'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    arguments: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    TAKEN["TANH"](tmp_path)
    code, _, err = run(*arguments)
    assert code == 1
    assert why in err


def test_several_socs_are_counted_once(tmp_path: Path) -> None:
    path = TAKEN["BATCH_MATMUL"](tmp_path)
    found = estimates(path, ["mt6989", "mt6991"])
    assert [one.soc.key for one in found] == ["mt6989", "mt6991"]
    assert found[0].signatures["main"].work == found[1].signatures["main"].work
