"""One TorchScript file to one .tflite file, through litert-torch.

Also a program, ``python -m sotto.export.graph_tflite``, as conversion is nearly all Python, and
several at once need processes. It reads requests, a line of JSON each (``script``,
``signature``, ``out``), and answers each with a line (``error``, null if there was none).
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litert_torch
import litert_torch.progress
import torch
from torch import Tensor, nn

# Private to torch, which is therefore pinned; this is the only use of it.
from torch._export.converter import TS2EPConverter

from sotto.errors import ConversionError
from sotto.graphs.signatures import Signature


class _Named(nn.Module):
    """Gives a graph's inputs and outputs the names that the TFLite signature then carries."""

    def __init__(self, graph: nn.Module, signature: Signature) -> None:
        super().__init__()
        # Not "graph": an exported module has an attribute of that name.
        self.program = graph
        self._inputs = [spec.name for spec in signature.inputs]
        self._outputs = [spec.name for spec in signature.outputs]

    def forward(self, **tensors: Tensor) -> dict[str, Tensor]:
        outputs = self.program(*(tensors[name] for name in self._inputs))
        if isinstance(outputs, Tensor):
            outputs = (outputs,)
        return dict(zip(self._outputs, outputs, strict=True))


@dataclass(frozen=True)
class _Untraced:
    """What the converter looks at once more: a program's state, whole."""

    state_dict: dict[str, Tensor]


class _ToGraphModule(TS2EPConverter):
    """Stops before the program is traced anew, with symbols for shapes: litert-torch traces it."""

    graph_module: nn.Module

    def retrace_as_exported_program(self, gm: nn.Module, name_to_constant: dict[str, Any]) -> Any:
        self.graph_module = gm
        return _Untraced(self.name_to_param | self.name_to_buffer)


def write_graph(script: Path, signature: Signature, out: Path) -> None:
    """Converts a TorchScript file.

    Args:
        script: the file.
        signature: its inputs and outputs, in order.
        out: .tflite file to write.

    Raises:
        ConversionError: litert-torch could not convert it.
    """
    litert_torch.progress.console.quiet = True
    try:
        with torch.no_grad():
            example = {spec.name: torch.zeros(spec.shape) for spec in signature.inputs}
            module: Any = torch.jit.load(str(script))
            converter = _ToGraphModule(module, tuple(example.values()), {})
            converter.convert()
            graph = _Named(converter.graph_module, signature).eval()
            model = litert_torch.signature(signature.name, graph, sample_kwargs=example).convert()
        model.export(str(out))
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ConversionError(
            f"litert-torch could not convert {signature.name}: {reason}"
        ) from error


def _serve() -> None:
    """Answers requests until there are no more. What libraries print is kept off the answers."""
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            request, failure = json.loads(line), None
            try:
                signature = Signature.from_json(request["signature"])
                write_graph(Path(request["script"]), signature, Path(request["out"]))
            except ConversionError as error:
                failure = str(error)
            print(json.dumps({"error": failure}), file=answers)


if __name__ == "__main__":
    _serve()
