"""A float32 bundle of any family becomes one for the NPU: statically quantised by a recipe.

A family says what its ranges are of, and when its new graphs are too far from the old ones.
Everything else is here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, TypeVar

from sotto.bundle import (
    Manifest,
    StaticQuantization,
    StaticRule,
    check_writable,
    link_files,
    replacing_directory,
    write_manifest,
)
from sotto.errors import ConversionError, OptionError
from sotto.export.quantize.float_bundle import Does, Layers, read_float_bundle
from sotto.export.quantize.precision import Exceptions
from sotto.export.quantize.ranges import Range
from sotto.export.quantize.recipes import Numbers, Recipe, excepted
from sotto.export.quantize.static import quantize_statically
from sotto.export.tflite.graphs import read_graphs
from sotto.npu.rules import judge

Report = Callable[[str], None]

D = TypeVar("D", covariant=True)


class Comparison(Protocol[D]):
    """Remembers what the float32 graphs give, and holds others to it."""

    def distance(self, directory: Path, manifest: Manifest) -> D:
        """How far a bundle's graphs are off. Raises ConversionError where that is too far."""
        ...


class Family(Protocol[D]):
    """What static quantisation asks of the makers of one kind of bundle."""

    @property
    def does(self) -> Does:
        """What its bundles are for."""
        ...

    @property
    def calibrated_on(self) -> list[str]:
        """Names of what the ranges are of, for the manifest."""
        ...

    def ranges(self, source: Path, manifest: Manifest, report: Report) -> Mapping[str, Range]:
        """Of each tensor that the float32 graphs compute, and of each input, by its name."""
        ...

    def comparison(self, source: Path, manifest: Manifest, report: Report) -> Comparison[D]:
        """Runs the float32 graphs over what the quantised ones are compared on."""
        ...

    def place_tables(
        self, source: Path, directory: Path, manifest: Manifest, report: Report
    ) -> Manifest:
        """The manifest with the tables that the host reads; writes those that are others."""
        ...


def write_static_bundle(
    source: Path,
    out: Path,
    family: Family[D],
    recipe: Recipe,
    report: Report,
    exceptions: Exceptions | None = None,
) -> D:
    """Quantises the graphs of the float32 bundle ``source`` statically into the bundle ``out``.

    Args:
        source: bundle that ``sotto convert`` wrote with ``--precision fp32``.
        out: bundle to make or replace, whole or not at all.
        family: of the bundle.
        recipe: see :mod:`sotto.export.quantize.recipes`.
        report: called with a line of text for each stage.
        exceptions: layers of other numbers than the recipe's.

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
    manifest, layers = read_float_bundle(source, family.does)
    if exceptions is not None:
        exceptions.check(layer for of_file in layers.values() for layer in of_file)
        recipe = excepted(recipe, exceptions)
        manifest = replace(manifest, exceptions=dict(exceptions.precisions))
    if out.resolve() == source.resolve():
        raise OptionError(f"out {out}: is the float32 bundle itself; choose another directory")
    check_writable(out)
    ranges = family.ranges(source, manifest, report)
    comparison = family.comparison(source, manifest, report)
    with replacing_directory(out) as directory:
        manifest = _described(manifest, recipe, family.calibrated_on)
        manifest = _write_files(source, directory, manifest, layers, recipe, ranges, report)
        manifest = family.place_tables(source, directory, manifest, report)
        files = {*layers, *(file for one in manifest.components for file in one.files)}
        link_files(source, directory, [file for file in files if not (directory / file).exists()])
        manifest = write_manifest(directory, manifest, files)
        distance = comparison.distance(directory, manifest)
        report(f"against {source}: {distance}")
    return distance


def recipe_of(manifest: Manifest) -> str:
    """The name of the recipe that a bundle was made by."""
    return manifest.precision.removeprefix("npu-")


def _described(manifest: Manifest, recipe: Recipe, calibrated_on: list[str]) -> Manifest:
    """The manifest of a bundle that a recipe makes, with what its ranges are of."""
    rules = tuple(StaticRule(rule.groups, rule.numbers, rule.layers) for rule in recipe.rules)
    static = StaticQuantization(rules, tuple(calibrated_on))
    return replace(manifest, precision=f"npu-{recipe.name}", static=static, torchscript=None)


def _write_files(
    source: Path,
    directory: Path,
    manifest: Manifest,
    layers: Layers,
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
