"""A graph that a stranger made: LiteRT trusts what a file says of itself, so it is verified before.

Each mutation below is one that LiteRT, or the kernels that it runs, would follow out of the file or
out of a tensor. Random ones are in ``test_mutated_graphs.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from sotto import _runtime
from sotto.errors import BundleError

sys.path.append(str(Path(__file__).resolve().parents[1] / "npu"))

from npu_graphs import TAKEN

NOT_FOR_THE_CPU = {"COMPOSITE odml.l2_norm"}
"""That no bundle has: step 2 writes what composites are made of."""


def packed(model: Any) -> bytes:
    """The file of a ``ModelT``."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture
def graph(tmp_path: Path) -> Callable[[str], Any]:
    """A graph of one operation as a ``ModelT``, by the operation's name."""

    def read(operation: str) -> Any:
        return schema.ModelT.InitFromPackedBuf(TAKEN[operation](tmp_path).read_bytes(), 0)

    return read


def refusal(content: bytes) -> str:
    """The message with which a file is refused."""
    with pytest.raises(BundleError, match=r"^m\.tflite can't be used: .*convert the model"):
        _runtime.verify_model("m.tflite", content)
    try:
        _runtime.verify_model("m.tflite", content)
    except BundleError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("operation", sorted(set(TAKEN) - NOT_FOR_THE_CPU))
def test_every_operation_of_the_npus_list_is_taken(operation: str, tmp_path: Path) -> None:
    _runtime.verify_model("m.tflite", TAKEN[operation](tmp_path).read_bytes())


@pytest.mark.parametrize("operation", sorted(set(TAKEN) - NOT_FOR_THE_CPU))
def test_an_output_of_another_size_is_refused(operation: str, graph: Callable[[str], Any]) -> None:
    model = graph(operation)
    output = model.subgraphs[0].operators[0].outputs[-1]
    tensor = model.subgraphs[0].tensors[output]
    tensor.shape = [*tensor.shape[:-1], tensor.shape[-1] + 1]
    assert "operation 0" in refusal(packed(model))


@pytest.mark.parametrize("content", [b"", b"\0" * 3, b"\x1c\0\0\0TFL3", b"\0" * 1000])
def test_what_is_no_flatbuffer_is_refused(content: bytes) -> None:
    assert "no TFLite model" in refusal(content)


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    content = TAKEN["CONV_2D"](tmp_path).read_bytes()
    for size in range(0, len(content), 7):
        refusal(content[:size])


def _set(path: str, value: Any) -> Callable[[Any], None]:
    """A change: ``subgraphs.0.inputs.0`` and so on becomes ``value``."""

    def change(model: Any) -> None:
        *parents, last = path.split(".")
        item = model
        for name in parents:
            item = item[int(name)] if name.isdigit() else getattr(item, name)
        if last.isdigit():
            item[int(last)] = value
        else:
            setattr(item, last, value)

    return change


_TENSOR = "subgraphs.0.tensors"
_OPERATOR = "subgraphs.0.operators.0"
_SPARSITY = schema.SparsityParametersT()
_QUANTIZED = schema.QuantizationParametersT()
_QUANTIZED.scale, _QUANTIZED.zeroPoint, _QUANTIZED.quantizedDimension = [0.1, 0.2], [0, 0], 9

