"""Will a model run whole on the NPU: the rules and MediaTek's plugin, side by side."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sotto.bundle import read_manifest
from sotto.errors import BundleError, ModelError
from sotto.export.tflite.graphs import Graph, read_graphs
from sotto.npu.plugin import Partitioning, find_adapter, own_adapter, partition
from sotto.npu.rules import Verdict, judge_graph, layers_by_output


@dataclass(frozen=True)
class GraphCheck:
    """A signature, as both judges see it.

    Attributes:
        file: the .tflite file's name.
        verdict: by the rules.
        partitionings: by the plugin, of each SoC; empty if it was not run.
    """

    file: str
    verdict: Verdict
    partitionings: dict[str, Partitioning]

    @property
    def whole(self) -> bool:
        """Whether neither judge keeps any of it off the NPU."""
        return not self.verdict.refusals and all(
            found.whole for found in self.partitionings.values()
        )


@dataclass(frozen=True)
class Check:
    """The answer for a model.

    Attributes:
        graphs: of all its files, in order.
        adapter: who answered the plugin: ``sotto neuron_host``, a folder of the vendor's library,
            or empty if the plugin was not run.
    """

    graphs: tuple[GraphCheck, ...]
    adapter: str

    @property
    def whole(self) -> bool:
        """Whether every graph runs whole on the NPU of every SoC that was asked for."""
        return all(graph.whole for graph in self.graphs)


def check(
    model: Path, socs: list[str], adapter: Path | None, report: Callable[[str], None]
) -> Check:
    """Checks a bundle's graphs, or a .tflite file's.

    Args:
        model: bundle or file.
        socs: of the plugin's; none runs the rules alone.
        adapter: folder of the vendor's ``libneuron_adapter.so``; None finds one.
        report: called with a line of text for each run of the plugin that is done.

    Raises:
        BundleError: the bundle is damaged, or has no .tflite file.
        DeviceError: the plugin or its library is not there.
        ModelError: a file is damaged, or the plugin failed on it.
    """
    files, layer_of = _files(model)
    # Before the plugin reads them, which trusts what it reads.
    graphs = {file: read_graphs(file) for file in files}
    folders = {soc: find_adapter(soc, adapter) for soc in socs}
    runs = [(file, soc) for soc in socs for file in files]

    def run(job: tuple[Path, str]) -> list[Partitioning]:
        file, soc = job
        found = partition(file, soc, folders[soc])
        report(f"{soc} {file.name}: {_summary(found)}")
        return found

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(runs, pool.map(run, runs), strict=True))
    checks = [
        GraphCheck(
            file.name,
            judge_graph(graph, layer_of.get(file.name, {})),
            {soc: _of(found[file, soc], graph, file) for soc in socs},
        )
        for file in files
        for graph in graphs[file]
    ]
    return Check(tuple(checks), _who(folders))


def _files(model: Path) -> tuple[list[Path], dict[str, dict[str, str]]]:
    """A model's .tflite files, and their layers by the tensors that these write."""
    if not model.is_dir():
        return [model], {}
    manifest = read_manifest(model).without_compiled()
    names = sorted(name for name in manifest.files if name.endswith(".tflite"))
    if not names:
        raise BundleError(f"{model} has no .tflite file; step 2 makes them")
    return [model / name for name in names], layers_by_output(manifest)


def _of(found: list[Partitioning], graph: Graph, file: Path) -> Partitioning:
    for one in found:
        if one.subgraph == graph.index:
            return one
    raise ModelError(f"{file}: MediaTek's plugin has no answer for {graph.signature}")


def _summary(found: list[Partitioning]) -> str:
    whole = sum(one.whole for one in found)
    return f"{whole} of {len(found)} graphs whole"


def _who(folders: dict[str, Path]) -> str:
    used = dict.fromkeys(folders.values())
    return ", ".join("sotto neuron_host" if f == own_adapter() else str(f) for f in used)
