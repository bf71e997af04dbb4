"""Which of a bundle's signatures to compile: those of some windows and roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sotto.bundle import REBUILD, Manifest, Window, read_manifest
from sotto.bundle import graph as bundle_graph
from sotto.errors import BundleError, ModelError, OptionError
from sotto.export.tflite.extract import extract_signatures
from sotto.export.tflite.flatbuffer import read_model, write_model
from sotto.export.tflite.graphs import DAMAGE, Graph, read_graphs
from sotto.npu.rules import judge_graph

ROLES = ("encoder", "decoder", "prefill", "alignment")

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


def select(
    bundle: Path, windows: Sequence[int] = (), roles: Sequence[str] = USUAL
) -> tuple[Manifest, list[Part]]:
    """A bundle's manifest, and what to compile of its files.

    Args:
        bundle: a whisper, as step 2 writes it.
        windows: seconds; none is the longest, ``0`` all of them.
        roles: of :data:`ROLES`. A window without an alignment goes without.

    Raises:
        BundleError: it is another kind of bundle, or damaged.
        ModelError: one of its .tflite files is damaged.
        OptionError: it has no such window, or there is no such role.
    """
    for role in roles:
        if role not in ROLES:
            raise OptionError(f"roles {role!r}: expected some of {', '.join(ROLES)}")
    manifest = read_manifest(bundle)
    if manifest.whisper is None or not manifest.graphs:
        raise BundleError(
            f"{bundle} is no whisper bundle with .tflite files: sotto convert NAME --precision "
            "fp32 makes one"
        )
    graphs = manifest.graphs
    names = _names(manifest, windows, roles)
    files = {name: graphs[name].file for name in names}
    if odd := [file for file in files.values() if Path(file).name != file]:
        raise BundleError(f"{bundle}: {odd[0]} is not beside the manifest. {REBUILD}")
    if not names:
        raise OptionError(f"roles {', '.join(roles)}: {bundle} has none of them")
    return manifest, [
        Part(file, _graphs(bundle / file, {name for name in names if files[name] == file}))
        for file in dict.fromkeys(files.values())
    ]


def _names(manifest: Manifest, windows: Sequence[int], roles: Sequence[str]) -> list[str]:
    of_seconds = {window.seconds: window for window in manifest.windows}
    chosen = list(windows) or [max(of_seconds)]
    chosen = sorted(of_seconds) if chosen == [0] else chosen
    for seconds in chosen:
        if seconds not in of_seconds:
            known = ", ".join(map(str, sorted(of_seconds)))
            raise OptionError(f"windows {seconds}: the bundle has {known}")
    found = [
        graph
        for role in ROLES
        if role in roles
        for seconds in chosen
        if (graph := _of_role(of_seconds[seconds], role)) is not None
    ]
    return [graph.name for graph in found]


def _of_role(window: Window, role: str) -> bundle_graph.Graph | None:
    return {
        "encoder": window.encoder,
        "decoder": window.step,
        "prefill": window.prefill,
        "alignment": window.alignment,
    }[role]


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
            "file ends at 2 GB; choose fewer --windows or --roles, or a smaller model"
        )
