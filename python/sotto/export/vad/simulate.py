"""A detector's decisions in the NPU's arithmetic, beside those of float32 on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sotto.bundle import VoiceActivity
from sotto.export.difference import decibel
from sotto.export.recording import name_of
from sotto.export.vad.probabilities import (
    Disagreement,
    Floats,
    disagreement,
    lay_out,
    run_detector,
)
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.recorded import LayerNoise
from sotto.npu.two_ways import Tensors, TwoWays, sides
from sotto.preprocess import AudioSource, read_audio

LAYERS_AT = 100
"""Chunks into a recording, some 3 s, at which the layers' noise is taken."""


@dataclass(frozen=True)
class SimulatedDetector:
    """One recording, heard twice.

    Attributes:
        recording: its file's name.
        decisions: how far they are apart.
        decibel: signal to noise of the probabilities.
        layers: each layer's noise over a chunk of it, if that was asked for.
    """

    recording: str
    decisions: Disagreement
    decibel: float
    layers: list[LayerNoise] = field(default_factory=list)


def simulate_detector(
    bundle: Path,
    audio: Sequence[AudioSource],
    arithmetic: Arithmetic,
    soc: str = "mt6991",
    against: Path | None = None,
    *,
    layers: bool = False,
) -> list[SimulatedDetector]:
    """Runs a detector over recordings, each side with the states that its own arithmetic gives.

    Args:
        bundle: of fp32, or one that is statically quantised.
        audio: recordings, whole.
        arithmetic: that of the NPU.
        soc: such as ``mt6991``.
        against: bundle of fp32 that the CPU runs; ``bundle`` itself unless it is quantised.
        layers: whether each layer's noise is told, of the first recording.

    Raises:
        AudioError: a recording can't be read, or is empty.
        BundleError: a bundle is damaged, finds no speech, or is not of fp32 where it must be.
        DeviceError: the plugin or Sotto's library for it is not there.
        ModelError: the plugin refuses the graph, or it has an operation that is not computed.
    """
    npu, cpu = sides(bundle, against)
    vad = npu.manifest.need(VoiceActivity)
    (graph,) = vad.graphs
    both = TwoWays(npu, cpu, graph, arithmetic, soc)
    found: list[SimulatedDetector] = []
    for recording in audio:
        samples = read_audio(recording)
        chunks = lay_out(samples, vad)
        heard, expected = (run_detector(run, graph, chunks) for run in (both.npu, both.cpu))
        noise: list[LayerNoise] = []
        if layers and not found:
            noise = both.layers(_inputs_in_use(both, chunks))
        found.append(
            SimulatedDetector(
                name_of(recording),
                disagreement([heard], [expected], [len(samples)]),
                decibel([(heard, expected)]),
                noise,
            )
        )
    return found


def _inputs_in_use(both: TwoWays, chunks: Floats) -> Tensors:
    """A chunk with the states that float32 has by then."""
    seen: Tensors = {}

    def run(inputs: Tensors) -> Tensors:
        seen.update(inputs)
        return both.cpu(inputs)

    run_detector(run, both.graph, chunks[: LAYERS_AT + 1])
    return seen
