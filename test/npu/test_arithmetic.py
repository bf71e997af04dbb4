"""The simulator's arithmetic, and graphs that it reads."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from npu_graphs import TAKEN

from sotto.errors import ModelError
from sotto.npu.arithmetic import OPERATIONS, Arithmetic, Executor
from sotto.npu.network import read_network
from sotto.npu.plugin import own_adapter, partition

needs_plugin = pytest.mark.skipif(
    own_adapter() is None, reason="the plugin's library is built on Linux alone"
)

SIMULATED = [
    *("ABS", "ADD", "BATCH_MATMUL", "CONCATENATION", "CONV_2D", "DIV", "FULLY_CONNECTED", "GELU"),
    *("LOGISTIC", "MAXIMUM", "MEAN", "MINIMUM", "MUL", "PAD", "REDUCE_MAX", "RELU", "RESHAPE"),
    *("RSQRT", "SLICE", "SOFTMAX", "SPLIT", "SQRT", "SUB", "SUM", "TANH", "TRANSPOSE"),
]


def recorded(file: Path, folder: Path) -> Path:
    networks = folder / "networks"
    networks.mkdir()
    adapter = own_adapter()
    assert adapter is not None
    partition(file, "mt6991", adapter, networks=networks, subgraphs=[0])
    return networks / "0.sottonet"


@needs_plugin
@pytest.mark.parametrize("operation", SIMULATED)
def test_in_fp32_an_operation_gives_what_litert_gives(operation: str, tmp_path: Path) -> None:
    file = TAKEN[operation](tmp_path)
    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    random = np.random.default_rng(1)
    inputs = []
    for detail in interpreter.get_input_details():
        inputs.append(random.uniform(0.1, 2, detail["shape"]).astype(np.float32))
        interpreter.set_tensor(detail["index"], inputs[-1])
    interpreter.invoke()
    expected = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
    network = read_network(recorded(file, tmp_path))
    found = Executor(network, Arithmetic("fp32")).run(inputs)
    for actual, exact in zip(found, expected, strict=True):
        np.testing.assert_allclose(actual, exact, rtol=1e-5, atol=1e-5)


def test_fp16_keeps_eleven_bits_and_overflows() -> None:
    stored = Arithmetic("fp16").stored(np.array([1 + 2**-11, 70_000, 1e-9], np.float32))
    np.testing.assert_array_equal(stored, np.array([1, np.inf, 0], np.float32))


def test_sums_in_fp16_lose_more_than_sums_in_fp32() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 64, 64)).astype(np.float32)
    a, b = Arithmetic("fp16").stored(a), Arithmetic("fp16").stored(b)
    exact = a.astype(np.float64) @ b
    long = np.abs(Arithmetic("fp16", "fp32").matmul(a, b) - exact).max()
    short = np.abs(Arithmetic("fp16", "fp16").matmul(a, b) - exact).max()
    assert long < 1e-4 < short < 0.1


def test_the_exact_gelu_and_its_tanh_form_differ_in_the_fourth_digit() -> None:
    x = np.linspace(-4, 4, 999, dtype=np.float32)
    (tanh,) = OPERATIONS["GELU_V2"](Arithmetic("fp32", gelu="tanh"), [x])
    (erf,) = OPERATIONS["GELU_V2"](Arithmetic("fp32", gelu="erf"), [x])
    assert 1e-4 < np.abs(tanh - erf).max() < 1e-3


def _file(graph: object, constants: bytes = b"", version: int = 1) -> bytes:
    text = json.dumps(graph).encode()
    return b"SOTTONET" + struct.pack("<II", version, len(text)) + text + constants


_GRAPH = {"soc": "mt6991", "operands": [], "operations": [], "inputs": [], "outputs": []}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "can't read"),
        (b"another kind of file", "no recorded graph"),
        (_file(_GRAPH, version=2), "version 2"),
        (_file(_GRAPH)[:-9], "damaged"),
        (_file([]), "damaged"),
        (_file(_GRAPH | {"outputs": [0]}), "names an operand that is not there"),
        (
            _file(
                _GRAPH | {"operands": [{"type": 3, "dimensions": [2], "value": [0, 8]}]}, b"1234"
            ),
            "a constant reaches beyond the file",
        ),
        (
            _file(
                _GRAPH | {"operands": [{"type": 3, "dimensions": [3], "value": [0, 4]}]}, b"1234"
            ),
            "damaged",
        ),
    ],
)
def test_a_file_that_is_no_recorded_graph_gives_an_error(
    content: bytes, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "0.sottonet"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=why):
        read_network(path)
