"""Several graphs to one file: in this process, and in processes of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sotto.bundle import read_manifest
from sotto.errors import ConversionError
from sotto.export.tflite.lower import Graph, write_tflite

NAMES = ["encode_1s", "decode_1s", "prefill_1s"]


@pytest.fixture
def graphs(step1_output: Path) -> list[Graph]:
    scripts = read_manifest(step1_output).torchscript
    assert scripts is not None
    listed = {graph.name: graph for graphs in scripts.graphs.values() for graph in graphs}
    return [(step1_output / listed[name].file, listed[name]) for name in NAMES]


# Each process imports PyTorch and the converter: seconds.
@pytest.mark.slow
def test_processes_write_the_same_file(graphs: list[Graph], tmp_path: Path) -> None:
    lines: list[str] = []
    write_tflite(graphs, tmp_path / "one.tflite", lines.append, jobs=1)
    assert lines == [f"converted {name} ({i} of 3)" for i, name in enumerate(NAMES, 1)]
    write_tflite(graphs, tmp_path / "two.tflite", lines.append, jobs=2)
    assert lines[3:] == lines[:3]
    assert (tmp_path / "one.tflite").read_bytes() == (tmp_path / "two.tflite").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.tflite", "two.tflite"]


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_graph_that_cannot_be_converted_is_named(
    graphs: list[Graph], tmp_path: Path, jobs: int
) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no TorchScript")
    with pytest.raises(ConversionError, match="litert-torch could not convert decode_1s: "):
        write_tflite([(broken, graphs[1][1]), graphs[0]], tmp_path / "a.tflite", jobs=jobs)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.pt"]


def test_a_process_that_dies_is_reported(
    graphs: list[Graph], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\necho out of memory >&2\nexit 9\n")
    dying.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dying))
    said = r"the process that converted \w+ ended with status 9: out of memory"
    with pytest.raises(ConversionError, match=said):
        write_tflite(graphs[:2], tmp_path / "a.tflite", jobs=2)
    assert [path.name for path in tmp_path.iterdir()] == ["python"]
