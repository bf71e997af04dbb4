"""A bundle's transcripts in the NPU's arithmetic, beside those of float32 on the CPU.

The graphs are the plugin's: legalised by it, recorded and computed by ``cpp/neuron_host``.
The runtime decodes over them, greedily, the same for both: a difference is one of arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sotto._runtime import LogMel, Tokenizer, WindowDecoder
from sotto.asr import SpeechModel
from sotto.bundle import Decoder, Manifest, SpeechEncoder, Window
from sotto.errors import OptionError
from sotto.export.difference import decibel
from sotto.npu.arithmetic import Arithmetic
from sotto.npu.recorded import LayerNoise
from sotto.npu.two_ways import Tensors, TwoWays, sides
from sotto.preprocess import SAMPLE_RATE, AudioSource, read_audio

Run = Callable[[str, Tensors], Tensors]
"""A signature and its inputs by name, to its outputs by name."""


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

    Attributes:
        run: computes a signature in the NPU's arithmetic.
        run_on_cpu: computes a signature of :attr:`reference` by LiteRT's kernels.

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
        npu, cpu = sides(bundle, against)
        self.bundle, self.manifest, self.reference = bundle, npu.manifest, cpu.directory
        self.window = _window(bundle, self.manifest, window)
        graphs = {
            graph.name: TwoWays(npu, cpu, graph, arithmetic, soc)
            for graph in (self.window.encoder, self.window.step)
        }
        self._graphs = graphs
        # No methods: a listener's decoder would hold what holds it.
        self.run: Run = lambda signature, inputs: graphs[signature].npu(inputs)
        self.run_on_cpu: Run = lambda signature, inputs: graphs[signature].cpu(inputs)
        self._on_npu = _Listener(bundle, self.window, self.run)
        self._on_cpu = _Listener(self.reference, self.window, self.run_on_cpu)

    @property
    def multilingual(self) -> bool:
        """Whether the model knows other languages than English."""
        return self.manifest.whisper is not None and self.manifest.whisper.multilingual

    def windows(self, audio: AudioSource) -> Iterator[np.ndarray]:
        """Log-mel ``[1, n_mels, frames]`` of one window of a recording after another."""
        filters = np.load(self.bundle / self.manifest.need(SpeechEncoder).mel_filters)
        log_mel, samples = LogMel(filters), read_audio(audio)
        size = self.window.seconds * SAMPLE_RATE
        for start in range(0, len(samples), size):
            yield log_mel.compute(samples[start : start + size], self.window.frames)[None]

    def layers(self, log_mel: np.ndarray) -> list[LayerNoise]:
        """Each encoder layer's noise, in the order of the graph, each arithmetic going its way."""
        return self._graphs[self.window.encoder.name].layers({"log_mel": log_mel})

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
        expected: list[int] = []
        heard: list[int] = []
        worst, largest = np.inf, 0.0
        for log_mel in self.windows(audio):
            expected += self._on_cpu.hear(log_mel, language)
            heard += self._on_npu.hear(log_mel, language)
            cpu, npu = self._on_cpu.cross, self._on_npu.cross
            worst = min(worst, decibel([(npu[name], cpu[name]) for name in cpu]))
            largest = max(largest, *(float(np.abs(npu[n] - cpu[n]).max()) for n in cpu))
        return Simulated(
            self._text(expected),
            self._text(heard),
            language,
            len(expected),
            _first_difference(expected, heard),
            worst,
            largest,
        )

    def _text(self, tokens: list[int]) -> str:
        assert self.manifest.whisper is not None
        file = self.bundle / self.manifest.need(Decoder).tokenizer
        return Tokenizer(file, self.manifest.whisper.tokens.eot).decode(tokens).strip()

    def _language(self, model: SpeechModel, audio: AudioSource, given: str | None) -> str:
        if not self.multilingual:
            return "en"
        if given is not None:
            if self.manifest.whisper is not None and given not in self.manifest.whisper.languages:
                raise OptionError(f"{audio!s}: the model has no language {given!r}")
            return given
        seconds = 30 * SAMPLE_RATE
        return model.recognize(read_audio(audio)[:seconds], temperature=0.0).language


class _Listener:
    """The runtime, decoding window after window over graphs that a function computes.

    Attributes:
        cross: the cross-attention keys and values of the window heard last, by name.
    """

    def __init__(self, bundle: Path, window: Window, run: Run) -> None:
        cross: Tensors = {}

        # No method: the decoder would hold what holds it, hidden from Python's collector.
        def computed(signature: str, inputs: Tensors) -> Tensors:
            outputs = run(signature, inputs)
            if signature == window.encoder.name:
                cross.update(outputs)
            return outputs

        self.cross = cross
        self._decoder = WindowDecoder(bundle, run=computed)

    def hear(self, log_mel: np.ndarray, language: str) -> list[int]:
        """Tokens of the text in a window ``[1, n_mels, frames]``."""
        self._decoder.encode(log_mel[0])
        decoded = self._decoder.decode(language=language, without_timestamps=True)
        tokens: list[int] = decoded["tokens"]
        return tokens


def _window(bundle: Path, manifest: Manifest, seconds: int) -> Window:
    windows = {window.seconds: window for window in manifest.windows}
    if seconds and seconds not in windows:
        raise OptionError(f"window {seconds}: {bundle} has {', '.join(map(str, windows))}")
    return windows[seconds or max(windows)]


def _first_difference(expected: list[int], heard: list[int]) -> int | None:
    if expected == heard:
        return None
    pairs = zip(expected, heard, strict=False)
    shared = min(len(expected), len(heard))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), shared)
