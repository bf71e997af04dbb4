"""A bundle's transcripts in the NPU's arithmetic, beside those of float32 on the CPU.

The graphs are the plugin's: legalised by it, recorded and computed by ``cpp/neuron_host``.
Decoding is plain, the same for both, so that a difference is one of arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from sotto._runtime import usable_cpus
from sotto.asr import SpeechModel
from sotto.bundle import Manifest, Window, read_manifest
from sotto.errors import BundleError, OptionError
from sotto.export.difference import decibel
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.host_loop import HostLoop, Tensors
from sotto.npu.recorded import LayerNoise, layer_noise, layers_in, record
from sotto.preprocess import SAMPLE_RATE, AudioSource, read_audio


@dataclass(frozen=True)
class Simulated:
    """One recording, heard twice.

    Attributes:
        expected: what the CPU hears in float32.
        heard: what the NPU's arithmetic hears.
        language: code of what is spoken.
        tokens: how many the CPU's transcript has.
        first_difference: place of the first token that is another; None if all are the same.
        encoder: signal to noise of the cross-attention keys and values, dB.
        largest: difference of any of them.
    """

    expected: str
    heard: str
    language: str
    tokens: int
    first_difference: int | None
    encoder: float
    largest: float


class Simulator:
    """The graphs of a bundle, as the plugin legalises them for a SoC.

    Args:
        bundle: of fp32, or one that is statically quantised.
        arithmetic: that of the NPU.
        soc: such as ``mt6991``.
        window: seconds, one of the bundle's; 0 is the longest.
        against: bundle of fp32 that the CPU runs; ``bundle`` itself unless it is quantised.

    Raises:
        BundleError: a bundle is damaged, or not of fp32 where it must be.
        DeviceError: the plugin or Sotto's library for it is not there.
        ModelError: the plugin refuses a graph, or it has an operation that is not computed.
        OptionError: a bundle has no such window.
    """

    def __init__(
        self,
        bundle: Path,
        arithmetic: Arithmetic,
        soc: str = "mt6991",
        window: int = 0,
        against: Path | None = None,
    ) -> None:
        self.bundle, self.manifest = bundle, _manifest(bundle)
        self.reference = against or bundle
        self._exact_manifest = reference = _manifest(self.reference)
        if reference.precision != "fp32":
            raise BundleError(
                f"{self.reference} is not a whisper bundle of fp32: name one to compare with, "
                "--against DIR; sotto convert NAME --precision fp32 makes it"
            )
        self.window = _window(bundle, self.manifest, window)
        self._exact_window = _window(self.reference, reference, self.window.seconds)
        self.arithmetic, self._soc = arithmetic, soc
        self._graphs = {
            graph.name: record(bundle, graph, soc, arithmetic)
            for graph in (self.window.encoder, self.window.step)
        }
        self._cpu = _interpreters(self.reference, self._exact_window)
        self._npu_loop = HostLoop(bundle, self.manifest, self.window, self.run)
        self._cpu_loop = HostLoop(self.reference, reference, self._exact_window, self.run_on_cpu)

    @property
    def multilingual(self) -> bool:
        """Whether the model knows other languages than English."""
        return self.manifest.whisper is not None and self.manifest.whisper.multilingual

    def windows(self, audio: AudioSource) -> Iterator[np.ndarray]:
        """Log-mel ``[1, n_mels, frames]`` of one window of a recording after another."""
        return self._npu_loop.windows(audio)

    def run(self, signature: str, inputs: Tensors) -> Tensors:
        """Runs a signature in the NPU's arithmetic."""
        return self._graphs[signature].run(inputs)

    def run_on_cpu(self, signature: str, inputs: Tensors) -> Tensors:
        """Runs a signature of :attr:`reference` by LiteRT's kernels."""
        found = self._cpu[signature](**inputs)
        return {name: np.array(value) for name, value in found.items()}

    def layers(self, log_mel: np.ndarray) -> list[LayerNoise]:
        """Each encoder layer's noise, in the order of the graph, each arithmetic going its way."""
        signature, exactly_as = self.window.encoder, self._exact_window.encoder
        exact = Arithmetic("fp32", gelu=self.arithmetic.gelu)
        precise = record(self.reference, exactly_as, self._soc, exact)
        return layer_noise(
            (self._graphs[signature.name], layers_in(self.manifest, signature)),
            (precise, layers_in(self._exact_manifest, exactly_as)),
            [log_mel],
        )

    def hear(
        self, model: SpeechModel, audio: AudioSource, language: str | None = None
    ) -> Simulated:
        """Transcribes a recording on the CPU and in the NPU's arithmetic.

        Args:
            model: of :attr:`reference`; tells the language where it is not given.
            audio: a path, samples or another source that ``sotto.preprocess`` reads.
            language: code of what is spoken.

        Raises:
            AudioError: it can't be read, or is empty.
            OptionError: the model has no such language.
        """
        language = self._language(model, audio, language)
        expected, heard, worst, largest = [], [], np.inf, 0.0
        for log_mel in self.windows(audio):
            cpu = self._cpu_loop.encode(log_mel)
            npu = self._npu_loop.encode(log_mel)
            worst = min(worst, decibel([(npu[name], cpu[name]) for name in cpu]))
            largest = max(largest, *(float(np.abs(npu[n] - cpu[n]).max()) for n in cpu))
            expected += self._cpu_loop.decode(cpu, language)
            heard += self._npu_loop.decode(npu, language)
        return Simulated(
            self._cpu_loop.text(expected),
            self._npu_loop.text(heard),
            language,
            len(expected),
            _first_difference(expected, heard),
            worst,
            largest,
        )

    def _language(self, model: SpeechModel, audio: AudioSource, given: str | None) -> str:
        if not self.multilingual:
            return "en"
        if given is not None:
            if self.manifest.whisper is not None and given not in self.manifest.whisper.languages:
                raise OptionError(f"{audio!s}: the model has no language {given!r}")
            return given
        seconds = 30 * SAMPLE_RATE
        return model.recognize(read_audio(audio)[:seconds], temperature=0.0).language


def _manifest(bundle: Path) -> Manifest:
    manifest = read_manifest(bundle)
    if manifest.whisper is None:
        raise BundleError(f"{bundle} is not a whisper bundle")
    return manifest


def _window(bundle: Path, manifest: Manifest, seconds: int) -> Window:
    windows = {window.seconds: window for window in manifest.windows}
    if seconds and seconds not in windows:
        raise OptionError(f"window {seconds}: {bundle} has {', '.join(map(str, windows))}")
    return windows[seconds or max(windows)]


def _interpreters(bundle: Path, window: Window) -> dict[str, Any]:
    """LiteRT's kernels, by signature."""
    return {
        graph.name: Interpreter(
            str(bundle / graph.file), num_threads=usable_cpus()
        ).get_signature_runner(graph.name)
        for graph in (window.encoder, window.step)
    }


def _first_difference(expected: list[int], heard: list[int]) -> int | None:
    if expected == heard:
        return None
    pairs = zip(expected, heard, strict=False)
    shared = min(len(expected), len(heard))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), shared)
