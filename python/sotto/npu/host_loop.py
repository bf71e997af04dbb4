"""What the host does around a bundle's graphs, whoever computes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from sotto._runtime import EmbeddingTable, LogMel, Tokenizer
from sotto.bundle import Decoder, Manifest, SpeechEncoder, Window
from sotto.preprocess import SAMPLE_RATE, AudioSource, read_audio

Tensors = dict[str, np.ndarray]
Run = Callable[[str, Tensors], Tensors]
"""A signature and its inputs by name, to its outputs by name."""


class HostLoop:
    """Plain decoding: greedy, without timestamps, windows of one kind back to back.

    Args:
        bundle: of a Whisper model.
        manifest: its.
        window: the one that is used.
        run: computes the graphs.
    """

    def __init__(self, bundle: Path, manifest: Manifest, window: Window, run: Run) -> None:
        assert manifest.whisper is not None
        encoder, decoder = manifest.need(SpeechEncoder), manifest.need(Decoder)
        self._whisper, self._spec = manifest.whisper, decoder.spec
        self._window, self._run = window, run
        self._log_mel = LogMel(np.load(bundle / encoder.mel_filters))
        self._rows = _rows(bundle, decoder)
        self._positions = np.load(bundle / decoder.position_embedding, mmap_mode="r")
        self._tokenizer = Tokenizer(bundle / decoder.tokenizer, self._whisper.tokens.eot)

    def windows(self, audio: AudioSource) -> Iterator[np.ndarray]:
        """Log-mel ``[1, n_mels, frames]`` of one window after another."""
        samples = read_audio(audio)
        size = self._window.seconds * SAMPLE_RATE
        for start in range(0, len(samples), size):
            part = samples[start : start + size]
            frames = self._log_mel.compute(part, self._window.frames)
            yield np.asarray(frames, np.float32)[None]

    def encode(self, log_mel: np.ndarray) -> Tensors:
        """Cross-attention keys and values by name."""
        return self._run(self._window.encoder.name, {"log_mel": log_mel})

    def decode(self, cross: Tensors, language: str) -> list[int]:
        """Tokens of text."""
        step, tokens = self._window.step, self._whisper.tokens
        shapes = {spec.name: spec.shape for spec in step.inputs}
        caches = {n: np.zeros(s, np.float32) for n, s in shapes.items() if n.startswith("self_")}
        mask = np.full(shapes["mask"], self._spec.masked, np.float32)
        mask[..., -1] = 0  # the position itself
        prompt = [tokens.sot]
        if self._whisper.multilingual:
            prompt += [self._whisper.languages[language], tokens.transcribe]
        prompt.append(tokens.no_timestamps)
        suppressed = [*self._whisper.suppress, *self._specials()]
        text: list[int] = []
        for position in range(self._spec.cache // 2 + len(prompt)):
            token = prompt[position] if position < len(prompt) else text[-1]
            hidden = (self._rows(token) + self._positions[position]).reshape(shapes["hidden"])
            outputs = self._run(step.name, {"hidden": hidden, "mask": mask, **caches, **cross})
            for key, cache in caches.items():
                write_position(cache, outputs[f"new_{key.removeprefix('self_')}"], position)
            mask[..., position] = 0
            if position < len(prompt) - 1:
                continue
            logits = outputs["logits"].reshape(-1).copy()
            logits[suppressed] = -np.inf
            if not text:
                logits[list(self._whisper.suppress_at_begin)] = -np.inf
            best = int(logits.argmax())
            if best == tokens.eot:
                break
            text.append(best)
        return text

    def _specials(self) -> list[int]:
        """All that is no text but the end."""
        return list(range(self._whisper.tokens.eot + 1, self._spec.vocabulary))

    def text(self, tokens: list[int]) -> str:
        """What tokens spell."""
        return self._tokenizer.decode(tokens).strip()


def _rows(bundle: Path, decoder: Decoder) -> Callable[[int], np.ndarray]:
    table, shape = decoder.token_embedding, (decoder.spec.vocabulary, decoder.spec.width)
    scales = bundle / table.scales if table.scales else None
    if table.offset is None:
        return EmbeddingTable(bundle / table.file, scales, *shape).row
    # The output layer's weights.
    dtype = np.dtype({"fp32": "<f4", "fp16": "<f2", "int8": "i1"}[table.dtype])
    rows = np.memmap(bundle / table.file, dtype, "r", table.offset, shape)
    if scales is None:
        return lambda token: rows[token].astype(np.float32)
    by_row = np.load(scales).reshape(-1)
    return lambda token: rows[token] * by_row[token]


def write_position(cache: np.ndarray, new: np.ndarray, position: int) -> None:
    """One position along the axis in which the two differ."""
    (axis,) = (i for i, n in enumerate(cache.shape) if n != new.shape[i])
    np.moveaxis(cache, axis, 0)[position] = np.moveaxis(new, axis, 0)[0]
