"""Which of a bundle's signatures to compile: what each of its components is used for most."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from sotto.bundle import (
    REBUILD,
    AudioEncoder,
    Component,
    Decoder,
    ImageEncoder,
    Manifest,
    SpeechEncoder,
    TextEncoder,
    read_manifest,
)
from sotto.bundle import graph as bundle_graph
from sotto.bundle.components import seconds_of
from sotto.errors import BundleError, ModelError, OptionError
from sotto.export.tflite.extract import extract_signatures
from sotto.export.tflite.flatbuffer import read_model, write_model
from sotto.export.tflite.graphs import DAMAGE, Graph, read_graphs
from sotto.npu.rules import judge_graph

ROLES = ("encoder", "decoder", "prefill", "alignment")
"""Of the graphs of a bundle that transcribes."""

USUAL = ("encoder", "decoder", "prefill")
"""Roles that every transcription takes; the alignment is for word timestamps alone."""

FLATBUFFER_LIMIT = 2**31 - 1
"""Bytes: a flatbuffer's offsets are of 32 bits, with a sign."""


@dataclass(frozen=True, eq=False)  # its graphs' constants do not compare
class Part:
    """What is compiled of one .tflite file.

    Attributes:
        file: its name in the bundle.
        graphs: the signatures that were chosen, in the file's order.
    """

    file: str
    graphs: tuple[Graph, ...]

    @property
    def signatures(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(graph.signature for graph in self.graphs)


@dataclass(frozen=True)
class Choice:
    """What to compile of a bundle.

    Attributes:
        windows: seconds, of components that hear; none is the longest, ``0`` all of them.
        roles: of :data:`ROLES`, of a bundle that transcribes; none is :data:`USUAL`. A window
            without an alignment goes without.
        graphs: names of signatures, or patterns of them such as ``text_*x1``, in place of both.
    """

    windows: tuple[int, ...] = ()
    roles: tuple[str, ...] = ()
    graphs: tuple[str, ...] = ()

    def of(self, manifest: Manifest) -> list[bundle_graph.Graph]:
        """The graphs of a bundle.

        Raises:
            OptionError: it has no such window or graph, or there is no such role.
        """
        if self.graphs:
            return self._named(manifest)
        for role in self.roles:
            if role not in ROLES:
                raise OptionError(f"roles {role!r}: expected some of {', '.join(ROLES)}")
        if self.roles and manifest.whisper is None:
            raise OptionError(
                f"roles {', '.join(self.roles)}: {manifest.name} does not transcribe; name --graphs"
            )
        hears = [one for one in manifest.components if isinstance(one, _HEARS)]
        if self.windows and not hears:
            raise OptionError(f"windows: {manifest.name} hears nothing; name --graphs")
        found = [graph for one in manifest.components for graph in self._usual(one)]
        if not found:
            raise OptionError(f"roles {', '.join(self.roles)}: {manifest.name} has none of them")
        return found

    def _named(self, manifest: Manifest) -> list[bundle_graph.Graph]:
        if self.windows or self.roles:
            raise OptionError("graphs: they are chosen by name, or by windows and roles")
        for pattern in self.graphs:
            if not any(fnmatchcase(name, pattern) for name in manifest.graphs):
                known = ", ".join(manifest.graphs)
                raise OptionError(f"graphs {pattern!r}: the bundle has {known}")
        return [
            graph
            for name, graph in manifest.graphs.items()
            if any(fnmatchcase(name, pattern) for pattern in self.graphs)
        ]

    def _usual(self, component: Component) -> list[bundle_graph.Graph]:
        graphs = list(component.graphs)
        if isinstance(component, TextEncoder):  # the longest holds every text
            longest = max(graph.shape("hidden")[1] for graph in graphs)
            graphs = [graph for graph in graphs if graph.shape("hidden")[1] == longest]
            return [min(graphs, key=lambda graph: graph.shape("hidden")[0])]
        if isinstance(component, ImageEncoder):
            return [min(graphs, key=lambda graph: graph.shape("pixels")[0])]
        if isinstance(component, _HEARS):
            return [graph for graph in self._windows(graphs) if self._has_role(component, graph)]
        return graphs

    def _windows(self, graphs: list[bundle_graph.Graph]) -> list[bundle_graph.Graph]:
        known = sorted({seconds_of(graph) for graph in graphs})
        chosen = known if self.windows == (0,) else list(self.windows) or known[-1:]
        for seconds in chosen:
            if seconds not in known:
                listed = ", ".join(map(str, known))
                raise OptionError(f"windows {seconds}: the bundle has {listed}")
        return [graph for graph in graphs if seconds_of(graph) in chosen]

    def _has_role(self, component: Component, graph: bundle_graph.Graph) -> bool:
        """Encoders' graphs have no role of their own; a decoder's step is its role ``decoder``."""
        if isinstance(component, AudioEncoder):
            return True
        role = {None: "encoder", "step": "decoder"}.get(graph.role, graph.role)
        return role in (self.roles or USUAL)


_HEARS = (SpeechEncoder, Decoder, AudioEncoder)
"""Components with a graph for each window of audio."""


def select(bundle: Path, choice: Choice) -> tuple[Manifest, list[Part]]:
    """A bundle's manifest, and what to compile of its files.

    Args:
        bundle: as step 2 writes it.
        choice: of its graphs.

    Raises:
        BundleError: it has no graphs, or is damaged.
        ModelError: one of its .tflite files is damaged.
        OptionError: it has not what is chosen.
    """
    manifest = read_manifest(bundle)
    if not manifest.graphs:
        raise BundleError(
            f"{bundle} has no .tflite files: sotto convert NAME --precision fp32 makes them"
        )
    files = {graph.name: graph.file for graph in choice.of(manifest)}
    if odd := [file for file in files.values() if Path(file).name != file]:
        raise BundleError(f"{bundle}: {odd[0]} is not beside the manifest. {REBUILD}")
    return manifest, [
        Part(file, _graphs(bundle / file, {name for name in files if files[name] == file}))
        for file in dict.fromkeys(files.values())
    ]


def _graphs(file: Path, names: set[str]) -> tuple[Graph, ...]:
    graphs = tuple(graph for graph in read_graphs(file) if graph.signature in names)
    if absent := names - {graph.signature for graph in graphs}:
        raise BundleError(f"{file} lacks {', '.join(sorted(absent))}, which the manifest lists")
    return graphs


def constant_bytes(graph: Graph) -> int:
    """Bytes of a graph's constants, which each compiled signature holds for itself."""
    constants: dict[str, int] = {}
    for operation in graph.operations:
        for tensor in operation.inputs:
            if tensor.constant is not None:
                constants[tensor.name] = len(tensor.constant)
    return sum(constants.values())


def check_rules(part: Part, layer_of: dict[str, str]) -> None:
    """Raises ModelError where Sotto's rules keep a signature off the NPU."""
    for graph in part.graphs:
        if refusals := judge_graph(graph, layer_of).refusals:
            first = refusals[0]
            raise ModelError(
                f"{part.file} {graph.signature} is not for the NPU: {first.name or 'a tensor'} "
                f"({first.place}): {first.reason}; {len(refusals)} such places. "
                "sotto npu check lists them; --precision fp32 of step 2 is what the NPU takes"
            )


def write_part(bundle: Path, part: Part, out: Path) -> None:
    """Writes the chosen signatures of a bundle's file, alone.

    Raises:
        ModelError: the file is damaged where :func:`read_graphs` does not look, or they take more
            than the 2 GB that a .tflite file may have.
    """
    try:
        write_model(extract_signatures(read_model(bundle / part.file), part.signatures), out)
    except DAMAGE as error:
        raise ModelError(
            f"{bundle / part.file} is damaged ({type(error).__name__}: {error})"
        ) from error
    check_size(part, out.stat().st_size, "take")


def check_size(part: Part, size: int, verb: str) -> None:
    """Raises ModelError for what no .tflite file can hold."""
    if size > FLATBUFFER_LIMIT:
        raise ModelError(
            f"{part.file}: {', '.join(part.signatures)} {verb} {size / 1e9:.1f} GB, and a .tflite "
            "file ends at 2 GB; choose fewer --windows, --roles or --graphs, or a smaller model"
        )
