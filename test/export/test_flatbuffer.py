"""A model's objects to a file and back, with equal bytes once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from sotto.errors import ConversionError
from sotto.export.tflite.flatbuffer import ALIGNMENT, read_model, write_model
from sotto.export.tflite.merge import Merger

RANDOM = np.random.default_rng(0)


def model_of(contents: Sequence[np.ndarray | None], signature: str = "run") -> Any:
    """A model of one graph with a tensor for each buffer; the first one is the empty one."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version = 3
    model.buffers, graph.tensors, graph.operators = [schema.BufferT()], [], []
    for index, content in enumerate(contents, 1):
        buffer, tensor = schema.BufferT(), schema.TensorT()
        buffer.data = content
        tensor.buffer, tensor.name = index, f"tensor {index}".encode()
        tensor.shape = np.array([0 if content is None else len(content)], np.int32)
        tensor.type = schema.TensorType.UINT8
        model.buffers.append(buffer)
        graph.tensors.append(tensor)
    graph.inputs = graph.outputs = np.array([0], np.int32)
    definition = schema.SignatureDefT()
    definition.signatureKey, definition.subgraphIndex = signature.encode(), 0
    definition.inputs, definition.outputs = [], []
    model.subgraphs, model.signatureDefs, model.operatorCodes = [graph], [definition], []
    return model


def bytes_of(size: int) -> np.ndarray:
    return RANDOM.integers(0, 256, size, np.uint8)


def contents_of(model: Any) -> list[bytes]:
    """Of each tensor of each graph."""
    return [
        b"" if (data := model.buffers[tensor.buffer].data) is None else bytes(data)
        for graph in model.subgraphs
        for tensor in graph.tensors
    ]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    contents = [bytes_of(n) for n in (1, 63, 64, 65, 5000)]
    path = tmp_path / "a.tflite"
    write_model(model_of([contents[0], None, *contents[1:]]), path)
    assert path.read_bytes()[4:8] == b"TFL3"
    model = read_model(path)
    first, *rest = (content.tobytes() for content in contents)
    assert contents_of(model) == [first, b"", *rest]
    again = tmp_path / "b.tflite"
    write_model(model, again)
    assert again.read_bytes() == path.read_bytes()


def test_equal_bytes_and_beginnings_are_stored_once(tmp_path: Path) -> None:
    long = bytes_of(50_000)
    contents = [long[:20_000].copy(), long, long.copy(), long[:100].copy(), bytes_of(100)]
    path = tmp_path / "a.tflite"
    write_model(model_of(contents), path)
    assert path.stat().st_size < 50_000 + 5_000
    assert contents_of(read_model(path)) == [content.tobytes() for content in contents]
    root = schema.Model.GetRootAs(path.read_bytes(), 0)
    places = [root.Buffers(i).Offset() for i in range(1, 6)]
    assert places[:4] == [places[0]] * 4
    assert places[4] != places[0]
    assert all(place % ALIGNMENT == 0 for place in places)


def test_equal_vectors_and_names_are_stored_once(tmp_path: Path) -> None:
    model = model_of([None] * 200)
    zeros = np.zeros(10_000, np.int64)
    for tensor in model.subgraphs[0].tensors:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.zeroPoint = zeros.copy()
        tensor.name = b"the same " * 100
    path = tmp_path / "a.tflite"
    write_model(model, path)
    assert path.stat().st_size < 80_000 + 40_000
    (graph,) = read_model(path).subgraphs
    assert all(np.array_equal(t.quantization.zeroPoint, zeros) for t in graph.tensors)
    assert {tensor.name for tensor in graph.tensors} == {b"the same " * 100}


def test_merged_models_keep_their_graphs_and_share_buffers(tmp_path: Path) -> None:
    shared, own = bytes_of(9_000), [bytes_of(100), bytes_of(200)]
    merger = Merger()
    for name, content in zip(("first", "second"), own, strict=True):
        merger.add(name, model_of([shared.copy(), content], name))
    path = tmp_path / "a.tflite"
    write_model(merger.model, path)
    assert path.stat().st_size < 9_000 + 4_000
    model = read_model(path)
    expected = [shared, own[0], shared, own[1]]
    assert contents_of(model) == [content.tobytes() for content in expected]
    found = {each.signatureKey: each.subgraphIndex for each in model.signatureDefs}
    assert found == {b"first": 0, b"second": 1}
    names = [tensor.name for graph in model.subgraphs for tensor in graph.tensors]
    assert names == [b"first/tensor 1", b"first/tensor 2", b"second/tensor 1", b"second/tensor 2"]


def test_a_model_of_several_graphs_is_not_merged() -> None:
    model = model_of([])
    model.subgraphs.append(model.subgraphs[0])
    with pytest.raises(ConversionError, match="run became 2 graphs, expected one"):
        Merger().add("run", model)
