"""Legalised graphs, as ``cpp/neuron_host`` records them (its ``network_file.h`` has the format)."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sotto.errors import ModelError

MAGIC = b"SOTTONET"
VERSION = 1
HEADER = 16

DTYPES = {
    0: np.float32,
    1: np.int32,
    2: np.uint32,
    3: np.float32,
    4: np.int32,
    5: np.uint8,
    6: np.bool_,
    7: np.int16,
    8: np.float16,
    9: np.bool_,
    10: np.float16,
    11: np.int8,
    12: np.uint16,
    13: np.int8,
    14: np.int8,
    9014: np.int32,
}
"""Of the elements, by Neuron's operand code (``codes.h``)."""


@dataclass(frozen=True)
class Operand:
    """A tensor or a scalar.

    Attributes:
        shape: empty for a scalar.
        value: elements of a constant; None of what is computed.
    """

    shape: tuple[int, ...]
    value: np.ndarray | None


@dataclass(frozen=True)
class Operation:
    """A Neuron operation: its name, and indices of operands."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Network:
    """A graph of Neuron operations in the order of execution.

    Attributes:
        soc: that the plugin legalised it for.
        operands: all of them.
        operations: all of them.
        inputs: indices, in the order of the TFLite graph's.
        outputs: likewise.
    """

    soc: str
    operands: tuple[Operand, ...]
    operations: tuple[Operation, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_network(path: Path) -> Network:
    """Reads a recorded graph; constants stay mapped.

    Raises:
        ModelError: the file can't be read, is another kind or version, or is damaged.
    """
    try:
        content = np.memmap(path, np.uint8, mode="r")
    except (OSError, ValueError) as error:
        raise ModelError(f"can't read {path}: {error}") from error
    if len(content) < HEADER or bytes(content[:8]) != MAGIC:
        raise ModelError(f"{path} is no recorded graph of Sotto's neuron_host")
    version, length = struct.unpack("<II", bytes(content[8:HEADER]))
    if version != VERSION:
        raise ModelError(f"{path} has version {version}; this Sotto reads {VERSION}")
    try:
        if HEADER + length > len(content):
            raise ValueError("it is cut off")
        return _network(json.loads(bytes(content[HEADER : HEADER + length])), content, length)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise ModelError(f"{path} is damaged ({type(error).__name__}: {error})") from error


def _network(graph: dict[str, Any], content: np.ndarray, length: int) -> Network:
    constants = content[HEADER + length :]
    operands = tuple(_operand(entry, constants) for entry in graph["operands"])
    network = Network(
        str(graph["soc"]),
        operands,
        tuple(
            Operation(str(o["name"]), tuple(o["inputs"]), tuple(o["outputs"]))
            for o in graph["operations"]
        ),
        tuple(graph["inputs"]),
        tuple(graph["outputs"]),
    )
    named = [*network.inputs, *network.outputs]
    for operation in network.operations:
        named += [*operation.inputs, *operation.outputs]
    if not all(type(i) is int and 0 <= i < len(operands) for i in named):
        raise IndexError("it names an operand that is not there")
    return network


def _operand(entry: dict[str, Any], constants: np.ndarray) -> Operand:
    shape = tuple(int(size) for size in entry["dimensions"])
    if "value" not in entry:
        return Operand(shape, None)
    offset, size = entry["value"]
    if not (0 <= offset <= offset + size <= len(constants)):
        raise IndexError("a constant reaches beyond the file")
    kind = DTYPES.get(entry["type"], np.uint8)
    return Operand(shape, constants[offset : offset + size].view(kind).reshape(shape))
