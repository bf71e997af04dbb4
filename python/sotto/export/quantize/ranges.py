"""What values the tensors of float32 graphs hold, which static quantisation needs to know."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from sotto.export.tflite.graphs import read_graphs

Range = tuple[float, float]
"""Least and greatest value."""


class Ranges:
    """Ranges so far, by tensor, of the graphs of some float32 .tflite files."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.found: dict[str, Range] = {}
        self._tensors: dict[str, set[str]] = {}
        self._subgraphs: dict[str, int] = {}
        for file in files:
            for graph in read_graphs(file):
                self._subgraphs[graph.signature] = graph.index
                computed = [t for operation in graph.operations for t in operation.outputs]
                self._tensors[graph.signature] = {
                    tensor.name for tensor in (*graph.inputs, *computed) if tensor.type == "FLOAT32"
                }

    def add(self, interpreter: Interpreter, signature: str) -> None:
        """Takes in what a signature's tensors hold."""
        subgraph, names = self._subgraphs[signature], self._tensors[signature]
        details: list[dict[str, Any]] = interpreter.get_tensor_details(subgraph)
        for detail in details:
            if (name := detail["name"]) in names:
                values = interpreter.get_tensor(detail["index"], subgraph)
                low, high = self.found.get(name, (np.inf, -np.inf))
                self.found[name] = (
                    min(low, float(values.min())),
                    max(high, float(values.max())),
                )
