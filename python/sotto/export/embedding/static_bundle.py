"""A float32 bundle that embeds becomes one for the NPU: statically quantised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ai_edge_litert.interpreter import Interpreter

from sotto.bundle import (
    Embedder,
    Graph,
    Manifest,
    check_writable,
    link_files,
    replacing_directory,
    write_manifest,
)
from sotto.errors import ConversionError, OptionError
from sotto.export.difference import Difference, compare
from sotto.export.embedding.bundle import THREADS, embed, unit
from sotto.export.embedding.requantize import vectors, write_tables
from sotto.export.embedding.samples import sample
from sotto.export.quantize.precision import Exceptions
from sotto.export.quantize.ranges import Ranges
from sotto.export.quantize.recipes import Recipe, excepted
from sotto.export.whisper.requantize import read_float_bundle
from sotto.export.whisper.static_bundle import describe_static, write_static_files

LEAST = 10.0
"""dB of each vector of length 1: a cosine of 0.95. A recipe that is below it gives other
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
    sample texts, pictures and speech that conversion compares over, too.

    Args:
        source: bundle that ``sotto convert`` wrote with ``--precision fp32``.
        out: bundle to make or replace, whole or not at all.
        recipe: see :mod:`sotto.export.quantize.recipes`.
        report: called with a line of text for each stage.
        exceptions: layers of other numbers than the recipe's.

    Returns:
        How far each signature's vectors are from ``source``'s.

    Raises:
        BundleError: ``source`` is not a float32 bundle, or is damaged.
        ConversionError: the quantiser failed, the NPU refuses a graph, or the vectors are too far
            off.
        OptionError: ``out`` is ``source``, or an exception matches no layer.
        OutputError: ``out`` can't be written.
    """
    manifest, layers = read_float_bundle(source, embeds=True)
    if exceptions is not None:
        exceptions.check(layer for of_file in layers.values() for layer in of_file)
        recipe = excepted(recipe, exceptions)
        manifest = replace(manifest, exceptions=dict(exceptions.precisions))
    if out.resolve() == source.resolve():
        raise OptionError(f"out {out}: is the float32 bundle itself; choose another directory")
    check_writable(out)
    expected = vectors(source, manifest)
    ranges = _calibrate(source, manifest, report)
    kept = [name for name in manifest.files if name not in layers]
    with replacing_directory(out) as directory:
        manifest, tables = write_tables(source, directory, manifest, "int8")
        link_files(source, directory, [name for name in kept if name not in tables])
        manifest = describe_static(
            manifest, recipe, [f"{SAMPLES} samples of sotto.export.embedding.samples"]
        )
        manifest = write_static_files(
            source, directory, manifest, layers, recipe, ranges.found, report
        )
        write_manifest(directory, manifest, {*kept, *tables, *layers})
        found = vectors(directory, manifest)
        differences = [
            compare(name, list(zip(unit(found[name]), unit(of), strict=True)), decibel=LEAST)
            for name, of in expected.items()
        ]
        for difference in differences:
            report(f"against {source}: {difference}")
        if failed := [difference for difference in differences if not difference.passed]:
            raise ConversionError(
                f"by the recipe {recipe.name} the vectors are too far from {source}: "
                f"{'; '.join(map(str, failed))}"
            )
    return differences


def _calibrate(source: Path, manifest: Manifest, report: Report) -> Ranges:
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
    return ranges
