"""``sotto npu check`` as it is used: a bundle or a file, a table or JSON, an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from npu_graphs import REFUSED, TAKEN
from typer.testing import CliRunner

from sotto.cli import app
from sotto.npu.plugin import own_adapter

needs_plugin = pytest.mark.skipif(
    own_adapter() is None, reason="the plugin's library is built on Linux alone"
)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["npu", "check", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_file_that_runs_whole_exits_with_0(tmp_path: Path) -> None:
    code, out, _ = run(str(TAKEN["TANH"](tmp_path)), "--no-plugin")
    assert code == 0
    assert "runs whole on the NPU" in out


def test_a_refusal_exits_with_1_and_is_explained(tmp_path: Path) -> None:
    code, out, _ = run(str(REFUSED["exp"][1](tmp_path)), "--no-plugin")
    assert code == 1
    assert "does not run whole on the NPU" in out
    assert "EXP (t1): the operation is not on the plugin's list" in out


@needs_plugin
def test_json_has_both_judges_findings(tmp_path: Path) -> None:
    code, out, err = run(str(REFUSED["rank 5"][1](tmp_path)), "--json", "--soc", "mt6989,mt6993")
    found = json.loads(out)
    assert (code, found["whole"], found["adapter"]) == (1, False, "sotto neuron_host")
    (graph,) = found["graphs"]
    assert {f["rule"] for f in graph["verdict"]["findings"]} == {"rank"}
    assert set(graph["partitionings"]) == {"mt6989", "mt6993"}
    assert "more than 4 dimensions" in graph["partitionings"]["mt6993"]["refusals"][0][2]
    assert "mt6989 graph.tflite: 0 of 1 graphs whole" in err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["nowhere.tflite"], "can't read nowhere.tflite"),
        (["x.tflite", "--soc", "mt1"], "soc 'mt1'"),
        (["x.tflite", "--adapter", "/nowhere"], "has no libneuron_adapter.so"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    arguments: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    TAKEN["TANH"](tmp_path).rename("x.tflite")
    code, _, err = run(*arguments)
    assert code != 0
    assert why in err


@needs_plugin
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("model", ["tiny.en", pytest.param("base", marks=pytest.mark.slow)])
def test_every_signature_of_a_float_bundle_is_one_partition(
    model: str, bundle: Callable[[str, str], Path]
) -> None:
    code, out, _ = run(str(bundle(model, "fp32")), "--json", "--soc", "mt6991,mt6993")
    found = json.loads(out)
    assert code == 0
    assert {graph["verdict"]["signature"] for graph in found["graphs"]} >= {
        "encode_30s",
        "decode_30s",
        "prefill_30s",
    }
    for graph in found["graphs"]:
        for one in graph["partitionings"].values():
            assert (one["partitions"], one["operations"] - one["selected"]) == (1, 0)
            assert sum(one["neuron"].values()) == one["operations"]


@needs_plugin
@pytest.mark.timeout(1200)
def test_a_dynamic_range_bundle_is_refused_as_one_for_cpus(
    bundle: Callable[[str, str], Path],
) -> None:
    code, out, _ = run(str(bundle("tiny.en", "int8")))
    assert code == 1
    assert "FULLY_CONNECTED (decoder.attention.0.key) and " in out
    assert "more: float activations meet int8 weights" in out
