"""Some signatures of a file alone compute what they computed among the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from npu_graphs import TAKEN
from small_bundle import write_bundle

from sotto.errors import ModelError
from sotto.export.tflite.extract import extract_signatures
from sotto.export.tflite.flatbuffer import read_model, write_model
from sotto.export.tflite.graphs import read_graphs


def test_extracted_signatures_compute_what_they_did(tmp_path: Path) -> None:
    whole = write_bundle(tmp_path / "bundle") / "decoder.tflite"
    part = tmp_path / "part.tflite"
    write_model(extract_signatures(read_model(whole), ["align_2s", "decode_1s"]), part)
    assert [graph.signature for graph in read_graphs(part)] == ["decode_1s", "align_2s"]
    given = np.random.default_rng(0).normal(size=(1, 8, 8)).astype(np.float32)
    results = []
    for file in (whole, part):
        runner = Interpreter(str(file)).get_signature_runner("align_2s")
        results.append(runner(in0=given)["out3"])
    np.testing.assert_array_equal(*results)


def test_what_only_other_signatures_use_is_left_out(tmp_path: Path) -> None:
    model = read_model(write_bundle(tmp_path / "bundle") / "decoder.tflite")
    tensors = len(model.subgraphs[0].tensors)
    extract_signatures(model, ["decode_1s"])
    assert len(model.subgraphs) == 1
    assert len(model.buffers) <= 1 + tensors


def test_a_composite_keeps_its_body(tmp_path: Path) -> None:
    path = TAKEN["COMPOSITE odml.l2_norm"](tmp_path)
    before = read_graphs(path)
    write_model(extract_signatures(read_model(path), ["main"]), tmp_path / "part.tflite")
    assert len(read_model(tmp_path / "part.tflite").subgraphs) == 2
    after = read_graphs(tmp_path / "part.tflite")
    assert [graph.operations for graph in after] == [graph.operations for graph in before]


def test_a_signature_that_is_not_there_is_named(tmp_path: Path) -> None:
    model = read_model(TAKEN["TANH"](tmp_path))
    with pytest.raises(ModelError, match="no signature other; there are main"):
        extract_signatures(model, ["other"])
