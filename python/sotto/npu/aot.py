"""Compiles ahead of time through LiteRT's own flow: MediaTek's plugin, which its package ships.

The compiler behind the plugin is the vendor's library, of the package
``ai_edge_litert_sdk_mediatek`` or a folder that is named. In a dry run it is Sotto's
``cpp/neuron_host``, whose code no device loads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sotto.bundle.manifest import CompiledFormat
from sotto.errors import DeviceError, ModelError
from sotto.npu.compiled import HOST, read_compiled
from sotto.npu.plugin import ADAPTER, SDK, Partitioning, apply, own_adapter, vendor_adapter
from sotto.npu.result import CompiledFile, CompiledGraph
from sotto.npu.selection import Part, check_size, constant_bytes

INSTALL = (
    f"compiling needs MediaTek's SDK: pip install {SDK.replace('_', '-')}, or name the folder of "
    f"its {ADAPTER} with --adapter. --dry-run compiles with Sotto's own library, for no device"
)


@dataclass(frozen=True)
class LiteRtCompiler:
    """MediaTek's plugin with a library behind it.

    Attributes:
        adapters: the folder of its library by SoC.
        dry_run: whether that is Sotto's.
    """

    adapters: dict[str, Path]
    dry_run: bool

    format: CompiledFormat = "litert"

    @property
    def socs(self) -> list[str]:
        """Those that it compiles for."""
        return list(self.adapters)

    def check(self, part: Part) -> None:
        """Raises ModelError for a part whose code no file can hold."""
        if self.dry_run:  # the vendor's code holds fp16, or what else its compiler chooses
            check_size(part, sum(map(constant_bytes, part.graphs)), "would hold")

    def compile(self, model: Path, part: Part, soc: str, folder: Path) -> list[CompiledFile]:
        """Compiles one file for one SoC.

        Args:
            model: the part's signatures alone.
            part: what they are.
            soc: of :attr:`socs`.
            folder: where the compiled file goes, under the part's name.

        Raises:
            DeviceError: the plugin can't be run, or its library is not the one that was asked for.
            ModelError: the plugin refused the file or did not compile all of it, or wrote another
                thing than the same signatures over code.
        """
        out = folder / part.file
        found = apply(model, soc, self.adapters[soc], out)
        by_index = {one.subgraph: one for one in found}
        if len(by_index) != len(part.graphs):
            raise ModelError(f"{part.file}, {soc}: the plugin answered of {len(by_index)} graphs")
        # The extracted file has them in the same order.
        graphs = [
            (graph, by_index[i]) for graph, i in zip(part.graphs, sorted(by_index), strict=True)
        ]
        for graph, one in graphs:
            _check_whole(f"{part.file} {graph.signature}, {soc}", one)
        compiled = read_compiled(out, part.graphs)
        if (compiled.compiler == HOST) != self.dry_run:
            raise DeviceError(
                f"{self.adapters[soc]}: its library is {compiled.compiler}; "
                f"{'a dry run takes' if self.dry_run else '--dry-run is for'} Sotto's own"
            )
        return [
            CompiledFile(
                name=part.file,
                path=out.name,
                bytes=out.stat().st_size,
                compiler=compiled.compiler,
                sdk=compiled.sdk,
                graphs=tuple(
                    CompiledGraph(
                        graph.signature,
                        one.operations,
                        one.operations - one.selected,
                        one.partitions,
                        one.neuron,
                        compiled.code[graph.signature],
                    )
                    for graph, one in graphs
                ),
            )
        ]


def _check_whole(where: str, found: Partitioning) -> None:
    if found.whole:
        return
    refused = "; ".join(f"operation {i} ({name}): {why}" for i, name, why in found.refusals[:3])
    outside = found.operations - found.selected
    raise ModelError(
        f"{where}: {found.partitions} partitions with {outside} of {found.operations} operations "
        f"outside, not one partition of all. {refused or 'The library does not tell why'}"
    )


def find_compiler(socs: list[str], *, dry_run: bool, adapter: Path | None) -> LiteRtCompiler:
    """The plugin and, for each SoC, the library behind it.

    Args:
        socs: of the plugin's.
        dry_run: takes Sotto's library whatever is installed.
        adapter: folder of the vendor's library; None takes the installed SDK's.

    Raises:
        DeviceError: the library is not there.
    """
    if dry_run:
        own = own_adapter()
        if own is None:
            raise DeviceError(
                f"this build of Sotto has no {ADAPTER}, which is built on Linux alone"
            )
        return LiteRtCompiler(dict.fromkeys(socs, own), True)
    adapters = {soc: vendor_adapter(soc, adapter) for soc in socs}
    if any(folder is None for folder in adapters.values()):
        raise DeviceError(INSTALL)
    return LiteRtCompiler({soc: f for soc, f in adapters.items() if f is not None}, False)
