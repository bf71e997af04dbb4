"""A float bundle's transcripts in the NPU's arithmetic, beside the CPU's.

The graphs are the plugin's: legalised by it, recorded by ``cpp/neuron_host``, computed by
:mod:`sotto.npu.arithmetic`. Decoding is plain (greedy, without timestamps, windows of the longest
kind back to back), the same for both, so that a difference is one of arithmetic.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from sotto._runtime import EmbeddingTable, LogMel, Tokenizer
from sotto.asr import SpeechModel
from sotto.bundle import Manifest, read_manifest
from sotto.errors import BundleError, DeviceError, OptionError
from sotto.export.passages import decibel, write_position
from sotto.npu.arithmetic import Arithmetic, Executor
from sotto.npu.network import read_network
from sotto.npu.plugin import own_adapter, partition
from sotto.npu.tflite_graph import Graph, read_graphs
from sotto.preprocess import SAMPLE_RATE, AudioSource, read_audio

Tensors = dict[str, np.ndarray]
Run = Callable[[str, Tensors], Tensors]
"""A signature and its inputs by name, to its outputs by name."""

FILES = {"encoder": "encoder.tflite", "decoder": "decoder.tflite"}


@dataclass(frozen=True)
class LayerNoise:
    """How far a layer's output in the NPU's arithmetic is from float32's.

    Attributes:
        graph: the signature.
        layer: by the manifest's name.
        decibel: signal to noise; infinite if equal.
        largest: absolute value of float32's output: fp16 holds 65504.
    """

    graph: str
    layer: str
    decibel: float
    largest: float


@dataclass(frozen=True)
class Simulated:
    """One recording, heard twice.

    Attributes:
        expected: what the CPU hears in float32.
        heard: what the NPU's arithmetic hears.
        tokens: how many the CPU's transcript has.
        first_difference: place of the first token that is another; None if all are the same.
        encoder: signal to noise of the cross-attention keys and values, dB.
        largest: difference of any of them.
    """

    expected: str
    heard: str
    tokens: int
    first_difference: int | None
    encoder: float
    largest: float


class Simulator:
    """The graphs of a float32 bundle, as the plugin legalises them for a SoC.

    Args:
        bundle: of fp32, as step 2 writes it.
        arithmetic: that of the NPU.
        soc: such as ``mt6991``.
        window: seconds, one of the bundle's; 0 is the longest.

    Raises:
        BundleError: the bundle is damaged, or not of fp32.
        DeviceError: the plugin or Sotto's library for it is not there.
        ModelError: the plugin refuses a graph, or it has an operation that is not simulated.
        OptionError: the bundle has no such window.
    """

    def __init__(
        self, bundle: Path, arithmetic: Arithmetic, soc: str = "mt6991", window: int = 0
    ) -> None:
        self.bundle, self.manifest = bundle, read_manifest(bundle)
        if self.manifest.get("kind") != "whisper" or self.manifest["precision"] != "fp32":
            raise BundleError(
                f"{bundle} is not a whisper bundle of fp32; make one: python "
                "convert/step2_torchscript_to_tflite.py DIR --precision fp32"
            )
        windows = {entry["seconds"]: entry for entry in self.manifest["windows"]}
        if window and window not in windows:
            raise OptionError(f"window {window}: {bundle} has {', '.join(map(str, windows))}")
        self.window: dict[str, Any] = windows[window or max(windows)]
        self.arithmetic = arithmetic
        self._graphs: dict[str, tuple[Graph, Executor]] = {}
        for role in FILES:
            self._record(role, soc)
        self._listener = _Listener(self)

    def windows(self, audio: AudioSource) -> Iterator[np.ndarray]:
        """Log-mel ``[1, n_mels, frames]`` of one window of a recording after another."""
        return self._listener.windows(audio)

    def _record(self, role: str, soc: str) -> None:
        file, signature = self.bundle / FILES[role], self.window[role]
        graph = next(g for g in read_graphs(file) if g.signature == signature)
        adapter = own_adapter()
        if adapter is None:
            raise DeviceError("this build of Sotto has no library to record graphs with")
        with tempfile.TemporaryDirectory(prefix="sotto-npu-") as folder:
            networks = Path(folder)
            partition(file, soc, adapter, networks=networks, subgraphs=[graph.index])
            (recorded,) = networks.iterdir()
            self._graphs[signature] = graph, Executor(read_network(recorded), self.arithmetic)

    def run(
        self,
        signature: str,
        inputs: Tensors,
    ) -> Tensors:
        """Runs a signature in the NPU's arithmetic."""
        graph, executor = self._graphs[signature]
        given = [inputs[name] for name in graph.input_names]
        found = executor.run(given)
        return dict(zip(graph.output_names, found, strict=True))

    def layers(self, log_mel: np.ndarray) -> list[LayerNoise]:
        """Each encoder layer's noise, in the order of the graph, each arithmetic going its way."""
        signature = self.window["encoder"]
        graph, executor = self._graphs[signature]
        exact = Executor(executor.network, Arithmetic("fp32", gelu=self.arithmetic.gelu))
        entries = self.manifest["layers"][FILES["encoder"]]
        layer_of = {name: layer for layer, e in entries.items() for name in e["outputs"]}
        places = {
            place: layer_of[operation.outputs[0].name]
            for place, operation in enumerate(graph.operations)
            if operation.outputs[0].name in layer_of
        }
        expected: dict[int, np.ndarray] = {}
        found: list[LayerNoise] = []

        def remember(place: int, values: Any) -> None:
            if place in places:
                expected[place] = values[0]

        def compare(place: int, values: Any) -> None:
            if place in places:
                exactly = expected.pop(place)
                largest = float(np.abs(exactly).max())
                noise = decibel([(values[0], exactly)])
                found.append(LayerNoise(signature, places[place], noise, largest))

        exact.run([log_mel], remember)
        executor.run([log_mel], compare)
        return found

    def hear(self, model: SpeechModel, audio: AudioSource) -> Simulated:
        """Transcribes a recording on the CPU and in the NPU's arithmetic.

        Args:
            model: of the same bundle; tells the language.
            audio: a path, samples or another source that ``sotto.preprocess`` reads.
        """
        language = self._language(model, audio)
        listener = self._listener
        expected, heard, worst, largest = [], [], np.inf, 0.0
        for log_mel in listener.windows(audio):
            cpu = listener.encode(listener.cpu, log_mel)
            npu = listener.encode(self.run, log_mel)
            worst = min(worst, decibel([(npu[name], cpu[name]) for name in cpu]))
            largest = max(largest, *(float(np.abs(npu[n] - cpu[n]).max()) for n in cpu))
            expected += listener.decode(listener.cpu, cpu, language)
            heard += listener.decode(self.run, npu, language)
        return Simulated(
            listener.text(expected),
            listener.text(heard),
            len(expected),
            _first_difference(expected, heard),
            worst,
            largest,
        )

    def _language(self, model: SpeechModel, audio: AudioSource) -> str:
        if not self.manifest["multilingual"]:
            return "en"
        seconds = 30 * SAMPLE_RATE
        return model.recognize(read_audio(audio)[:seconds], temperature=0.0).language


