"""Recorded graphs executed: what LiteRT's CPU kernels give, and what NumPy gives in fp16."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from npu_graphs import TAKEN
from numpy_executor import OPERATIONS, NumpyArithmetic, NumpyExecutor
from quantized_graphs import QUANTIZED
from recorded_network import read_network

from sotto.errors import ModelError, OptionError
from sotto.npu.arithmetic import Arithmetic, open_executor
from sotto.npu.plugin import own_adapter, partition

if own_adapter() is None:
    pytest.skip("the plugin's library is built on Linux alone", allow_module_level=True)

from sotto.npu._neuron_host import Executor, Network

EXACT = Arithmetic("fp32")


def recorded(file: Path, folder: Path) -> Path:
    networks = folder / "networks"
    networks.mkdir()
    adapter = own_adapter()
    assert adapter is not None
    partition(file, "mt6991", adapter, networks=networks, subgraphs=[0])
    return networks / "0.sottonet"


def random_input(detail: dict[str, object], random: np.random.Generator) -> np.ndarray:
    shape, dtype = detail["shape"], np.dtype(detail["dtype"])  # type: ignore[call-overload]
    if dtype.kind == "i":
        limits = np.iinfo(dtype)
        # int32 is no quantised type: a few numbers that floats hold.
        minimum, maximum = (-100, 100) if dtype == np.int32 else (limits.min, limits.max)
        return random.integers(minimum, maximum, shape, dtype=dtype, endpoint=True)
    return random.uniform(0.1, 2, shape).astype(dtype)


def both(file: Path, folder: Path, arithmetic: Arithmetic) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each output of the executor beside LiteRT's, over the same random inputs."""
    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    random = np.random.default_rng(1)
    inputs = []
    for detail in interpreter.get_input_details():
        inputs.append(random_input(detail, random))
        interpreter.set_tensor(detail["index"], inputs[-1])
    interpreter.invoke()
    expected = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
    found = open_executor(recorded(file, folder), arithmetic).run(inputs)
    return list(zip(found, expected, strict=True))


NOT_ON_THE_CPU = {"COMPOSITE odml.l2_norm"}
"""Whose body in the file is another operation, which LiteRT's CPU computes in its place."""


@pytest.mark.parametrize("operation", sorted(TAKEN.keys() - NOT_ON_THE_CPU))
def test_in_fp32_an_operation_gives_what_litert_gives(operation: str, tmp_path: Path) -> None:
    for found, expected in both(TAKEN[operation](tmp_path), tmp_path, EXACT):
        assert found.dtype == expected.dtype
        if expected.dtype.kind == "i":
            assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1
        elif expected.dtype == bool:
            np.testing.assert_array_equal(found, expected)
        else:
            # Float32's last places: sums go in another order, functions by other series.
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


TABLES = {"TANH, int16": 2, "SOFTMAX, int16": 16}
"""Steps that LiteRT's kernels are off by themselves: they interpolate in tables of 513 numbers."""


@pytest.mark.parametrize("operation", QUANTIZED)
def test_a_quantised_operation_is_within_a_step_of_litert(operation: str, tmp_path: Path) -> None:
    for found, expected in both(QUANTIZED[operation](tmp_path), tmp_path, EXACT):
        assert found.dtype == expected.dtype
        if expected.dtype == np.float32:
            np.testing.assert_allclose(found, expected, rtol=1e-6)
            continue
        assert np.unique(expected).size > 4, "the graph tests nothing"
        steps = np.abs(found.astype(int) - expected.astype(int))
        # TFLite's kernels rescale in fixed point; a real number is between theirs.
        assert steps.max() <= TABLES.get(operation, 1)


@pytest.mark.parametrize("kind", ["int8", "int16"])
@pytest.mark.parametrize("operation", ["LOGISTIC", "SOFTMAX", "TANH"])
def test_a_quantised_function_is_the_exact_one_rounded(
    operation: str, kind: str, tmp_path: Path
) -> None:
    executor = open_executor(recorded(QUANTIZED[f"{operation}, {kind}"](tmp_path), tmp_path), EXACT)
    random = np.random.default_rng(1)
    limits = np.iinfo(kind)
    x = random.integers(limits.min, limits.max, (1, 6, 8), dtype=kind, endpoint=True)
    (found,) = executor.run([x])
    scale, zero = (0.04, 5) if kind == "int8" else (0.0002, 0)
    real = (x.astype(float) - zero) * scale
    exact = {
        "LOGISTIC": lambda: 1 / (1 + np.exp(-real)),
        "SOFTMAX": lambda: np.exp(real) / np.exp(real).sum(-1, keepdims=True),
        "TANH": lambda: np.tanh(real),
    }[operation]()
    step, minimum = {"int8": (1 / 256, -128), "int16": (1 / 32768, 0)}[kind]
    if operation == "TANH" and kind == "int8":
        step, minimum = 1 / 128, 0
    steps = np.clip(exact / step + minimum, limits.min, limits.max)
    assert np.abs(found - steps).max() < 0.51  # half a step, and float32's last places


