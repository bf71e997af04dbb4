"""A float32 bundle of kind ``embedding`` becomes one of another precision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from sotto.bundle import (
    Manifest,
    check_writable,
    link_files,
    replacing_directory,
    write_manifest,
)
from sotto.errors import BundleError, ConversionError, OptionError
from sotto.export.difference import Difference
from sotto.export.embedding.bundle import KIND, THREADS, distance, embed
from sotto.export.embedding.samples import sample
from sotto.export.quantize.precision import Exceptions, Precision, check_precision, coarsest
from sotto.export.quantize.quantizer import quantize_files
from sotto.export.quantize.token_table import TABLES, write_token_table
from sotto.export.whisper.requantize import read_float_bundle
from sotto.graphs.signatures import Signature

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
    manifest, layers = read_float_bundle(source, KIND)
    if out.resolve() == source.resolve():
        raise OptionError(f"out {out}: is the float32 bundle itself; choose another directory")
    check_writable(out)
    expected = vectors(source, manifest)
    kept = [name for name in manifest["files"] if name not in layers]
    with replacing_directory(out) as directory:
        manifest["precision"] = chosen
        tables = write_tables(source, directory, manifest, chosen)
        link_files(source, directory, [name for name in kept if name not in tables])
        used = quantize_files(source, directory, layers, manifest, exceptions, report)
        write_manifest(directory, manifest, sorted({*kept, *tables, *layers}))
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
) -> list[str]:
    """The token tables in a precision; gives their files."""
    files = []
    for entry in manifest["encoders"].values():
        if "token_embedding" not in entry:
            continue
        table = np.load(source / entry["token_embedding"]["file"], mmap_mode="r")
        entry["token_embedding"] = write_token_table(table, directory, TABLES[precision])
        files += [name for key, name in entry["token_embedding"].items() if key != "dtype"]
    return files


def vectors(directory: Path, manifest: Manifest) -> Vectors:
    """What each signature gives for its sample. Raises BundleError for a damaged manifest."""
    found: Vectors = {}
    try:
        for modality, entry in manifest["encoders"].items():
            model = directory / f"{modality}.tflite"
            interpreter = Interpreter(str(model), num_threads=THREADS)
            for graph in entry["signatures"]:
                name = graph["signature"]
                signature = Signature.from_manifest(name, manifest["signatures"][name])
                inputs = sample(directory, modality, entry, signature)
                found[name] = embed(interpreter, signature, inputs)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"{directory}: the manifest is damaged ({type(error).__name__}: {error}). Convert the "
            "checkpoint again: sotto convert"
        ) from error
    return found
