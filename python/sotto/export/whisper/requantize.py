"""A float32 bundle becomes one of another precision, without the TorchScript it was made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from sotto.asr import SpeechModel
from sotto.bundle import (
    Decoder,
    Manifest,
    TokenTable,
    check_writable,
    link_files,
    replacing_directory,
    write_manifest,
)
from sotto.errors import ConversionError, OptionError
from sotto.export.quantize.float_bundle import read_float_bundle
from sotto.export.quantize.precision import DECIBEL, Exceptions, check_precision, coarsest
from sotto.export.quantize.quantizer import quantize_files
from sotto.export.quantize.token_table import TABLE
from sotto.export.whisper.passages import Distance, Graphs, Yardstick, read_passages
from sotto.export.whisper.token_rows import share_token_rows
from sotto.preprocess import AudioSource

Report = Callable[[str], None]
THREADS = 2


def quantize_bundle(
    source: Path,
    out: Path,
    audio: list[AudioSource],
    precision: str = "int8",
    exceptions: Exceptions | None = None,
    report: Report = print,
) -> Distance:
    """Quantises the graphs of the float32 bundle ``source`` into the bundle ``out``.

    Args:
        source: bundle that step 2 wrote with ``--precision fp32``.
        out: bundle to make or replace, whole or not at all.
        audio: recordings of speech to compare over; the first window of each.
        precision: of the layers with weights.
        exceptions: layers of another precision.
        report: called with a line of text for each stage.

    Returns:
        How far the new graphs are from ``source``'s.

    Raises:
        AudioError: a recording can't be read or holds no speech.
        BundleError: ``source`` is not a float32 bundle, or is damaged.
        ConversionError: the quantiser failed, or the graphs are too far off.
        OptionError: the precision is unknown, or an exception matches no layer.
        OutputError: ``out`` can't be written.
    """
    exceptions = exceptions or Exceptions()
    chosen = check_precision(precision)
    manifest, layers = read_float_bundle(source, "transcribes")
    exceptions.check(layer for of_file in layers.values() for layer in of_file)
    if out.resolve() == source.resolve():
        raise OptionError(f"out {out}: is the float32 bundle itself; choose another directory")
    check_writable(out)
    yardstick = measure(source, manifest, audio, report)
    kept = [name for name in manifest.files if name not in layers]
    with replacing_directory(out) as directory:
        link_files(source, directory, kept)
        manifest, used = quantize_files(
            source, directory, layers, manifest, chosen, exceptions, report
        )
        manifest = place_token_rows(source, directory, manifest, report)
        rows = manifest.need(Decoder).token_embedding.files
        manifest = write_manifest(directory, manifest, {*kept, *layers, *rows})
        distance = yardstick.distance(Graphs(directory, manifest, THREADS))
        report(f"against {source}: {distance}")
        limit = min((DECIBEL[p] for p in [coarsest(used)] if p in DECIBEL), default=0.0)
        # Not <: a NaN must not pass.
        if not (distance.encoder >= limit and distance.logits >= limit):
            raise ConversionError(
                f"the quantised graphs are too far from {source}: {distance}; expected "
                f"{limit:g} dB at least"
            )
    return distance


def place_token_rows(source: Path, directory: Path, manifest: Manifest, report: Report) -> Manifest:
    """The manifest with where the host finds token rows, which may take files."""
    decoder = manifest.need(Decoder)
    rows, spec = decoder.token_embedding, decoder.spec
    if rows.offset is None:  # a table of its own
        return manifest
    table = share_token_rows(directory, spec, report)
    if table is None:
        shape = (spec.vocabulary, spec.width)
        np.save(directory / TABLE, np.memmap(source / rows.file, "<f4", "r", rows.offset, shape))
        table = TokenTable(TABLE, "fp32")
    return manifest.with_component(replace(decoder, token_embedding=table))


def measure(
    source: Path, manifest: Manifest, audio: list[AudioSource], report: Report
) -> Yardstick:
    """What a float32 bundle's graphs compute of some recordings. Raises AudioError."""
    report(f"hearing {', '.join(map(str, audio))} in fp32")
    model = SpeechModel(source, verify=False)  # read_manifest has
    passages = read_passages(source, manifest, model, audio)
    return Yardstick(passages, Graphs(source, manifest, THREADS))
