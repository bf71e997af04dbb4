"""One graph in the NPU's arithmetic and, beside it, in float32 on the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from sotto._runtime import usable_cpus
from sotto.bundle import Graph, Manifest, read_manifest
from sotto.errors import BundleError
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.recorded import LayerNoise, layer_noise, layers_in, record

Tensors = dict[str, np.ndarray]
"""By the signature's names."""


@dataclass(frozen=True)
class Side:
    """A bundle that graphs are taken from."""

    directory: Path
    manifest: Manifest


def sides(bundle: Path, against: Path | None) -> tuple[Side, Side]:
    """The bundle whose graphs the NPU runs, and the one of fp32 that the CPU runs.

    Args:
        bundle: of fp32, or one that is statically quantised.
        against: the one of fp32; ``bundle`` itself unless it is quantised.

    Raises:
        BundleError: a bundle is damaged, or there is none of fp32.
    """
    npu = Side(bundle, read_manifest(bundle))
    cpu = Side(against, read_manifest(against)) if against else npu
    if cpu.manifest.precision != "fp32":
        raise BundleError(
            f"{cpu.directory} is not a bundle of fp32: name one to compare with, --against DIR; "
            "sotto convert NAME --precision fp32 makes it"
        )
    return npu, cpu


class TwoWays:
    """A graph, as the plugin legalises it for a SoC, and the same in float32 by LiteRT's kernels.

    Args:
        npu: whose graph it is.
        cpu: whose graph of the same name and shapes it is compared with.
        graph: of ``npu``.
        arithmetic: that of the NPU.
        soc: such as ``mt6991``.

    Raises:
        BundleError: ``cpu`` has no such graph.
        DeviceError: the plugin or Sotto's library for it is not there.
        ModelError: the plugin refuses the graph, or it has an operation that is not computed.
    """

    def __init__(
        self, npu: Side, cpu: Side, graph: Graph, arithmetic: Arithmetic, soc: str
    ) -> None:
        self.graph, self._npu, self._cpu = graph, npu, cpu
        self._arithmetic, self._soc = arithmetic, soc
        self._exact = _same(cpu, graph)
        self._recorded = record(npu.directory, graph, soc, arithmetic)
        file = cpu.directory / self._exact.file
        interpreter = Interpreter(str(file), num_threads=usable_cpus())
        self._runner = interpreter.get_signature_runner(graph.name)

    def npu(self, inputs: Tensors) -> Tensors:
        """Outputs in the NPU's arithmetic."""
        return self._recorded.run(inputs)

    def cpu(self, inputs: Tensors) -> Tensors:
        """Outputs in float32."""
        return {name: np.array(value) for name, value in self._runner(**inputs).items()}

    def layers(self, inputs: Tensors) -> list[LayerNoise]:
        """Each layer's noise, in the order of the graph, each arithmetic going its way."""
        exactly = Arithmetic("fp32", gelu=self._arithmetic.gelu)
        exact = record(self._cpu.directory, self._exact, self._soc, exactly)
        return layer_noise(
            (self._recorded, layers_in(self._npu.manifest, self.graph)),
            (exact, layers_in(self._cpu.manifest, self._exact)),
            [inputs[spec.name] for spec in self.graph.inputs],
        )


def _same(side: Side, graph: Graph) -> Graph:
    found = side.manifest.graphs.get(graph.name)
    if found is None or found.inputs != graph.inputs:
        raise BundleError(
            f"{side.directory} has no {graph.name} of the same shapes to compare with"
        )
    return found
