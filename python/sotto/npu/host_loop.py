"""What the host does around a bundle's graphs, whoever computes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sotto._runtime import EmbeddingTable, LogMel, Tokenizer
from sotto.bundle import Manifest
from sotto.preprocess import SAMPLE_RATE, AudioSource, read_audio

Tensors = dict[str, np.ndarray]
Run = Callable[[str, Tensors], Tensors]
"""A signature and its inputs by name, to its outputs by name."""


class HostLoop:
    """Plain decoding: greedy, without timestamps, windows of one kind back to back.

    Args:
        bundle: of a Whisper model.
        manifest: its.
        window: the manifest's entry of the window that is used.
        run: computes the graphs.
    """

    def __init__(self, bundle: Path, manifest: Manifest, window: dict[str, Any], run: Run) -> None:
        self._manifest, self._window, self._run = manifest, window, run
        self._log_mel = LogMel(np.load(bundle / "mel_filters.npy"))
        self._tokens = manifest["tokens"]
        self._rows = _rows(bundle, manifest)
        self._positions = np.load(bundle / "positional_embedding.npy", mmap_mode="r")
        self._tokenizer = Tokenizer(bundle / "tokenizer.tiktoken", self._tokens["eot"])

    def windows(self, audio: AudioSource) -> Iterator[np.ndarray]:
        """Log-mel ``[1, n_mels, frames]`` of one window after another."""
        samples = read_audio(audio)
        size = self._window["seconds"] * SAMPLE_RATE
        for start in range(0, len(samples), size):
            part = samples[start : start + size]
            frames = self._log_mel.compute(part, self._window["frames"])
            yield np.asarray(frames, np.float32)[None]

    def encode(self, log_mel: np.ndarray) -> Tensors:
        """Cross-attention keys and values by name."""
        return self._run(self._window["encoder"], {"log_mel": log_mel})

    def decode(self, cross: Tensors, language: str) -> list[int]:
        """Tokens of text."""
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
            outputs = self._run(name, {"hidden": hidden, "mask": mask, **caches, **cross})
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
    scales = bundle / entry["scales"] if "scales" in entry else None
    if "offset" not in entry:
        return EmbeddingTable(bundle / entry["file"], scales, *shape).row
    # The output layer's weights.
    dtype = np.dtype({"fp32": "<f4", "fp16": "<f2", "int8": "i1"}[entry["dtype"]])
    table = np.memmap(bundle / entry["file"], dtype, "r", entry["offset"], shape)
    if scales is None:
        return lambda token: table[token].astype(np.float32)
    by_row = np.load(scales).reshape(-1)
    return lambda token: table[token] * by_row[token]


def write_position(cache: np.ndarray, new: np.ndarray, position: int) -> None:
    """One position along the axis in which the two differ."""
    (axis,) = (i for i, n in enumerate(cache.shape) if n != new.shape[i])
    np.moveaxis(cache, axis, 0)[position] = np.moveaxis(new, axis, 0)[0]
