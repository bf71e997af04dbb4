"""A detector's float32 bundle, statically quantised: ranges of speech, an LSTM's states among them.

The graph runs over whole recordings, each from a state of zeros on, so that its states have the
ranges that they have in use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from sotto.bundle import Manifest, VoiceActivity
from sotto.errors import ConversionError
from sotto.export.quantize.float_bundle import Does
from sotto.export.quantize.precision import Exceptions
from sotto.export.quantize.ranges import Range, Ranges
from sotto.export.quantize.recipes import Recipe
from sotto.export.quantize.static_bundle import recipe_of, write_static_bundle
from sotto.export.recording import name_of
from sotto.export.vad.probabilities import (
    Disagreement,
    Floats,
    disagreement,
    lay_out,
    run_detector,
)
from sotto.preprocess import AudioSource, read_audio

MAX_CHANGED = 0.02
"""Share of decisions, speech or not, that may be others than float32's. int16 changes 0.5 % of them
over recordings that it was not calibrated on, int8 1 %, int8 throughout 3.6 %."""

Report = Callable[[str], None]


def quantize_vad_for_npu(
    source: Path,
    out: Path,
    audio: list[AudioSource],
    recipe: Recipe,
    report: Report = print,
    *,
    exceptions: Exceptions | None = None,
    max_changed: float = MAX_CHANGED,
) -> Disagreement:
    """Quantises the graph of the float32 bundle ``source`` statically into the bundle ``out``.

    Arguments and errors are those of :func:`write_static_bundle`, and:

    Args:
        audio: recordings of speech, to calibrate and to compare over.
        max_changed: share of decisions that may be others than ``source``'s.

    Returns:
        How far the new graph's decisions are from ``source``'s.
    """
    family = _Detector(audio, max_changed)
    return write_static_bundle(source, out, family, recipe, report, exceptions)


@dataclass(frozen=True)
class _Detector:
    audio: list[AudioSource]
    max_changed: float
    does: Does = "finds speech"

    @property
    def calibrated_on(self) -> list[str]:
        return [name_of(source) for source in self.audio]

    def ranges(self, source: Path, manifest: Manifest, report: Report) -> Mapping[str, Range]:
        vad = manifest.need(VoiceActivity)
        (graph,) = vad.graphs
        ranges = Ranges([source / graph.file])
        interpreter = Interpreter(
            str(source / graph.file), num_threads=1, experimental_preserve_all_tensors=True
        )
        runner = interpreter.get_signature_runner(graph.name)

        def run(inputs: dict[str, Floats]) -> dict[str, Floats]:
            found: dict[str, Floats] = runner(**inputs)
            ranges.add(interpreter, graph.name)
            return found

        for recording in self.audio:
            run_detector(run, graph, lay_out(read_audio(recording), vad))
            report(f"calibrated {graph.name} over {name_of(recording)}")
        return ranges.found

    def comparison(self, source: Path, manifest: Manifest, report: Report) -> _Comparison:
        recordings = [read_audio(recording) for recording in self.audio]
        expected = _probabilities(source, manifest.need(VoiceActivity), recordings)
        return _Comparison(source, recordings, expected, self.max_changed)

    def place_tables(
        self, source: Path, directory: Path, manifest: Manifest, report: Report
    ) -> Manifest:
        return manifest


@dataclass(frozen=True)
class _Comparison:
    source: Path
    recordings: list[Floats]
    expected: list[Floats]
    max_changed: float

    def distance(self, directory: Path, manifest: Manifest) -> Disagreement:
        found = _probabilities(directory, manifest.need(VoiceActivity), self.recordings)
        lengths = [len(samples) for samples in self.recordings]
        result = disagreement(found, self.expected, lengths)
        # Not >: a NaN must not pass.
        if not (result.share <= self.max_changed and np.isfinite(result.largest)):
            raise ConversionError(
                f"by the recipe {recipe_of(manifest)} the detector is too far from {self.source}: "
                f"{result}; expected {self.max_changed:.0%} at most"
            )
        return result


def _probabilities(directory: Path, vad: VoiceActivity, recordings: list[Floats]) -> list[Floats]:
    (graph,) = vad.graphs
    runner = Interpreter(str(directory / graph.file), num_threads=1).get_signature_runner(
        graph.name
    )
    return [
        run_detector(lambda inputs: dict(runner(**inputs)), graph, lay_out(samples, vad))
        for samples in recordings
    ]
