"""Several .tflite models in one: a signature each, and equal weights once."""

from __future__ import annotations

from typing import Any

import numpy as np

from sotto.errors import ConversionError


class Merger:
    """Adds models one by one; keeps nothing of their files."""

    def __init__(self) -> None:
        self._model: Any = None
        self._known: dict[tuple[int, bytes], list[int]] = {}

    @property
    def model(self) -> Any:
        """What was added so far, as a ``ModelT``."""
        return self._model

    def add(self, name: str, model: Any) -> None:
        """Adds the graph of a ``ModelT``, and its signatures.

        Args:
            name: goes before its tensors' names, as quantisers want each to have its own.
            model: of one graph; belongs to the merger afterwards.

        Raises:
            ConversionError: it has several.
        """
        if len(model.subgraphs) != 1:
            raise ConversionError(f"{name} became {len(model.subgraphs)} graphs, expected one")
        if self._model is None:
            self._model, buffers = model, model.buffers
            model.buffers = [buffers[0]]  # the empty one
        else:
            buffers = model.buffers
            self._take_over_operators(model)
            for signature in model.signatureDefs:
                signature.subgraphIndex = len(self._model.subgraphs)
            self._model.subgraphs += model.subgraphs
            self._model.signatureDefs += model.signatureDefs
        places = [self._place(buffer) for buffer in buffers]
        for tensor in model.subgraphs[-1].tensors:
            tensor.buffer = places[tensor.buffer]
            tensor.name = f"{name}/{tensor.name.decode()}".encode()
        if self._model is model:
            for entry in model.metadata or []:
                entry.buffer = places[entry.buffer]

    def _take_over_operators(self, model: Any) -> None:
        codes = [_identity(code) for code in self._model.operatorCodes]
        for code in model.operatorCodes:
            if _identity(code) not in codes:
                codes.append(_identity(code))
                self._model.operatorCodes.append(code)
        for operator in model.subgraphs[0].operators:
            code = model.operatorCodes[operator.opcodeIndex]
            operator.opcodeIndex = codes.index(_identity(code))

    def _place(self, buffer: Any) -> int:
        """Where a buffer of these bytes is, or now is."""
        if buffer.data is None or not len(buffer.data):
            return 0
        content = np.array(buffer.data, np.uint8)  # out of its file
        alike = self._known.setdefault((len(content), content[:64].tobytes()), [])
        for place in alike:
            if np.array_equal(self._model.buffers[place].data, content):
                return place
        buffer.data = content
        self._model.buffers.append(buffer)
        alike.append(len(self._model.buffers) - 1)
        return alike[-1]


def _identity(code: Any) -> tuple[Any, ...]:
    return (code.builtinCode, code.deprecatedBuiltinCode, code.customCode, code.version)