@pytest.mark.parametrize("accumulate", ["fp32", "fp16"])
@pytest.mark.parametrize("operation", sorted(TAKEN.keys() & (OPERATIONS.keys() | {"GELU", "SUM"})))
def test_in_fp16_an_operation_gives_what_numpy_gives(
    operation: str, accumulate: str, tmp_path: Path
) -> None:
    network = recorded(TAKEN[operation](tmp_path), tmp_path)
    random = np.random.default_rng(1)
    executor = Executor(Network(network), accumulate=accumulate)
    inputs = [
        random.uniform(0.1, 2, shape).astype(np.float32) for shape in Network(network).input_shapes
    ]
    numpy = NumpyExecutor(read_network(network), NumpyArithmetic("fp16", accumulate))  # type: ignore[arg-type]
    for found, expected in zip(executor.run(inputs), numpy.run(inputs), strict=True):
        # A sum in another order may fall on the other side of where fp16 rounds: one step of 2^-10.
        np.testing.assert_allclose(found, expected, rtol=2**-10, atol=2**-24)
        np.testing.assert_array_equal(found, found.astype(np.float16).astype(np.float32))


def test_a_watch_sees_the_operations_that_it_asks_for(tmp_path: Path) -> None:
    file = recorded(TAKEN["SPLIT"](tmp_path), tmp_path)
    executor = Executor(Network(file), storage="fp32")
    x = np.arange(32, dtype=np.float32).reshape(1, 4, 8)
    seen: list[tuple[int, list[np.ndarray]]] = []
    outputs = executor.run([x], lambda place, values: seen.append((place, values)))
    ((place, values),) = seen
    assert place == 0
    for value, output in zip(values, outputs, strict=True):
        np.testing.assert_array_equal(value, output)
    executor.run([x], lambda place, values: seen.append((place, values)), places=[7])
    assert len(seen) == 1


def test_what_a_watch_raises_comes_out(tmp_path: Path) -> None:
    executor = Executor(Network(recorded(TAKEN["ABS"](tmp_path), tmp_path)))

    def refuse(place: int, values: object) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        executor.run([np.zeros((1, 4, 4, 8), np.float32)], refuse)


def test_inputs_that_are_not_the_networks_are_refused(tmp_path: Path) -> None:
    executor = Executor(Network(recorded(TAKEN["ABS"](tmp_path), tmp_path)))
    with pytest.raises(ModelError, match=r"input 0 is float64 .* not float32 of \(1, 4, 4, 8\)"):
        executor.run([np.zeros((1, 4, 4, 8))])
    with pytest.raises(ModelError, match=r"of the shape \(1, 8\), not float32 of \(1, 4, 4, 8\)"):
        executor.run([np.zeros((1, 8), np.float32)])
    with pytest.raises(ModelError, match="has 1 inputs"):
        executor.run([])


def test_a_wrong_choice_is_named(tmp_path: Path) -> None:
    network = Network(recorded(TAKEN["ABS"](tmp_path), tmp_path))
    assert network.soc == "mt6991"
    assert network.operations == ["ABS"]
    with pytest.raises(OptionError, match="storage 'int8': expected fp16 or fp32"):
        Executor(network, storage="int8")


def _file(graph: object, constants: bytes = b"", version: int = 1) -> bytes:
    text = json.dumps(graph).encode()
    return b"SOTTONET" + struct.pack("<II", version, len(text)) + text + constants


_GRAPH = {"soc": "mt6991", "operands": [], "operations": [], "inputs": [], "outputs": []}


@pytest.mark.parametrize("read", [Network, read_network])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "can't read"),
        (b"another kind of file", "no recorded graph"),
        (_file(_GRAPH, version=2), "version 2"),
        (_file(_GRAPH)[:-9], "damaged"),
        (_file([]), "damaged"),
        (_file(_GRAPH | {"outputs": [0]}), "damaged"),
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
    read: type[Network], content: bytes | None, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "0.sottonet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=why):
        read(path)
