"""Sotto's rules for the NPU, over graphs of one operation."""

from __future__ import annotations

from pathlib import Path

import pytest
from npu_graphs import REFUSED, TAKEN, X
from small_graph import write_graph

from sotto.npu.rules import SUPPORTED, judge


@pytest.mark.parametrize("operation", TAKEN)
def test_an_operation_of_the_plugins_list_is_taken(operation: str, tmp_path: Path) -> None:
    (verdict,) = judge(TAKEN[operation](tmp_path))
    assert verdict.signature == "main"
    assert verdict.counts == {operation: 1}
    assert verdict.refusals == []


def test_there_is_a_graph_for_every_operation_of_the_list() -> None:
    assert set(TAKEN) == SUPPORTED - {"COMPOSITE odml.rms_norm"}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_npu_does_not_take_is_refused_by_name(what: str, tmp_path: Path) -> None:
    rule, case = REFUSED[what]
    (verdict,) = judge(case(tmp_path))
    assert rule in {finding.rule for finding in verdict.refusals}
    assert all(finding.reason for finding in verdict.refusals)


def test_gelu_in_its_exact_form_is_taken_and_mentioned(tmp_path: Path) -> None:
    (verdict,) = judge(write_graph(tmp_path / "gelu.tflite", "GELU", [X], [X]))
    assert verdict.refusals == []
    assert [finding.rule for finding in verdict.findings] == ["gelu"]


def test_a_finding_names_the_layer_that_the_bundle_knows(tmp_path: Path) -> None:
    file = REFUSED["exp"][1](tmp_path)
    (verdict,) = judge(file, {"t1": "decoder.attention.0.query"})
    assert verdict.refusals[0].place == "decoder.attention.0.query"
    assert verdict.refusals[0].name == "EXP"
