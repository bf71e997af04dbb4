"""What compiling for a SoC gave."""

from __future__ import annotations

from dataclasses import dataclass

from sotto.bundle import Compiled
from sotto.bundle.manifest import CompiledFormat, NeuronCompiler


@dataclass(frozen=True)
class CompiledGraph:
    """A signature.

    Attributes:
        signature: its name.
        operations: of the .tflite graph.
        outside: those that stay off the NPU; always 0, as anything else is an error.
        partitions: always 1.
        neuron: Neuron's operations, with how often each occurs; empty where the library does not
            tell.
        bytes: of its code.
    """

    signature: str
    operations: int
    outside: int
    partitions: int
    neuron: dict[str, int]
    bytes: int


@dataclass(frozen=True)
class CompiledFile:
    """A file for one SoC.

    Attributes:
        name: what it stands for: a file of the bundle, or of DLA files a signature.
        path: the file's name in the SoC's folder.
        bytes: its size.
        compiler: ``neuron``, or ``sotto neuron_host`` in a dry run.
        sdk: version of what compiled; empty if it does not say.
        graphs: its signatures.
    """

    name: str
    path: str
    bytes: int
    compiler: NeuronCompiler
    sdk: str
    graphs: tuple[CompiledGraph, ...]


@dataclass(frozen=True)
class CompiledSoc:
    """All files of a SoC.

    Attributes:
        soc: such as ``mt6991``.
        format: ``litert``, or ``dla``.
        files: at least one.
    """

    soc: str
    format: CompiledFormat
    files: tuple[CompiledFile, ...]

    @property
    def graphs(self) -> list[CompiledGraph]:
        """Of all files."""
        return [graph for file in self.files for graph in file.graphs]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    def as_manifest(self, folder: str) -> Compiled:
        """The manifest's entry, for files in that folder of the bundle (docs/bundle.md)."""
        return Compiled(
            format=self.format,
            compiler=self.files[0].compiler,
            sdk=self.files[0].sdk,
            files={file.name: f"{folder}/{file.path}" for file in self.files},
            signatures=tuple(graph.signature for graph in self.graphs),
        )