class _Listener:
    """What the host does around the graphs, alike for both arithmetics."""

    def __init__(self, simulator: Simulator) -> None:
        self._bundle, self._manifest = simulator.bundle, simulator.manifest
        self._window, self._arithmetic = simulator.window, simulator.arithmetic
        self._log_mel = LogMel(np.load(self._bundle / "mel_filters.npy"))
        names = {self._window[role]: file for role, file in FILES.items()}
        self._runners = {
            signature: Interpreter(str(self._bundle / file), num_threads=2).get_signature_runner(
                signature
            )
            for signature, file in names.items()
        }
        self._tokens = self._manifest["tokens"]
        self._rows = _rows(self._bundle, self._manifest)
        self._positions = np.load(self._bundle / "positional_embedding.npy", mmap_mode="r")
        n_text = self._tokens["eot"]
        self._tokenizer = Tokenizer(self._bundle / "tokenizer.tiktoken", n_text)

    def cpu(self, signature: str, inputs: Tensors) -> Tensors:
        """LiteRT's kernels."""
        found = self._runners[signature](**inputs)
        return {name: np.array(value) for name, value in found.items()}

    def windows(self, audio: AudioSource) -> Iterator[np.ndarray]:
        """Log-mel ``[1, n_mels, frames]`` of one window after another."""
        samples = read_audio(audio)
        size = self._window["seconds"] * SAMPLE_RATE
        for start in range(0, len(samples), size):
            part = samples[start : start + size]
            frames = self._log_mel.compute(part, self._window["frames"])
            yield np.asarray(frames, np.float32)[None]

    def encode(self, run: Run, log_mel: np.ndarray) -> Tensors:
        """Cross-attention keys and values by name."""
        return run(self._window["encoder"], {"log_mel": log_mel})

    def decode(self, run: Run, cross: Tensors, language: str) -> list[int]:
        """Greedy tokens of text, without timestamps."""
        name, tokens = self._window["decoder"], self._tokens
        specs = self._manifest["signatures"][name]["inputs"]
        shapes = {spec["name"]: tuple(spec["shape"]) for spec in specs}
        caches = {n: np.zeros(s, np.float32) for n, s in shapes.items() if n.startswith("self_")}
        mask = np.full(shapes["mask"], self._manifest["masked"], np.float32)
        mask[..., -1] = 0  # the position itself
        prompt = [tokens["sot"]]
        if self._manifest["multilingual"]:
            prompt += [tokens["languages"][language], tokens["transcribe"]]
        prompt.append(tokens["no_timestamps"])
        suppressed = [*tokens["suppress"], *self._specials()]
        text: list[int] = []
        for position in range(self._manifest["cache"] // 2 + len(prompt)):
            token = prompt[position] if position < len(prompt) else text[-1]
            hidden = (self._rows(token) + self._positions[position]).reshape(shapes["hidden"])
            outputs = run(name, {"hidden": hidden, "mask": mask, **caches, **cross})
            for key, cache in caches.items():
                write_position(cache, outputs[f"new_{key.removeprefix('self_')}"], position)
            mask[..., position] = 0
            if position < len(prompt) - 1:
                continue
            logits = outputs["logits"].reshape(-1).copy()
            logits[suppressed] = -np.inf
            if not text:
                logits[tokens["suppress_at_begin"]] = -np.inf
            best = int(logits.argmax())
            if best == tokens["eot"]:
                break
            text.append(best)
        return text

    def _specials(self) -> list[int]:
        """All that is no text but the end."""
        return list(range(self._tokens["eot"] + 1, self._manifest["dims"]["n_vocab"]))

    def text(self, tokens: list[int]) -> str:
        """What tokens spell."""
        return self._tokenizer.decode(tokens).strip()


def _rows(bundle: Path, manifest: Manifest) -> Callable[[int], np.ndarray]:
    entry, dims = manifest["token_embedding"], manifest["dims"]
    shape = (dims["n_vocab"], dims["n_text_state"])
    if "offset" in entry:  # the output layer's weights
        table = np.memmap(bundle / entry["file"], "<f4", "r", entry["offset"], shape)
        return lambda token: np.asarray(table[token])
    scales = bundle / entry["scales"] if "scales" in entry else None
    rows = EmbeddingTable(bundle / entry["file"], scales, *shape)
    return rows.row


def _first_difference(expected: list[int], heard: list[int]) -> int | None:
    if expected == heard:
        return None
    pairs = zip(expected, heard, strict=False)
    shared = min(len(expected), len(heard))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), shared)
