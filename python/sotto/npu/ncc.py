"""Compiles ahead of time into DLA files, by NeuroPilot's ``ncc-tflite``: for Genio boards.

The options are those of the tool's own help that public uses of version 8 have as well: ``--arch``,
``--opt``, ``--relax-fp32``, ``--dla-file``. Version 6's help is printed in Radxa's documentation of
the NIO 12L (https://docs.radxa.com/en/nio/nio12l). A DLA file holds one graph, and Neuron's runtime
runs it on the board; Sotto's does not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sotto.bundle.manifest import CompiledFormat
from sotto.errors import DeviceError, ModelError, OptionError
from sotto.export.tflite.extract import extract_signatures
from sotto.export.tflite.flatbuffer import read_model, write_model
from sotto.npu.compiled import VENDOR
from sotto.npu.result import CompiledFile, CompiledGraph
from sotto.npu.selection import Part

TOOL = "ncc-tflite"

ARCHITECTURES = {
    # Genio 1200. Radxa's documentation of the NIO 12L: 2 x MDLA 2.0, which it says does not support
    # transformers that generate.
    "mt8195": "mdla2.0",
    "mt8395": "mdla2.0",
    # Genio 510 and 700, then Genio 520 and 720: as MediaTek's IoT AI Hub
    # (https://mediatek.gitlab.io/genio/doc/iot-aihub) is quoted in public.
    "mt8188": "mdla3.0",
    "mt8370": "mdla3.0",
    "mt8390": "mdla3.0",
    "mt8189": "mdla5.3",
    "mt8371": "mdla5.3",
    "mt8391": "mdla5.3",
}
"""What ``--arch`` takes, by the SoC of a Genio board under both names that Linux has for it."""

INSTALL = (
    f"{TOOL} is not on the PATH: it is part of MediaTek's NeuroPilot SDK "
    "(https://neuropilot.mediatek.com, a MediaTek developer account is needed), in "
    "neuron_sdk/host/bin; name it with --ncc"
)

_SOC = re.compile(r"mt\d{4}")
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True)
class NccCompiler:
    """NeuroPilot's command.

    Attributes:
        tool: the executable.
        architectures: what it compiles for, by SoC.
        options: further ones, as the user gives them.
    """

    tool: Path
    architectures: dict[str, str]
    options: tuple[str, ...] = ()

    format: CompiledFormat = "dla"

    @property
    def socs(self) -> list[str]:
        """Those that it compiles for."""
        return list(self.architectures)

    def check(self, part: Part) -> None:
        """Nothing that is known beforehand."""

    def compile(self, model: Path, part: Part, soc: str, folder: Path) -> list[CompiledFile]:
        """Compiles each signature of one file for one SoC.

        Args:
            model: the part's signatures alone.
            part: what they are.
            soc: of :attr:`socs`.
            folder: where the DLA files go, ``SIGNATURE.dla``.

        Raises:
            DeviceError: the tool can't be run.
            ModelError: it refused a graph, or wrote no file.
        """
        sdk = self._version()
        files = []
        for graph in part.graphs:
            out = folder / f"{graph.signature}.dla"
            with tempfile.TemporaryDirectory(prefix="sotto-npu-") as temporary:
                alone = Path(temporary) / f"{graph.signature}.tflite"
                write_model(extract_signatures(read_model(model), [graph.signature]), alone)
                self._compile(alone, self.architectures[soc], out)
            size, operations = out.stat().st_size, len(graph.operations)
            compiled = CompiledGraph(graph.signature, operations, 0, 1, {}, size)
            files.append(CompiledFile(graph.signature, out.name, size, VENDOR, sdk, (compiled,)))
        return files

    def _compile(self, model: Path, architecture: str, out: Path) -> None:
        options = [f"--arch={architecture}", "--opt=3", "--relax-fp32", *self.options]
        result = self._run([*options, "--dla-file", str(out), str(model)])
        if result.returncode != 0:
            said = "; ".join(result.stdout.split("\n")[-4:]).strip("; ") or "nothing of why"
            raise ModelError(f"{TOOL} refused {model.stem} for {architecture}: {said}")
        if not out.is_file() or out.stat().st_size == 0:
            raise ModelError(f"{TOOL} ended well and wrote no DLA file of {model.stem}")

    def _version(self) -> str:
        found = _VERSION.search(self._run(["--version"]).stdout)
        return found.group() if found else ""

    def _run(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        # The SDK's libraries are beside its tools.
        paths = [str(self.tool.parent.parent / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
        try:
            return subprocess.run(
                [str(self.tool), *arguments],
                env=os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(filter(None, paths))},
                check=False,
                text=True,
                errors="replace",
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise DeviceError(f"can't run {self.tool}: {error}") from error


def find_ncc(
    socs: str, *, tool: Path | None = None, architecture: str = "", options: tuple[str, ...] = ()
) -> NccCompiler:
    """NeuroPilot's command, for SoCs.

    Args:
        socs: ``all`` that are known, or names with commas between.
        tool: the executable; None looks on the PATH.
        architecture: of all of them, such as ``mdla3.0``, in place of what is known.
        options: further ones of the tool's.

    Raises:
        DeviceError: the tool is not there.
        OptionError: a SoC's architecture is not known.
    """
    names = list(ARCHITECTURES) if socs == "all" else [s.strip().lower() for s in socs.split(",")]
    for name in names:
        if not _SOC.fullmatch(name) or not (architecture or name in ARCHITECTURES):
            known = ", ".join(f"{soc} ({arch})" for soc, arch in ARCHITECTURES.items())
            raise OptionError(f"soc {name!r}: known are {known}; for another say --arch, too")
    found = tool or (Path(on_path) if (on_path := shutil.which(TOOL)) else None)
    if found is None:
        raise DeviceError(INSTALL)
    if not os.access(found, os.X_OK) or found.is_dir():
        raise DeviceError(f"{found} is no executable; expected {TOOL} of the NeuroPilot SDK")
    chosen = {name: architecture or ARCHITECTURES[name] for name in dict.fromkeys(names)}
    return NccCompiler(found.resolve(), chosen, options)
