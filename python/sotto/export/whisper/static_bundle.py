"""A float32 bundle becomes one for the NPU: statically quantised by a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from sotto.bundle import (
    Decoder,
    Manifest,
    StaticQuantization,
    StaticRule,
    check_writable,
    link_files,
    replacing_directory,
    write_manifest,
)
from sotto.errors import ConversionError, OptionError
from sotto.export.quantize.precision import Exceptions
from sotto.export.quantize.ranges import Range
from sotto.export.quantize.recipes import Numbers, Recipe, excepted
from sotto.export.quantize.static import quantize_statically
from sotto.export.tflite.graphs import read_graphs
from sotto.export.tflite.layers import Layer
from sotto.export.whisper.calibration import calibrate
from sotto.export.whisper.passages import Distance, Graphs
from sotto.export.whisper.requantize import (
    THREADS,
    describe,
    measure,
    place_token_rows,
    read_float_bundle,
)
from sotto.npu.rules import judge
from sotto.preprocess import AudioSource

Report = Callable[[str], None]

LEAST = 8.0
"""dB, of the encoder's signal to noise and the logits'. What is below it is noise in the
transcripts too: int8 throughout has less than 0, recipes that hear the right words more than 12."""


def quantize_for_npu(
    source: Path,
    out: Path,
    audio: list[AudioSource],
    recipe: Recipe,
    report: Report = print,
    *,
    exceptions: Exceptions | None = None,
    ranges: Mapping[str, Range] | None = None,
    least: float = LEAST,
) -> Distance:
    """Quantises the graphs of the float32 bundle ``source`` statically into the bundle ``out``.

    Args:
        source: bundle that step 2 wrote with ``--precision fp32``.
        out: bundle to make or replace, whole or not at all.
        audio: recordings of speech, to calibrate and to compare over.
        recipe: see :mod:`sotto.export.quantize.recipes`.
        report: called with a line of text for each stage.
        exceptions: layers of other numbers than the recipe's.
        ranges: of a calibration that was made before.
        least: signal to noise that the encoder and the logits must have, dB.

    Returns:
        How far the new graphs are from ``source``'s.

    Raises:
        AudioError: a recording can't be read or holds no speech.
        BundleError: ``source`` is not a float32 bundle, or is damaged.
        ConversionError: the quantiser failed, the NPU refuses a graph, or the graphs are too far
            off.
        OptionError: ``out`` is ``source``, or an exception matches no layer.
        OutputError: ``out`` can't be written.
    """
    manifest, layers = read_float_bundle(source)
    if exceptions is not None:
        exceptions.check(layer for of_file in layers.values() for layer in of_file)
        recipe = excepted(recipe, exceptions)
        manifest = replace(manifest, exceptions=dict(exceptions.precisions))
    if out.resolve() == source.resolve():
        raise OptionError(f"out {out}: is the float32 bundle itself; choose another directory")
    check_writable(out)
    if ranges is None:
        ranges = calibrate(source, manifest, audio, report)
    yardstick = measure(source, manifest, audio, report)
    kept = [name for name in manifest.files if name not in layers]
    with replacing_directory(out) as directory:
        link_files(source, directory, kept)
        manifest = describe_static(manifest, recipe, [_name(a) for a in audio])
        manifest = write_static_files(source, directory, manifest, layers, recipe, ranges, report)
        manifest = place_token_rows(source, directory, manifest, report)
        rows = manifest.need(Decoder).token_embedding.files
        manifest = write_manifest(directory, manifest, {*kept, *layers, *rows})
        distance = yardstick.distance(Graphs(directory, manifest, THREADS))
        report(f"against {source}: {describe(distance)}")
        # Not <: a NaN must not pass.
        if not (distance.encoder >= least and distance.logits >= least):
            raise ConversionError(
                f"by the recipe {recipe.name} the graphs are too far from {source}: "
                f"{describe(distance)}; expected {least:g} dB at least"
            )
    return distance


def _name(source: AudioSource) -> str:
    """Of a recording's file, without the folders of the machine that it is on."""
    return Path(source).name if isinstance(source, str | Path) else type(source).__name__


def describe_static(manifest: Manifest, recipe: Recipe, calibrated_on: list[str]) -> Manifest:
    """The manifest of a bundle that a recipe makes, with what its ranges are of."""
    rules = tuple(StaticRule(rule.groups, rule.numbers, rule.layers) for rule in recipe.rules)
    static = StaticQuantization(rules, tuple(calibrated_on))
    return replace(manifest, precision=f"npu-{recipe.name}", static=static)


def write_static_files(
    source: Path,
    directory: Path,
    manifest: Manifest,
    layers: dict[str, list[Layer]],
    recipe: Recipe,
    ranges: Mapping[str, Range],
    report: Report,
) -> Manifest:
    """Quantises each file; gives the manifest with their layers."""
    entries = {}
    for file, of_file in layers.items():
        report(f"quantising {file} by the recipe {recipe.name}")
        layer_of = {output: layer.name for layer in of_file for output in layer.outputs}
        quantize_statically(source / file, directory / file, recipe, ranges, layer_of)
        numbers = _of_layers(source / file, recipe, layer_of)
        entries[file] = {
            layer.name: layer.entry(_PRECISION[numbers[layer.name]]) for layer in of_file
        }
        _check(directory / file)
    return replace(manifest, layers=entries).with_tools(
        ai_edge_quantizer=version("ai-edge-quantizer")
    )


_PRECISION: dict[Numbers, str] = {"float": "fp32", "int16": "int8-int16", "int8": "int8-int8"}
"""How a manifest calls a layer's: of its weights, and of its activations."""


def _of_layers(model: Path, recipe: Recipe, layer_of: dict[str, str]) -> dict[str, Numbers]:
    found = {}
    for graph in read_graphs(model):
        for operation, numbers in zip(
            graph.operations, recipe.resolve(graph, layer_of), strict=True
        ):
            if (name := layer_of.get(operation.outputs[0].name)) is not None:
                found[name] = numbers
    return found


def _check(model: Path) -> None:
    """Raises ConversionError where the NPU's rules refuse what was written."""
    for verdict in judge(model):
        for finding in verdict.refusals:
            raise ConversionError(
                f"the NPU refuses {verdict.signature} of {model.name}: {finding.name} at "
                f"{finding.place}: {finding.reason}"
            )
