"""What a bundle's graphs compute of known speech and text: how far a quantised file is off.

Text is given to the decoder, not decoded (teacher forcing), so that one wrong token does not
hide what comes after it. Runs on numpy and LiteRT's interpreter alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from sotto._runtime import EmbeddingTable, LogMel
from sotto.asr import SpeechModel
from sotto.bundle import Decoder, Manifest, Signature, SpeechEncoder, Window
from sotto.errors import AudioError
from sotto.export.difference import decibel
from sotto.export.whisper.text_run import Tensors, run_text
from sotto.preprocess import SAMPLE_RATE, AudioSource, read_audio

Floats = NDArray[np.float32]
Watch = Callable[[Interpreter, str], None]

ENCODER, DECODER = "encoder.tflite", "decoder.tflite"


@dataclass(frozen=True)
class Passage:
    """One window of speech and what is said in it.

    Attributes:
        window: the one that it fills.
        log_mel: ``[1, n_mels, frames]``.
        hidden: ``[n, width]``: token rows plus position rows of the text.
    """

    window: Window
    log_mel: Floats
    hidden: Floats


def read_passages(
    bundle: Path, manifest: Manifest, model: SpeechModel, audio: list[AudioSource]
) -> list[Passage]:
    """The first window of each recording, and what the model hears in it.

    Raises:
        AudioError: a recording can't be read, or the model hears nothing in it.
    """
    log_mel = LogMel(np.load(bundle / manifest.need(SpeechEncoder).mel_filters))
    return [_passage(bundle, manifest, model, log_mel, source) for source in audio]


def _passage(
    bundle: Path, manifest: Manifest, model: SpeechModel, log_mel: LogMel, source: AudioSource
) -> Passage:
    windows = manifest.windows
    samples = read_audio(source)[: windows[-1].seconds * SAMPLE_RATE]
    # The shortest that leaves a second: cut too near its end, speech goes on.
    fitting = [w for w in windows if len(samples) <= (w.seconds - 1) * SAMPLE_RATE]
    window = min(fitting, key=lambda w: w.seconds, default=windows[-1])
    language, text = hear(model, window, samples)
    if not text:
        raise AudioError(f"{source!s}: the model hears no speech; pass --audio with some")
    return make_passage(bundle, manifest, log_mel, window, samples, language, text)


def hear(model: SpeechModel, window: Window, samples: NDArray[np.float32]) -> tuple[str, list[int]]:
    """The language and the tokens that a model hears in one window of samples."""
    heard = model.recognize(samples, window=window.seconds, temperature=0.0)
    first = [segment for segment in heard.segments if segment.seek == heard.segments[0].seek]
    return heard.language, [token for segment in first for token in segment.tokens]


def make_passage(
    bundle: Path,
    manifest: Manifest,
    log_mel: LogMel,
    window: Window,
    samples: NDArray[np.float32],
    language: str,
    text: list[int],
) -> Passage:
    """One window of samples, with the text that follows a language's beginning."""
    cache = manifest.need(Decoder).spec.cache
    tokens = [*_beginning(manifest, language), *text][:cache]
    return Passage(
        window,
        np.asarray(log_mel.compute(samples, window.frames), np.float32)[None],
        _hidden(bundle, manifest, tokens),
    )


def _beginning(manifest: Manifest, language: str) -> list[int]:
    assert manifest.whisper is not None
    tokens, languages = manifest.whisper.tokens, manifest.whisper.languages
    return [tokens.sot, languages[language], tokens.transcribe] if languages else [tokens.sot]


def _hidden(bundle: Path, manifest: Manifest, tokens: list[int]) -> Floats:
    decoder = manifest.need(Decoder)
    entry, shape = decoder.token_embedding, (decoder.spec.vocabulary, decoder.spec.width)
    if entry.offset is not None:  # of a float32 bundle: the output layer's weights
        rows = np.memmap(bundle / entry.file, "<f4", "r", entry.offset, shape)[tokens]
    else:
        scales = bundle / entry.scales if entry.scales else None
        table = EmbeddingTable(bundle / entry.file, scales, *shape)
        rows = np.stack([table.row(token) for token in tokens])
    positions = np.load(bundle / decoder.position_embedding, mmap_mode="r")
    return rows + positions[: len(tokens)]


