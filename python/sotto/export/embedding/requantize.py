"""A float32 bundle that embeds becomes one of another precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from sotto.bundle import (
    Manifest,
    TextEncoder,
    check_writable,
    link_files,
    replacing_directory,
    write_manifest,
)
from sotto.errors import ConversionError, OptionError
from sotto.export.difference import Difference
from sotto.export.embedding.bundle import THREADS, distance, embed
from sotto.export.embedding.samples import sample
from sotto.export.quantize.float_bundle import read_float_bundle
from sotto.export.quantize.precision import Exceptions, Precision, check_precision, coarsest
from sotto.export.quantize.quantizer import quantize_files
from sotto.export.quantize.token_table import TABLES, write_token_table

Vectors = dict[str, np.ndarray]
"""``[B, d]`` by signature."""


def quantize_embedding(
    source: Path,
    out: Path,
    precision: str = "int8",
    exceptions: Exceptions | None = None,
    report: Callable[[str], None] = print,
) -> list[Difference]:
    """Quantises graphs and token table of the float32 bundle ``source`` into the bundle ``out``.

    Args:
        source: bundle that ``sotto convert`` wrote with ``--precision fp32``.
        out: bundle to make or replace, whole or not at all.
        precision: of the layers with weights, and of the token table.
        exceptions: layers of another precision.
        report: called with a line of text for each stage.

    Returns:
        How far each signature's vectors are from ``source``'s.

    Raises:
        BundleError: ``source`` is not a float32 bundle, or is damaged.
        ConversionError: the quantiser failed, or the vectors are too far off.
        OptionError: the precision is unknown, or an exception matches no layer.
        OutputError: ``out`` can't be written.
    """
    exceptions, chosen = exceptions or Exceptions(), check_precision(precision)
    manifest, layers = read_float_bundle(source, "embeds")
    if out.resolve() == source.resolve():
        raise OptionError(f"out {out}: is the float32 bundle itself; choose another directory")
    check_writable(out)
    expected = vectors(source, manifest)
    kept = [name for name in manifest.files if name not in layers]
    with replacing_directory(out) as directory:
        manifest, tables = write_tables(source, directory, manifest, chosen)
        link_files(source, directory, [name for name in kept if name not in tables])
        manifest, used = quantize_files(
            source, directory, layers, manifest, chosen, exceptions, report
        )
        write_manifest(directory, manifest, {*kept, *tables, *layers})
        coarse = coarsest({chosen, *used})
        found = vectors(directory, manifest)
        differences = [distance(name, found[name], expected[name], coarse) for name in expected]
        for difference in differences:
            report(f"against {source}: {difference}")
        if failed := [difference for difference in differences if not difference.passed]:
            raise ConversionError(
                f"the quantised graphs are too far from {source}: {'; '.join(map(str, failed))}"
            )
    return differences


def write_tables(
    source: Path, directory: Path, manifest: Manifest, precision: Precision
) -> tuple[Manifest, set[str]]:
    """Writes the token tables in a precision; gives the manifest, and their files."""
    text = manifest.find(TextEncoder)
    if text is None:
        return manifest, set()
    rows = np.load(source / text.token_embedding.file, mmap_mode="r")
    table = write_token_table(rows, directory, TABLES[precision])
    return manifest.with_component(replace(text, token_embedding=table)), table.files


def vectors(directory: Path, manifest: Manifest) -> Vectors:
    """What each signature gives for its sample."""
    found: Vectors = {}
    for component in manifest.embedders.values():
        for file in sorted({graph.file for graph in component.graphs}):
            interpreter = Interpreter(str(directory / file), num_threads=THREADS)
            for graph in component.graphs:
                if graph.file == file:
                    inputs = sample(directory, component, graph)
                    found[graph.name] = embed(interpreter, graph, inputs)
    return found
