"""Which layers lose most by a precision: each group of layers quantised on its own, measured."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from sotto.asr import SpeechModel
from sotto.bundle import Manifest, link_files, write_manifest
from sotto.bundle import components as bundle_components
from sotto.errors import OptionError
from sotto.export.quantize.float_bundle import Layers, read_float_bundle
from sotto.export.quantize.precision import BITS, LOGITS, Exceptions, Precision, check_precision
from sotto.export.quantize.quantizer import quantize
from sotto.export.tflite.layers import Layer
from sotto.export.whisper.passages import DECODER, ENCODER, Distance, Graphs, Yardstick
from sotto.export.whisper.requantize import THREADS, measure, place_token_rows
from sotto.export.word_errors import word_error_rate
from sotto.preprocess import AudioSource

Grouping = Literal["layer", "block", "kind"]
Report = Callable[[str], None]


@dataclass(frozen=True)
class ScanOptions:
    """How layers are scanned.

    Attributes:
        precision: that layers are quantised to.
        group: ``layer``; ``block``, such as ``decoder.attention.0.*``, its query, key, value and
            output; or ``kind``, such as ``decoder.attention.*``, those of all blocks.
        all_but: quantise all but the group instead of the group alone.
        words: of how many groups, the most sensitive ones, word errors are counted.
    """

    precision: str = "int8"
    group: str = "block"
    all_but: bool = False
    words: int = 3

    def validate(self) -> None:
        """Raises OptionError where a value is out of range."""
        if check_precision(self.precision) == "fp32":
            raise OptionError("precision 'fp32': nothing is lost by it; choose another to scan")
        if self.group not in ("layer", "block", "kind"):
            raise OptionError(f"group {self.group!r}: expected one of layer, block, kind")
        if self.words < 0:
            raise OptionError(f"words {self.words}: expected 0 or more")


@dataclass(frozen=True)
class Sensitivity:
    """What a group of layers loses.

    Attributes:
        pattern: matches the group's layers and no other.
        layers: how many.
        bytes_saved: on disk against fp32, scales apart.
        distance: of the graphs from the float32 ones.
        word_error_rate: against the float32 transcripts; None if not counted.
    """

    pattern: str
    layers: int
    bytes_saved: int
    distance: Distance
    word_error_rate: float | None = None


@dataclass(frozen=True)
class Scan:
    """All groups, most sensitive first, and all layers quantised together.

    Attributes:
        options: how it was made.
        whole: with every layer quantised.
        groups: see :class:`Sensitivity`.
    """

    options: ScanOptions
    whole: Sensitivity
    groups: list[Sensitivity]

    def exceptions(self, share: float, precision: str = "fp16") -> Exceptions:
        """Groups that together make ``share`` of the logits' noise, at few bytes.

        Noise of independent roundings adds up as powers do. The groups with most noise a byte
        come first; the output layer never, whose weights are most of a decoder.

        Args:
            share: 0 … 1.
            precision: that they get.

        Raises:
            OptionError: the share is out of range, the precision unknown, or the scan was one
                of all but each group.
        """
        if not 0 < share <= 1:
            raise OptionError(f"share {share}: expected a number above 0, up to 1")
        if self.options.all_but:
            raise OptionError("all_but: exceptions are written of a scan of each group alone")
        chosen = check_precision(precision)
        powers = {group.pattern: 10 ** (-group.distance.logits / 10) for group in self.groups}
        patterns: dict[str, Precision] = {}
        left = share * sum(powers.values())
        by_byte = sorted(self.groups, key=lambda g: powers[g.pattern] / g.bytes_saved, reverse=True)
        for group in by_byte:
            if left > 0 and not fnmatchcase(group.pattern, LOGITS):
                patterns[group.pattern] = chosen
                left -= powers[group.pattern]
        return Exceptions(patterns)


def scan(
    source: Path,
    audio: list[AudioSource],
    options: ScanOptions | None = None,
    report: Report = print,
) -> Scan:
    """Quantises one group of layers after the other and measures what changes.

    Nothing is left on disk.

    Args:
        source: float32 bundle.
        audio: recordings of speech; logits are compared over the first window of each, words
            over all of it.
        options: see :class:`ScanOptions`.
        report: called with a line for each group.

    Raises:
        AudioError: a recording can't be read or holds no speech.
        BundleError: ``source`` is not a float32 bundle, or is damaged.
        ConversionError: the quantiser failed.
        OptionError: an option is out of range.
    """
    options = options or ScanOptions()
    options.validate()
    manifest, layers = read_float_bundle(source, "transcribes")
    yardstick = measure(source, manifest, audio, report)
    with tempfile.TemporaryDirectory(prefix="sotto-scan-") as folder:
        scanner = _Scanner(source, Path(folder), manifest, layers, options, yardstick)
        whole = scanner.measure("*")
        found = []
        patterns = grouped([layer for of in layers.values() for layer in of], options.group)
        for number, pattern in enumerate(patterns, 1):
            found.append(scanner.measure(pattern))
            report(f"{number} of {len(patterns)}: {pattern}: {found[-1].distance.logits:.1f} dB")
        # What is quantised makes the noise; alone it should be little, all but it much less.
        found.sort(key=lambda group: group.distance.logits, reverse=options.all_but)
        if options.words:
            report(f"counting word errors of the first {options.words}")
            expected = _texts(source, audio)
            whole = replace(whole, word_error_rate=scanner.word_errors("*", audio, expected))
            for i, group in enumerate(found[: options.words]):
                rate = scanner.word_errors(group.pattern, audio, expected)
                found[i] = replace(group, word_error_rate=rate)
    return Scan(options, whole, found)


def grouped(layers: list[Layer], group: str) -> list[str]:
    """The patterns of all groups, in the order of their layers."""
    patterns = []
    for layer in layers:
        pattern = layer.name
        if group == "block":
            pattern = re.sub(r"(\.\d+)\..*", r"\1.*", layer.name)
        elif group == "kind":
            pattern = re.sub(r"\.\d+\..*", ".*", layer.name)
        if pattern not in patterns:
            patterns.append(pattern)
    return patterns


@dataclass(frozen=True)
class _Scanner:
    source: Path
    folder: Path
    manifest: Manifest
    layers: Layers
    options: ScanOptions
    yardstick: Yardstick

    def measure(self, pattern: str) -> Sensitivity:
        chosen = self._chosen(pattern)
        changed = self._quantize(chosen)
        distance = self.yardstick.distance(
            Graphs(self.folder, self.manifest, THREADS),
            encoder=ENCODER in changed,
            decoder=DECODER in changed,
        )
        group = [layer for layer in self._all() if fnmatchcase(layer.name, pattern)]
        saved = 32 - BITS[self.options.precision]
        size = sum(layer.size * saved // 8 for layer in group)
        return Sensitivity(pattern, len(group), size, distance)

    def word_errors(self, pattern: str, audio: list[AudioSource], expected: list[str]) -> float:
        self._quantize(self._chosen(pattern))
        bundle = self.folder / "bundle"
        bundle.mkdir(exist_ok=True)
        for file in (ENCODER, DECODER):
            written = self.folder / file
            (bundle / file).unlink(missing_ok=True)
            link_files(written.parent if written.exists() else self.source, bundle, [file])
        others = [name for name in self.manifest.files if name not in (ENCODER, DECODER)]
        link_files(self.source, bundle, [name for name in others if not (bundle / name).exists()])
        manifest = place_token_rows(self.source, bundle, self.manifest, lambda line: None)
        rows = manifest.need(bundle_components.Decoder).token_embedding.files
        write_manifest(bundle, manifest, {*others, *rows, ENCODER, DECODER})
        return word_error_rate(expected, _texts(bundle, audio))

    def _all(self) -> list[Layer]:
        return [layer for of_file in self.layers.values() for layer in of_file]

    def _chosen(self, pattern: str) -> dict[str, Precision]:
        """The layers that are quantised: a group's, or with ``all_but`` the others."""
        whole = pattern == "*"
        return {
            layer.name: self.options.precision  # type: ignore[misc]  # validated
            for layer in self._all()
            if whole or fnmatchcase(layer.name, pattern) != self.options.all_but
        }

    def _quantize(self, chosen: dict[str, Precision]) -> set[str]:
        """Writes the files that have such layers, and says which; the others are not there."""
        changed = set()
        for file, layers in self.layers.items():
            (self.folder / file).unlink(missing_ok=True)
            if any(layer.name in chosen for layer in layers):
                quantize(self.source / file, self.folder / file, layers, chosen)
                changed.add(file)
        return changed


def _texts(bundle: Path, audio: list[AudioSource]) -> list[str]:
    model = SpeechModel(bundle, verify=False)
    return [model.recognize(source, temperature=0.0).text for source in audio]
