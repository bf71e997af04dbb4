"""Vectors of a bundle's encoders in the NPU's arithmetic, beside those of float32 on the CPU.

Over a user's own texts, pictures and recordings, or over the samples that conversions are compared
over, which need no checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from sotto.bundle import Embedder, Graph
from sotto.errors import OptionError
from sotto.export.difference import decibel
from sotto.export.embedding.samples import inputs_of, sample
from sotto.index.folder.items import Item
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.recorded import LayerNoise
from sotto.npu.selection import Choice
from sotto.npu.two_ways import Tensors, TwoWays, sides

SAMPLES = 8
"""Inputs of each graph, a batch each: texts of eight lengths, pictures, seconds of speech."""


@dataclass(frozen=True)
class SimulatedGraph:
    """A graph of an encoder, run twice.

    Attributes:
        graph: the signature.
        cosines: of each input's vector to float32's.
        decibel: signal to noise of all vectors together.
        items: names of the inputs; none of samples.
        layers: noise of each layer over the first input, if that was asked for.
    """

    graph: str
    cosines: tuple[float, ...]
    decibel: float
    items: tuple[str, ...] = ()
    layers: list[LayerNoise] = field(default_factory=list)

    @property
    def min_cosine(self) -> float:
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
    items: Sequence[Item] = (),
    choice: Choice = Choice(),  # noqa: B008 -- it is frozen
    layers: bool = False,
) -> list[SimulatedGraph]:
    """Runs graphs of a bundle's encoders, as the plugin legalises them for a SoC.

    Args:
        bundle: of fp32, or one that is statically quantised.
        arithmetic: that of the NPU.
        soc: such as ``mt6991``.
        against: bundle of fp32 that the CPU runs; ``bundle`` itself unless it is quantised.
        items: what is embedded, cut to what a graph holds; none are samples.
        choice: of graphs; those that step 3 compiles unasked.
        layers: whether each layer's noise is told, too.

    Returns:
        The graphs of modalities that items have, in the bundle's order.

    Raises:
        AudioError, ImageError: an item can't be read.
        BundleError: a bundle is damaged, is of no encoder, or not of fp32 where it must be.
        DeviceError: the plugin or Sotto's library for it is not there.
        ModelError: the plugin refuses a graph, or it has an operation that is not computed.
        OptionError: the bundle has no such graph, or embeds no such item.
    """
    npu, cpu = sides(bundle, against)
    chosen = {graph.name for graph in choice.of(npu.manifest)}
    embedders = npu.manifest.embedders
    for item in items:
        if item.modality not in embedders:
            raise OptionError(f"{item.name} is {item.modality}: {bundle} {npu.manifest.purpose}")
    found = []
    for modality, component in embedders.items():
        own = [item for item in items if item.modality == modality]
        if items and not own:
            continue
        for graph in component.graphs:
            if graph.name in chosen:
                both = TwoWays(npu, cpu, graph, arithmetic, soc)
                found.append(_simulate(both, _batches(bundle, component, graph, own), own, layers))
    return found


def _batches(
    directory: Path, component: Embedder, graph: Graph, items: Sequence[Item]
) -> Iterator[Tensors]:
    """Inputs of a graph: items in batches, of which the last begins again; or samples."""
    names = [spec.name for spec in graph.inputs]
    batch = graph.inputs[0].shape[0]
    if not items:
        for start in range(SAMPLES):
            yield dict(zip(names, sample(directory, component, graph, start), strict=True))
    for first in range(0, len(items), batch):
        some = islice(cycle([item.value for item in items]), first, first + batch)
        yield dict(zip(names, inputs_of(directory, component, graph, [*some]), strict=True))


def _simulate(
    both: TwoWays, batches: Iterator[Tensors], items: Sequence[Item], layers: bool
) -> SimulatedGraph:
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    noise: list[LayerNoise] = []
    for inputs in batches:
        if layers and not pairs:
            noise = both.layers(inputs)
        found, expected = both.npu(inputs), both.cpu(inputs)
        pairs.append((_unit(found["embedding"]), _unit(expected["embedding"])))
    cosines = [float(cosine) for one, other in pairs for cosine in (one * other).sum(axis=1)]
    count = len(items) or len(cosines)
    names = tuple(item.name for item in items)
    return SimulatedGraph(both.graph.name, tuple(cosines[:count]), decibel(pairs), names, noise)


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
