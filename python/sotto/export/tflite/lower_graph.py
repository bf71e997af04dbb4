"""One TorchScript file to one .tflite file, through litert-torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litert_torch
import litert_torch.progress
import torch
from torch import Tensor, nn

# Private to torch, which is therefore pinned; this is the only use of it.
from torch._export.converter import TS2EPConverter

from sotto.bundle import Signature
from sotto.errors import ConversionError


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
