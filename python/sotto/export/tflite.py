"""TorchScript to TFLite through litert-torch: one file, one signature a graph."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import litert_torch
import litert_torch.progress
import torch
from torch import Tensor, nn

# Private to torch, which is therefore pinned; this is the only use of it.
from torch._export.converter import TS2EPConverter

from sotto.errors import ConversionError
from sotto.export.batch_matmul import use_rank_4
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


def _exported(script: Path, signature: Signature) -> tuple[nn.Module, dict[str, Tensor]]:
    example = {spec.name: torch.zeros(spec.shape) for spec in signature.inputs}
    module: Any = torch.jit.load(str(script))
    program = TS2EPConverter(module, tuple(example.values()), {}).convert()
    graph: Any = program.module()
    # An exported module refuses .train(), which eval() calls on every submodule.
    graph.train = lambda mode=True: graph
    return _Named(graph, signature).eval(), example


def write_tflite(graphs: Sequence[tuple[Path, Signature]], out: Path) -> None:
    """Converts TorchScript files into one .tflite file.

    Weights that several graphs share are stored once.

    Args:
        graphs: TorchScript file and signature of each graph.
        out: file to write.

    Raises:
        ConversionError: litert-torch could not convert a graph.
    """
    litert_torch.progress.console.quiet = True
    converter = None
    try:
        for script, signature in graphs:
            module, example = _exported(script, signature)
            add = litert_torch.signature if converter is None else converter.signature
            converter = add(signature.name, module, sample_kwargs=example)
        if converter is None:
            raise ValueError("no graph to convert")
        model = converter.convert()
    except Exception as error:
        names = ", ".join(signature.name for _, signature in graphs)
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ConversionError(f"litert-torch could not convert {names}: {reason}") from error
    model.export(str(out))
    del model, converter
    gc.collect()
    use_rank_4(out)
