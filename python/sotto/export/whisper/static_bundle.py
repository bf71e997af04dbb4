"""A Whisper's float32 bundle, statically quantised: ranges of speech and what is heard in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sotto.bundle import Manifest
from sotto.errors import ConversionError
from sotto.export.quantize.float_bundle import Does
from sotto.export.quantize.precision import Exceptions
from sotto.export.quantize.ranges import Range
from sotto.export.quantize.recipes import Recipe
from sotto.export.quantize.static_bundle import recipe_of, write_static_bundle
from sotto.export.recording import name_of
from sotto.export.whisper.calibration import calibrate
from sotto.export.whisper.passages import Distance, Graphs, Yardstick
from sotto.export.whisper.requantize import THREADS, measure, place_token_rows
from sotto.preprocess import AudioSource

Report = Callable[[str], None]

MIN_DECIBEL = 8.0
"""Of the encoder's signal to noise and the logits'. What is below it is noise in the transcripts
too: int8 throughout has less than 0, recipes that hear the right words more than 12."""


def quantize_for_npu(
    source: Path,
    out: Path,
    audio: list[AudioSource],
    recipe: Recipe,
    report: Report = print,
    *,
    exceptions: Exceptions | None = None,
    ranges: Mapping[str, Range] | None = None,
    min_decibel: float = MIN_DECIBEL,
) -> Distance:
    """Quantises the graphs of the float32 bundle ``source`` statically into the bundle ``out``.

    Arguments, result and errors are those of :func:`write_static_bundle`, and:

    Args:
        audio: recordings of speech, to calibrate and to compare over.
        ranges: of a calibration that was made before.
        min_decibel: signal to noise that the encoder and the logits must have.
    """
    family = _Whisper(audio, ranges, min_decibel)
    return write_static_bundle(source, out, family, recipe, report, exceptions)


@dataclass(frozen=True)
class _Whisper:
    audio: list[AudioSource]
    known: Mapping[str, Range] | None
    min_decibel: float
    does: Does = "transcribes"

    @property
    def calibrated_on(self) -> list[str]:
        return [name_of(source) for source in self.audio]

    def ranges(self, source: Path, manifest: Manifest, report: Report) -> Mapping[str, Range]:
        if self.known is not None:
            return self.known
        return calibrate(source, manifest, self.audio, report)

    def comparison(self, source: Path, manifest: Manifest, report: Report) -> _Comparison:
        yardstick = measure(source, manifest, self.audio, report)
        return _Comparison(source, yardstick, self.min_decibel)

    def place_tables(
        self, source: Path, directory: Path, manifest: Manifest, report: Report
    ) -> Manifest:
        return place_token_rows(source, directory, manifest, report)


@dataclass(frozen=True)
class _Comparison:
    source: Path
    yardstick: Yardstick
    min_decibel: float

    def distance(self, directory: Path, manifest: Manifest) -> Distance:
        found = self.yardstick.distance(Graphs(directory, manifest, THREADS))
        # Not <: a NaN must not pass.
        if not (found.encoder >= self.min_decibel and found.logits >= self.min_decibel):
            raise ConversionError(
                f"by the recipe {recipe_of(manifest)} the graphs are too far from {self.source}: "
                f"{found}; expected {self.min_decibel:g} dB at least"
            )
        return found
