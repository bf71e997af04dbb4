"""About how fast a model will be on a SoC: a range for each signature, and what would help."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from sotto.bundle import Manifest, Window, read_manifest
from sotto.errors import BundleError, OptionError
from sotto.export.tflite.graphs import Graph, read_graphs
from sotto.npu.advice import Advice, advice
from sotto.npu.published import efficiency_of
from sotto.npu.roofline import Range, Timing, timing
from sotto.npu.socs import Soc, find_soc
from sotto.npu.work import Work, count


@dataclass(frozen=True)
class SignatureEstimate:
    """One signature on one SoC.

    Attributes:
        file: the .tflite file's name.
        signature: its name.
        tokens: that one run reads; 0 of an encoder.
        work: what it takes.
        timing: how long.
        advice: what would help, most first.
    """

    file: str
    signature: str
    tokens: int
    work: Work
    timing: Timing
    advice: tuple[Advice, ...]

    @property
    def ms(self) -> Range:
        """Milliseconds of one run."""
        return self.timing.total


@dataclass(frozen=True)
class Estimate:
    """A model on a SoC.

    Attributes:
        soc: with the figures that were used.
        precision: the bundle's; empty for a single file.
        signatures: by name.
        windows: of a Whisper bundle, its windows by seconds.
    """

    soc: Soc
    precision: str
    signatures: dict[str, SignatureEstimate]
    windows: dict[int, Window]


@dataclass(frozen=True)
class Transcription:
    """What a recording takes on the NPU; the host's share (log-mel, sampling) is not in it.

    Attributes:
        window: seconds of the window that is taken.
        windows: how many of them.
        encoder: in all of them.
        prompt: the blocks that read a prompt.
        steps: the tokens.
        total: all three.
    """

    window: int
    windows: int
    encoder: Range
    prompt: Range
    steps: Range

    @property
    def total(self) -> Range:
        """All three."""
        return self.encoder + self.prompt + self.steps


def estimate(model: Path, soc: str) -> Estimate:
    """Estimates each signature of a bundle or a .tflite file.

    Args:
        model: of float32, which the NPU relaxes to fp16, or statically quantised.
        soc: such as ``mt6991``.

    Raises:
        BundleError: the bundle is damaged, or has no .tflite file.
        ModelError: a file is damaged, has dynamic sizes, or a precision for CPUs.
        OptionError: there are no figures of the SoC.
    """
    return estimates(model, [soc])[0]


def estimates(model: Path, socs: list[str]) -> list[Estimate]:
    """As :func:`estimate`, of several SoCs; the graphs are counted once."""
    found = [find_soc(name) for name in socs]
    manifest = read_manifest(model) if model.is_dir() else None
    counted = [
        _Counted(file.name, graph, count(graph))
        for file in _files(model, manifest)
        for graph in read_graphs(file)
    ]
    whisper = manifest if manifest is not None and manifest.whisper is not None else None
    windows = {window.seconds: window for window in (whisper.windows if whisper else ())}
    precision = manifest.precision if manifest else ""
    return [
        Estimate(
            soc,
            precision,
            {one.graph.signature: _estimated(one, soc, manifest) for one in counted},
            windows,
        )
        for soc in found
    ]


def transcription(found: Estimate, seconds: float, tokens: int, prompt: int = 0) -> Transcription:
    """What a recording takes: its windows' encoders, its prompt's blocks, a step a token.

    Args:
        found: of a Whisper bundle.
        seconds: of the recording; it takes the shortest window that holds it, or several of the
            longest.
        tokens: decoded, all windows together, those that start a window included.
        prompt: tokens read before each window.

    Raises:
        OptionError: a number is negative, or the model is no Whisper bundle.
    """
    if not found.windows:
        raise OptionError("only a Whisper bundle can be estimated for a recording")
    if not 0 < seconds < math.inf or tokens < 0 or prompt < 0:
        raise OptionError(
            f"seconds {seconds:g}, tokens {tokens}, prompt {prompt}: expected seconds above 0, "
            "tokens and prompt of at least 0"
        )
    window = min((s for s in found.windows if s >= seconds), default=max(found.windows))
    graphs = found.windows[window]
    windows = math.ceil(seconds / window)
    step = found.signatures[graphs.step.name].ms
    block = found.signatures.get(graphs.prefill.name) if graphs.prefill else None
    blocks = step * prompt
    if block is not None:
        blocks = block.ms * math.ceil(prompt / block.tokens)
    return Transcription(
        window,
        windows,
        found.signatures[graphs.encoder.name].ms * windows,
        blocks * windows,
        step * tokens,
    )


@dataclass(frozen=True)
class _Counted:
    file: str
    graph: Graph
    work: Work


def _files(model: Path, manifest: Manifest | None) -> list[Path]:
    """The .tflite files of a bundle, but those that are compiled for an NPU; or the one file."""
    if manifest is None:
        return [model]
    names = [name for name in manifest.files if name.endswith(".tflite") and "/" not in name]
    if not names:
        raise BundleError(f"{model} has no .tflite file; step 2 makes them")
    return [model / name for name in sorted(names)]


def _estimated(one: _Counted, soc: Soc, manifest: Manifest | None) -> SignatureEstimate:
    efficiency = efficiency_of(soc.key)
    found = timing(one.work, soc, efficiency)
    shapes = dict(zip(one.graph.input_names, (t.shape for t in one.graph.inputs), strict=False))
    hidden = shapes.get("hidden", ())
    return SignatureEstimate(
        one.file,
        one.graph.signature,
        hidden[1] if len(hidden) == 3 else 0,
        one.work,
        found,
        tuple(advice(one.work, shapes, manifest, soc, efficiency)),
    )
