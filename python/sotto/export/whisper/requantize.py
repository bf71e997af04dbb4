"""A float32 bundle becomes one of another precision, without the TorchScript it was made from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sotto.asr import SpeechModel
from sotto.bundle import (
    Manifest,
    check_writable,
    drop_compiled,
    link_files,
    read_manifest,
    replacing_directory,
    write_manifest,
)
from sotto.errors import BundleError, ConversionError, OptionError
from sotto.export.quantize.precision import DECIBEL, Exceptions, check_precision, coarsest
from sotto.export.quantize.quantizer import quantize_files
from sotto.export.quantize.token_table import TABLE
from sotto.export.tflite.layers import Layer
from sotto.export.whisper.passages import Distance, Graphs, Yardstick, read_passages
from sotto.export.whisper.token_rows import share_token_rows
from sotto.preprocess import AudioSource

Report = Callable[[str], None]
Layers = dict[str, list[Layer]]
"""Of each file, in the order of its operations."""

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
    manifest, layers = read_float_bundle(source)
    exceptions.check(layer for of_file in layers.values() for layer in of_file)
    if out.resolve() == source.resolve():
        raise OptionError(f"out {out}: is the float32 bundle itself; choose another directory")
    check_writable(out)
    yardstick = measure(source, manifest, audio, report)
    kept = [name for name in manifest["files"] if name not in layers]
    with replacing_directory(out) as directory:
        link_files(source, directory, kept)
        manifest["precision"] = chosen
        used = quantize_files(source, directory, layers, manifest, exceptions, report)
        kept += place_token_rows(source, directory, manifest, report)
        write_manifest(directory, manifest, sorted({*kept, *layers}))
        distance = yardstick.distance(Graphs(directory, manifest, THREADS))
        report(f"against {source}: {describe(distance)}")
        limit = min((DECIBEL[p] for p in [coarsest(used)] if p in DECIBEL), default=0.0)
        # Not <: a NaN must not pass.
        if not (distance.encoder >= limit and distance.logits >= limit):
            raise ConversionError(
                f"the quantised graphs are too far from {source}: {describe(distance)}; expected "
                f"{limit:g} dB at least"
            )
    return distance


def place_token_rows(
    source: Path, directory: Path, manifest: Manifest, report: Report
) -> list[str]:
    """Says where the host finds token rows; returns the files that this takes."""
    rows, dims = manifest["token_embedding"], manifest["dims"]
    if "offset" not in rows:  # a table of its own
        return []
    files = share_token_rows(directory, manifest, report)
    if files is not None:
        return files
    shape = (dims["n_vocab"], dims["n_text_state"])
    np.save(directory / TABLE, np.memmap(source / rows["file"], "<f4", "r", rows["offset"], shape))
    manifest["token_embedding"] = {"file": TABLE, "dtype": "fp32"}
    return [TABLE]


def measure(
    source: Path, manifest: Manifest, audio: list[AudioSource], report: Report
) -> Yardstick:
    """What a float32 bundle's graphs compute of some recordings. Raises AudioError."""
    report(f"hearing {', '.join(map(str, audio))} in fp32")
    model = SpeechModel(source, verify=False)  # read_manifest has
    passages = read_passages(source, manifest, model, audio)
    return Yardstick(passages, Graphs(source, manifest, THREADS))


MAKERS = {
    "whisper": "python convert/step2_torchscript_to_tflite.py makes one from step 1's directory "
    "with --precision fp32",
    "embedding": "sotto convert makes one of a checkpoint with --precision fp32",
}
"""What to do where a bundle of a kind is not float32."""


def read_float_bundle(source: Path, kind: str = "whisper") -> tuple[Manifest, Layers]:
    """The manifest and the layers of a float32 bundle of a kind.

    Raises:
        BundleError: it is another kind of bundle, of another precision, or damaged.
    """
    manifest = read_manifest(source)
    drop_compiled(manifest)
    again = MAKERS[kind]
    if manifest.get("kind") != kind or manifest.get("precision") != "fp32":
        raise BundleError(
            f"{source} is a {manifest.get('precision')} bundle of kind {manifest.get('kind')}; "
            f"expected a {kind} bundle of fp32: {again}"
        )
    if manifest.get("exceptions") or not manifest.get("layers"):
        raise BundleError(
            f"{source} has layers that are not fp32, or was made before layers had names: {again}"
        )
    try:
        layers = {
            file: [Layer.from_manifest(name, entry) for name, entry in entries.items()]
            for file, entries in manifest["layers"].items()
        }
        if absent := set(layers) - set(manifest["files"]):
            raise KeyError(*sorted(absent))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"{source}: its layers are damaged ({type(error).__name__}: {error}); {again}"
        ) from error
    return manifest, layers


def describe(distance: Distance) -> str:
    """In a line."""
    return (
        f"signal to noise {distance.encoder:.1f} dB after the encoder, {distance.logits:.1f} dB "
        f"in the logits; {distance.tokens} of {distance.positions} likeliest tokens changed"
    )