class Graphs:
    """The encoder and the decoder step of a bundle, or of files in their place.

    Args:
        directory: holds the files.
        manifest: of the bundle that the signatures are from.
        threads: of LiteRT's kernels.
        watch: called after each run with the interpreter, all of whose tensors are kept then, and
            the signature that ran.
    """

    def __init__(
        self, directory: Path, manifest: Manifest, threads: int, watch: Watch | None = None
    ) -> None:
        self._directory, self._threads = directory, threads
        self._spec = manifest.need(Decoder).spec
        self._watch = watch

    def encode(self, passage: Passage) -> Tensors:
        """Cross-attention keys and values by name."""
        signature = passage.window.encoder.name
        return self._run(self._encoder, signature, {"log_mel": passage.log_mel})

    def logits(self, passage: Passage, cross: Tensors) -> Floats:
        """``[n, V]``: of each position, given the text before it."""
        return self.read(passage, cross, passage.window.step)["logits"][0]

    def read(self, passage: Passage, cross: Tensors, graph: Signature) -> Tensors:
        """Runs the text through one of a window's graphs.

        Args:
            passage: what is read.
            cross: the encoder's outputs.
            graph: of the window: its step, its prefill or its alignment.

        Returns:
            As :func:`sotto.export.whisper.text_run.run_text`.
        """
        return run_text(partial(self._run, self._decoder), graph, self._spec, cross, passage.hidden)

    @cached_property
    def _encoder(self) -> Interpreter:
        return self._interpreter(ENCODER)

    @cached_property
    def _decoder(self) -> Interpreter:
        return self._interpreter(DECODER)

    def _interpreter(self, file: str) -> Interpreter:
        return Interpreter(
            str(self._directory / file),
            num_threads=self._threads,
            experimental_preserve_all_tensors=self._watch is not None,
        )

    def _run(self, interpreter: Interpreter, signature: str, inputs: Tensors) -> Tensors:
        outputs: Mapping[str, Floats] = interpreter.get_signature_runner(signature)(**inputs)
        if self._watch is not None:
            self._watch(interpreter, signature)
        return {name: np.array(value) for name, value in outputs.items()}


@dataclass(frozen=True)
class Distance:
    """Between what two forms of the graphs compute of the same passages.

    Attributes:
        encoder: signal to noise of the cross-attention keys and values, dB; infinite if equal.
        logits: of the logits, dB; likewise.
        tokens: how many positions have another likeliest token.
        positions: of how many.
    """

    encoder: float
    logits: float
    tokens: int
    positions: int

    def __str__(self) -> str:
        return (
            f"signal to noise {self.encoder:.1f} dB after the encoder, {self.logits:.1f} dB in the "
            f"logits; {self.tokens} of {self.positions} likeliest tokens changed"
        )


class Yardstick:
    """Passages with what the float32 graphs compute of them."""

    def __init__(self, passages: list[Passage], graphs: Graphs) -> None:
        self._passages, self._graphs = passages, graphs
        self._cross = [graphs.encode(passage) for passage in passages]
        self._logits = [
            graphs.logits(passage, cross)
            for passage, cross in zip(passages, self._cross, strict=True)
        ]

    def distance(self, graphs: Graphs, *, encoder: bool = True, decoder: bool = True) -> Distance:
        """How far other graphs are off.

        Args:
            graphs: the others.
            encoder: use their encoder; else the float32 one's outputs.
            decoder: use their decoder; else the float32 one.
        """
        cross = [graphs.encode(p) for p in self._passages] if encoder else self._cross
        steps = graphs if decoder else self._graphs
        logits = [steps.logits(p, c) for p, c in zip(self._passages, cross, strict=True)]
        changed = [
            int((actual.argmax(-1) != expected.argmax(-1)).sum())
            for actual, expected in zip(logits, self._logits, strict=True)
        ]
        return Distance(
            decibel(
                [(c[n], e[n]) for c, e in zip(cross, self._cross, strict=True) for n in e]
                if encoder
                else []
            ),
            decibel(list(zip(logits, self._logits, strict=True))),
            sum(changed),
            sum(len(expected) for expected in self._logits),
        )
