"""Vectors of a bundle's encoders in the NPU's arithmetic, beside those of float32 on the CPU.

Over the sample texts, pictures and speech that conversions are compared over, which need no
checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from sotto._runtime import usable_cpus
from sotto.bundle import Embedder, Graph, Manifest, read_manifest
from sotto.errors import BundleError
from sotto.export.difference import decibel
from sotto.export.embedding.samples import sample
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.recorded import LayerNoise, layer_noise, layers_in, record
from sotto.npu.selection import Choice

SAMPLES = 8
"""Inputs of each graph, a batch each: texts of eight lengths, pictures, seconds of speech."""


@dataclass(frozen=True)
class SimulatedGraph:
    """A graph of an encoder, run twice.

    Attributes:
        graph: the signature.
        cosines: of each sample's vector to float32's.
        decibel: signal to noise of all vectors together.
        layers: noise of each layer over the first sample, if that was asked for.
    """

    graph: str
    cosines: tuple[float, ...]
    decibel: float
    layers: list[LayerNoise] = field(default_factory=list)

    @property
    def least(self) -> float:
        """The least cosine."""
        return min(self.cosines)

    @property
    def mean(self) -> float:
        """Of the cosines."""
        return sum(self.cosines) / len(self.cosines)


def simulate_encoders(
    bundle: Path,
    arithmetic: Arithmetic,
    soc: str = "mt6991",
    against: Path | None = None,
    *,
    choice: Choice = Choice(),  # noqa: B008 -- it is frozen
    layers: bool = False,
) -> list[SimulatedGraph]:
    """Runs graphs of a bundle's encoders over samples, as the plugin legalises them for a SoC.

    Args:
        bundle: of fp32, or one that is statically quantised.
        arithmetic: that of the NPU.
        soc: such as ``mt6991``.
        against: bundle of fp32 that the CPU runs; ``bundle`` itself unless it is quantised.
        choice: of graphs; those that step 3 compiles unasked.
        layers: whether each layer's noise is told, too.

    Raises:
        BundleError: a bundle is damaged, is of no encoder, or not of fp32 where it must be.
        DeviceError: the plugin or Sotto's library for it is not there.
        ModelError: the plugin refuses a graph, or it has an operation that is not computed.
        OptionError: the bundle has no such graph.
    """
    manifest, reference = read_manifest(bundle), against or bundle
    exact = read_manifest(reference) if against else manifest
    if exact.precision != "fp32":
        raise BundleError(
            f"{reference} is not a bundle of fp32: name one to compare with, --against DIR; sotto "
            "convert NAME --precision fp32 makes it"
        )
    chosen = {graph.name for graph in choice.of(manifest)}
    return [
        _simulate(
            (bundle, manifest, component, graph),
            (reference, exact, *_find(reference, exact, graph)),
            arithmetic,
            soc,
            layers,
        )
        for component in manifest.embedders.values()
        for graph in component.graphs
        if graph.name in chosen
    ]


_Side = tuple[Path, Manifest, Embedder, Graph]


def _find(directory: Path, manifest: Manifest, graph: Graph) -> tuple[Embedder, Graph]:
    """The graph of the same name and shapes in the bundle to compare with."""
    for component in manifest.embedders.values():
        for other in component.graphs:
            if (other.name, other.inputs) == (graph.name, graph.inputs):
                return component, other
    raise BundleError(f"{directory} has no {graph.name} of the same shapes to compare with")


def _simulate(
    npu: _Side, cpu: _Side, arithmetic: Arithmetic, soc: str, layers: bool
) -> SimulatedGraph:
    directory, manifest, component, graph = npu
    recorded = record(directory, graph, soc, arithmetic)
    interpreter = Interpreter(str(cpu[0] / cpu[3].file), num_threads=usable_cpus())
    runner = interpreter.get_signature_runner(graph.name)
    found, expected = [], []
    for start in range(SAMPLES):
        found.append(recorded.run(_named(graph, sample(directory, component, graph, start))))
        expected.append(runner(**_named(graph, sample(cpu[0], cpu[2], cpu[3], start))))
    pairs = [
        (_unit(one["embedding"]), _unit(other["embedding"]))
        for one, other in zip(found, expected, strict=True)
    ]
    cosines = [float(cosine) for one, other in pairs for cosine in (one * other).sum(axis=1)]
    noise: list[LayerNoise] = []
    if layers:
        exactly = record(cpu[0], cpu[3], soc, Arithmetic("fp32", gelu=arithmetic.gelu))
        noise = layer_noise(
            (recorded, layers_in(manifest, graph)),
            (exactly, layers_in(cpu[1], cpu[3])),
            sample(directory, component, graph),
        )
    return SimulatedGraph(graph.name, tuple(cosines), decibel(pairs), noise)


def _named(graph: Graph, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    return {spec.name: value for spec, value in zip(graph.inputs, inputs, strict=True)}


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