CHANGES: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "a buffer that is not there": ("ADD", _set(f"{_TENSOR}.0.buffer", 9), "buffer 9"),
    "a buffer behind the file": ("CONV_2D", _set("buffers.1.offset", 1 << 40), "buffer 1"),
    "a buffer whose end overflows": ("CONV_2D", _set("buffers.1.size", 2**64 - 1), "buffer 1"),
    "weights that are too short": (
        "CONV_2D",
        _set("buffers.1.data", np.zeros(8, np.uint8)),
        "needs 480 bytes",
    ),
    "a size below zero": ("ADD", _set(f"{_TENSOR}.0.shape", [1, -4, 4, 8]), "not positive"),
    "sizes that overflow": ("ADD", _set(f"{_TENSOR}.0.shape", [65536] * 4), "too many"),
    "five dimensions": ("ADD", _set(f"{_TENSOR}.0.shape", [1] * 5), "5 dimensions"),
    "a dynamic shape": ("ADD", _set(f"{_TENSOR}.0.shapeSignature", [-1, 4, 4, 8]), "dynamic"),
    "a type that is not known": ("ADD", _set(f"{_TENSOR}.0.type", 99), "element type 99"),
    "strings": ("ADD", _set(f"{_TENSOR}.0.type", schema.TensorType.STRING), "element type 5"),
    "another type": ("ADD", _set(f"{_TENSOR}.0.type", schema.TensorType.INT32), "differ in"),
    "a sparse tensor": (
        "ADD",
        _set(f"{_TENSOR}.0.sparsity", schema.SparsityParametersT()),
        "sparse",
    ),
    "a variable": ("ADD", _set(f"{_TENSOR}.0.isVariable", True), "variable"),
    "scales of other channels": ("ADD", _set(f"{_TENSOR}.0.quantization", _QUANTIZED), "2 scales"),
    "an input that is not there": ("ADD", _set(f"{_OPERATOR}.inputs", [0, 7]), "input 7"),
    "an input far below zero": ("ADD", _set(f"{_OPERATOR}.inputs", [0, -(2**31)]), "input -"),
    "an input that is left out": ("ADD", _set(f"{_OPERATOR}.inputs", [0, -1]), "is left out"),
    "too few inputs": ("ADD", _set(f"{_OPERATOR}.inputs", [0]), "1 inputs"),
    "an output that is an input": ("ADD", _set(f"{_OPERATOR}.outputs", [0]), "written before"),
    "an output that is constant": ("CONV_2D", _set(f"{_OPERATOR}.outputs", [1]), "constant"),
    "an output that is not there": ("ADD", _set(f"{_OPERATOR}.outputs", [99]), "tensor 99"),
    "a code that is not there": ("ADD", _set(f"{_OPERATOR}.opcodeIndex", 5), "no operator code"),
    "no options": ("CONV_2D", _set(f"{_OPERATOR}.builtinOptions", None), "options"),
    "a stride of zero": ("CONV_2D", _set(f"{_OPERATOR}.builtinOptions.strideW", 0), "steps"),
    "a stride that overflows": (
        "CONV_2D",
        _set(f"{_OPERATOR}.builtinOptions.strideW", 2**31 - 1),
        "steps",
    ),
    "an activation that is not known": (
        "ADD",
        _set(f"{_OPERATOR}.builtinOptions.fusedActivationFunction", 77),
        "activation 77",
    ),
    "an axis that is not there": (
        "CONCATENATION",
        _set(f"{_OPERATOR}.builtinOptions.axis", 7),
        "axis 7",
    ),
    "parts that are not there": (
        "SPLIT",
        _set(f"{_OPERATOR}.builtinOptions.numSplits", 4),
        "equal parts",
    ),
    "an order that is none": (
        "TRANSPOSE",
        _set("buffers.1.data", np.array([0, 1, 1], np.int32).view(np.uint8)),
        "permutation",
    ),
    "a slice beyond its input": (
        "SLICE",
        _set("buffers.1.data", np.array([0, 3, 0], np.int32).view(np.uint8)),
        "beyond",
    ),
    "paddings below zero": (
        "PAD",
        _set("buffers.1.data", np.array([0, 0, -1, 3, 0, 0, 0, 0], np.int32).view(np.uint8)),
        "paddings",
    ),
    "a custom operation": ("ADD", _set("operatorCodes.0.builtinCode", 32), "custom"),
    "a loop": ("ADD", _set("operatorCodes.0.builtinCode", 119), "operation 119"),
    "a graph's input that is not there": ("ADD", _set("subgraphs.0.inputs", [0, 50]), "tensor 50"),
    "a graph's output that is not there": ("ADD", _set("subgraphs.0.outputs", [50]), "output 50"),
    "a signature of another graph": (
        "ADD",
        _set("signatureDefs.0.subgraphIndex", 3),
        "signature 0",
    ),
    "a signature of another tensor": (
        "ADD",
        _set("signatureDefs.0.inputs.0.tensorIndex", 2),
        "other tensors",
    ),
    "no signature": ("ADD", _set("signatureDefs", None), "no signature"),
    "an order of execution": (
        "ADD",
        lambda model: _set("metadata", [_metadata("model_control_dependencies")])(model),
        "model_control_dependencies",
    ),
}
"""By what is wrong: the operation, the change, and what the message says."""


def _metadata(name: str) -> Any:
    entry = schema.MetadataT()
    entry.name, entry.buffer = name, 0
    return entry


@pytest.mark.parametrize("change", CHANGES)
def test_what_kernels_would_follow_is_refused(change: str, graph: Callable[[str], Any]) -> None:
    operation, apply, message = CHANGES[change]
    model = graph(operation)
    apply(model)
    assert message in refusal(packed(model))


def test_a_name_of_any_bytes_is_written_as_text(graph: Callable[[str], Any]) -> None:
    model = graph("ADD")
    model.subgraphs[0].tensors[0].name = b"\xff\n\x1b[31m" + b"x" * 1000
    model.subgraphs[0].tensors[0].type = 99
    message = refusal(packed(model))
    assert "tensor ???[31mxxx" in message
    assert len(message) < 400
