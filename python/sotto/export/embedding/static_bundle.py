"""A float32 bundle that embeds, statically quantised: ranges of sample texts, pictures, speech."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ai_edge_litert.interpreter import Interpreter

from sotto.bundle import Embedder, Graph, Manifest
from sotto.errors import ConversionError
from sotto.export.difference import Difference, compare
from sotto.export.embedding.bundle import THREADS, embed, unit
from sotto.export.embedding.requantize import Vectors, vectors, write_tables
from sotto.export.embedding.samples import sample
from sotto.export.quantize.float_bundle import Does
from sotto.export.quantize.precision import Exceptions
from sotto.export.quantize.ranges import Range, Ranges
from sotto.export.quantize.recipes import Recipe
from sotto.export.quantize.static_bundle import recipe_of, write_static_bundle

MIN_DECIBEL = 10.0
"""Of each vector of length 1: a cosine of 0.95. A recipe that is below it gives other
neighbours."""

SAMPLES = 8
"""Inputs that each signature is calibrated on, of another length each."""

Report = Callable[[str], None]


def quantize_embedding_for_npu(
    source: Path,
    out: Path,
    recipe: Recipe,
    report: Report = print,
    *,
    exceptions: Exceptions | None = None,
) -> list[Difference]:
    """Quantises the graphs of the float32 bundle ``source`` statically into the bundle ``out``.

    The token table, which the host reads, becomes int8, a scale a row. Ranges are those of the
    sample texts, pictures and speech that conversion compares over, too. Arguments and errors are
    those of :func:`write_static_bundle`.

    Returns:
        How far each signature's vectors are from ``source``'s.
    """
    return write_static_bundle(source, out, _Encoders(), recipe, report, exceptions)


@dataclass(frozen=True)
class _Encoders:
    does: Does = "embeds"

    @property
    def calibrated_on(self) -> list[str]:
        return [f"{SAMPLES} samples of sotto.export.embedding.samples"]

    def ranges(self, source: Path, manifest: Manifest, report: Report) -> Mapping[str, Range]:
        """Runs every signature over its samples."""
        by_file: dict[str, list[tuple[Embedder, Graph]]] = {}
        for component in manifest.embedders.values():
            for graph in component.graphs:
                by_file.setdefault(graph.file, []).append((component, graph))
        ranges = Ranges(source / file for file in by_file)
        for file, graphs in by_file.items():
            interpreter = Interpreter(
                str(source / file),
                num_threads=THREADS,
                experimental_preserve_all_tensors=True,
            )
            for component, graph in graphs:
                for start in range(SAMPLES):
                    embed(interpreter, graph, sample(source, component, graph, start))
                    ranges.add(interpreter, graph.name)
                report(f"calibrated {graph.name}")
        return ranges.found

    def comparison(self, source: Path, manifest: Manifest, report: Report) -> _Comparison:
        return _Comparison(source, vectors(source, manifest))

    def place_tables(
        self, source: Path, directory: Path, manifest: Manifest, report: Report
    ) -> Manifest:
        return write_tables(source, directory, manifest, "int8")[0]


@dataclass(frozen=True)
class _Comparison:
    source: Path
    expected: Vectors

    def distance(self, directory: Path, manifest: Manifest) -> list[Difference]:
        found = vectors(directory, manifest)
        differences = [
            compare(name, list(zip(unit(found[name]), unit(of), strict=True)), decibel=MIN_DECIBEL)
            for name, of in self.expected.items()
        ]
        if failed := [difference for difference in differences if not difference.passed]:
            raise ConversionError(
                f"by the recipe {recipe_of(manifest)} the vectors are too far from {self.source}: "
                f"{'; '.join(map(str, failed))}"
            )
        return differences
