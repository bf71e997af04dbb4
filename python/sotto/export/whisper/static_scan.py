"""Which operations lose most by static quantisation: each group of them on its own, measured."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sotto.bundle import Manifest
from sotto.errors import OptionError
from sotto.export.quantize.float_bundle import Layers, read_float_bundle
from sotto.export.quantize.ranges import Range
from sotto.export.quantize.recipes import LAYOUT, NUMBERS, Numbers, Recipe, Rule, group_of, placed
from sotto.export.quantize.static import quantize_statically
from sotto.export.tflite.graphs import read_graphs
from sotto.export.whisper.calibration import calibrate
from sotto.export.whisper.passages import DECODER, ENCODER, Distance, Graphs, Yardstick
from sotto.export.whisper.requantize import THREADS, measure
from sotto.preprocess import AudioSource

Report = Callable[[str], None]


@dataclass(frozen=True)
class StaticScanOptions:
    """How operations are scanned.

    Attributes:
        numbers: that a group is put into: ``int8`` or ``int16``.
        all_but: put all but the group into them, which stays float, instead of the group alone.
        group: ``kind``: layers of a kind (all queries of the encoder), and operations between
            layers by what they are; ``block``: the same, block by block.
    """

    numbers: Numbers = "int8"
    all_but: bool = False
    group: str = "kind"

    def validate(self) -> None:
        """Raises OptionError where a value is out of range."""
        if self.numbers not in NUMBERS or self.numbers == "float":
            raise OptionError(f"numbers {self.numbers!r}: expected int8 or int16")
        if self.group not in ("kind", "block"):
            raise OptionError(f"group {self.group!r}: expected kind or block")


@dataclass(frozen=True)
class StaticSensitivity:
    """What a group of operations loses.

    Attributes:
        name: such as ``encoder softmax``, or a pattern of layers.
        operations: how many, in all signatures.
        distance: of the graphs from the float32 ones.
    """

    name: str
    operations: int
    distance: Distance


@dataclass(frozen=True)
class StaticScan:
    """All groups, those that matter most first, and all operations together."""

    options: StaticScanOptions
    whole: StaticSensitivity
    groups: list[StaticSensitivity]


def scan_statically(
    source: Path,
    audio: list[AudioSource],
    options: StaticScanOptions | None = None,
    report: Report = print,
    *,
    ranges: Mapping[str, Range] | None = None,
) -> StaticScan:
    """Quantises one group of operations after the other and measures what changes.

    Nothing is left on disk.

    Args:
        source: float32 bundle.
        audio: recordings of speech, to calibrate and to compare over.
        options: see :class:`StaticScanOptions`.
        report: called with a line for each group.
        ranges: of a calibration that was made before.

    Raises:
        AudioError: a recording can't be read or holds no speech.
        BundleError: ``source`` is not a float32 bundle, or is damaged.
        ConversionError: the quantiser failed.
        OptionError: an option is out of range.
    """
    options = options or StaticScanOptions()
    options.validate()
    manifest, layers = read_float_bundle(source, "transcribes")
    if ranges is None:
        ranges = calibrate(source, manifest, audio, report)
    yardstick = measure(source, manifest, audio, report)
    with tempfile.TemporaryDirectory(prefix="sotto-scan-") as folder:
        scanner = _Scanner(source, Path(folder), manifest, layers, options, yardstick, ranges)
        groups = scanner.groups()
        whole = scanner.measure("*", [("*", "*")], sum(groups.values()))
        found = []
        for number, ((name, group, pattern), count) in enumerate(groups.items(), 1):
            found.append(scanner.measure(name, [(group, pattern)], count))
            distance = found[-1].distance
            report(
                f"{number} of {len(groups)}: {name}: {distance.encoder:.1f} dB, "
                f"{distance.logits:.1f} dB"
            )
    found.sort(key=lambda group: group.distance.logits, reverse=options.all_but)
    return StaticScan(options, whole, found)


Group = tuple[str, str, str]
"""Its name, and the patterns of its operations' groups and layers."""


@dataclass(frozen=True)
class _Scanner:
    source: Path
    folder: Path
    manifest: Manifest
    layers: Layers
    options: StaticScanOptions
    yardstick: Yardstick
    ranges: Mapping[str, Range]

    def groups(self) -> dict[Group, int]:
        """Each group, in the order of the graphs, with how many operations it has."""
        found: dict[Group, int] = {}
        for file in self.layers:
            for graph in read_graphs(self.source / file):
                for operation, layer in placed(graph, self._layer_of(file)):
                    if operation.name not in LAYOUT:
                        group = self._group(file, group_of(operation), layer)
                        found[group] = found.get(group, 0) + 1
        return found

    def _group(self, file: str, group: str, layer: str) -> Group:
        part = file.removesuffix(".tflite")
        block = re.match(r".*?\.\d+\.", layer)
        if self.options.group == "block":
            layers = f"{block[0]}*" if block else layer
            return f"{group} {layers}", group, layers
        if group in ("linear", "convolution"):
            kind = re.sub(r"\.\d+\.", ".*.", layer)
            return kind, group, kind
        return f"{part} {group}", group, f"{part}.*"

    def measure(self, name: str, patterns: list[tuple[str, str]], count: int) -> StaticSensitivity:
        numbers, floats = self.options.numbers, self.options.all_but and name != "*"
        rules = [Rule("*", numbers)] if floats else []
        rules += [Rule(group, "float" if floats else numbers, layers) for group, layers in patterns]
        changed = self._quantize(Recipe("scan", "", tuple(rules)))
        distance = self.yardstick.distance(
            Graphs(self.folder, self.manifest, THREADS),
            encoder=ENCODER in changed,
            decoder=DECODER in changed,
        )
        return StaticSensitivity(name, count, distance)

    def _quantize(self, recipe: Recipe) -> set[str]:
        """Writes the files in which the recipe quantises anything, and says which."""
        changed = set()
        for file in self.layers:
            written, layer_of = self.folder / file, self._layer_of(file)
            written.unlink(missing_ok=True)
            graphs = read_graphs(self.source / file)
            if any(set(recipe.resolve(graph, layer_of)) - {"float"} for graph in graphs):
                quantize_statically(self.source / file, written, recipe, self.ranges, layer_of)
                changed.add(file)
        return changed

    def _layer_of(self, file: str) -> dict[str, str]:
        return {output: layer.name for layer in self.layers[file] for output in layer.outputs}
