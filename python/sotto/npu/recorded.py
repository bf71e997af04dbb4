"""A bundle's graph as the plugin legalises it for a SoC, recorded and computed by
``cpp/neuron_host`` in the NPU's arithmetic."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sotto.bundle import Graph, Manifest
from sotto.errors import DeviceError, ModelError
from sotto.export.difference import decibel
from sotto.export.tflite import graphs as tflite
from sotto.npu.arithmetic import Arithmetic, open_executor
from sotto.npu.plugin import own_adapter, partition
from sotto.npu.rules import layers_by_output

if TYPE_CHECKING:
    from sotto.npu._neuron_host import Executor

Tensors = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Recorded:
    """A signature that is ready to run.

    Attributes:
        graph: as its file has it.
        executor: of what the plugin legalised.
    """

    graph: tflite.Graph
    executor: Executor

    def run(self, inputs: Tensors) -> dict[str, np.ndarray]:
        """Outputs by the signature's names."""
        found = self.executor.run([inputs[name] for name in self.graph.input_names])
        return dict(zip(self.graph.output_names, found, strict=True))

    def layers(
        self, layer_of: Mapping[str, str], inputs: Sequence[np.ndarray]
    ) -> dict[str, np.ndarray]:
        """What each layer gives for inputs in the signature's order.

        Args:
            layer_of: layers by the tensor that they give.
            inputs: of the graph.
        """
        places = {
            place: layer_of[operation.outputs[0].name]
            for place, operation in enumerate(self.graph.operations)
            if operation.outputs[0].name in layer_of
        }
        outputs: dict[str, np.ndarray] = {}

        def remember(place: int, values: list[np.ndarray]) -> None:
            outputs[places[place]] = values[0]

        self.executor.run(list(inputs), remember, places=list(places))
        return outputs


@dataclass(frozen=True)
class LayerNoise:
    """How far a layer's output in the NPU's arithmetic is from float32's.

    Attributes:
        graph: the signature.
        layer: by the manifest's name.
        decibel: signal to noise; infinite if equal.
        largest: absolute value of float32's output: fp16 holds 65504.
    """

    graph: str
    layer: str
    decibel: float
    largest: float


def record(bundle: Path, graph: Graph, soc: str, arithmetic: Arithmetic) -> Recorded:
    """A bundle's graph as the plugin legalises it.

    Raises:
        DeviceError: the plugin or Sotto's library for it is not there.
        ModelError: the plugin refuses it, or it has an operation that is not computed.
    """
    file = bundle / graph.file
    found = next(one for one in tflite.read_graphs(file) if one.signature == graph.name)
    adapter = own_adapter()
    if adapter is None:
        raise DeviceError("this build of Sotto has no library to record graphs with")
    with tempfile.TemporaryDirectory(prefix="sotto-npu-") as folder:
        networks = Path(folder)
        (answer,) = partition(file, soc, adapter, networks=networks, subgraphs=[found.index])
        if not answer.whole:
            place, name, reason = (*answer.refusals, (0, "an operation", "it is not legalised"))[0]
            raise ModelError(
                f"{file} {graph.name} does not run whole on the NPU: operation {place} ({name}): "
                f"{reason}. sotto npu check tells all"
            )
        (network,) = networks.iterdir()
        return Recorded(found, open_executor(network, arithmetic))


def layers_in(manifest: Manifest, graph: Graph) -> dict[str, str]:
    """The layers of a graph's file, by the tensor that they give."""
    return layers_by_output(manifest).get(graph.file, {})


def layer_noise(
    npu: tuple[Recorded, Mapping[str, str]],
    exact: tuple[Recorded, Mapping[str, str]],
    inputs: Sequence[np.ndarray],
) -> list[LayerNoise]:
    """Each layer's noise, in the order of the graph, each arithmetic going its way.

    Args:
        npu: a graph in the NPU's arithmetic, with :func:`layers_in` its file.
        exact: the same in float32.
        inputs: in the signature's order.
    """
    found = npu[0].layers(npu[1], inputs)
    return [
        LayerNoise(
            npu[0].graph.signature,
            layer,
            decibel([(found[layer], expected)]),
            float(np.abs(expected).max()),
        )
        for layer, expected in exact[0].layers(exact[1], inputs).items()
        if layer in found
    ]
