"""The host's side in Python over step 1's TorchScript: the oracle of the C++ decoding loop.

Written from the manifest and the bundle's tables alone, as the C++ runtime is. Log-mel is
openai-whisper's, so that a difference is one of the graphs or of the loop.
"""

from __future__ import annotations

import base64
import time
from pathlib import Path

import numpy as np
import torch
import whisper
from torch import Tensor

from comparison.clips import WINDOW, Clip
from comparison.result import StageResult
from sotto.bundle import read_manifest
from sotto.export.step_caches import StepCaches


class TorchScriptLoop:
    """Greedy decoding over ``torchscript/*.pt`` of a bundle, in its 30 s window."""

    name = "torchscript"

    def __init__(self, bundle: Path) -> None:
        started = time.perf_counter()
        self._manifest = read_manifest(bundle)
        names = next(w for w in self._manifest["windows"] if w["seconds"] == WINDOW)
        graphs = self._manifest["torchscript"]
        self._encoder, self._step = (
            torch.jit.load(str(bundle / graphs[names[role]]["file"]))  # type: ignore[no-untyped-call]
            for role in ("encoder", "decoder")
        )
        embedding = self._manifest["token_embedding"]
        self._rows = np.load(bundle / embedding["file"], mmap_mode="r")
        self._scales = np.load(bundle / embedding["scales"]) if "scales" in embedding else None
        self._positions = np.load(bundle / "positional_embedding.npy")
        self._bytes = _read_tokenizer(bundle / "tokenizer.tiktoken")
        self._load_seconds = time.perf_counter() - started

    @torch.no_grad()
    def transcribe(self, clip: Clip) -> StageResult:
        started = time.perf_counter()
        language = clip.language if self._manifest["multilingual"] else "en"
        tokens, spoken = [], b""
        counters = {"encoder_runs": 0, "decoder_steps": 0}
        for piece in clip.pieces:
            window = _Window(self, self.encode(piece))
            sampled, language = window.decode(language)
            tokens.append(sampled)
            spoken += b"".join(self._bytes[token] for token in sampled)
            counters["encoder_runs"] += 1
            counters["decoder_steps"] += window.position
        return StageResult(
            stage=self.name,
            model=self._manifest["name"],
            clip=clip.name,
            language=language or "en",
            text=spoken.decode("utf-8", errors="replace").strip(),
            tokens=tokens,
            audio_seconds=clip.seconds,
            seconds=time.perf_counter() - started,
            load_seconds=self._load_seconds,
            window=WINDOW,
            counters=counters,
        )

    def encode(self, piece: np.ndarray) -> list[Tensor]:
        """Cross-attention keys of all layers, then values."""
        samples = whisper.pad_or_trim(torch.from_numpy(piece.copy()))
        log_mel = whisper.log_mel_spectrogram(samples, self._manifest["dims"]["n_mels"])
        return list(self._encoder(log_mel[None]))

    def hidden(self, token: int, position: int) -> Tensor:
        """``[width]``: the token's row and the position's."""
        row = self._rows[token].astype(np.float32)
        if self._scales is not None:
            row *= self._scales[token]
        return torch.from_numpy(row + self._positions[position])


class _Window:
    """One piece's decoding: caches, position, and the logits of the last step."""

    def __init__(self, loop: TorchScriptLoop, cross: list[Tensor]) -> None:
        self._loop, self._manifest = loop, loop._manifest
        self._caches = StepCaches(len(cross) // 2, loop._step, cross, self._manifest["cache"])
        self.position = 0
        self._logits = np.empty(0)

    def _advance(self, token: int) -> None:
        self._logits = self._caches.advance(self._loop.hidden(token, self.position)).copy()
        self.position += 1

    def decode(self, language: str | None) -> tuple[list[int], str | None]:
        """The sampled tokens, and the language given or detected."""
        ids = self._manifest["tokens"]
        self._advance(ids["sot"])
        if self._manifest["multilingual"]:
            codes: dict[str, int] = ids["languages"]
            language = language or max(codes, key=lambda code: self._logits[codes[code]])
            self._advance(codes[language])
            self._advance(ids["transcribe"])
        self._advance(ids["no_timestamps"])
        sampled: list[int] = []
        most = self._manifest["dims"]["n_text_ctx"] // 2
        while True:
            if not sampled:
                self._logits[ids["suppress_at_begin"]] = -np.inf
            self._logits[ids["suppress"]] = -np.inf
            token = int(self._logits.argmax())
            if token == ids["eot"]:
                break
            sampled.append(token)
            if len(sampled) == most or self.position == self._manifest["cache"]:
                break
            self._advance(token)
        return sampled, language


def _read_tokenizer(path: Path) -> dict[int, bytes]:
    """Token id to its bytes, of a file of ``base64 rank`` lines."""
    pairs = (line.split() for line in path.read_bytes().splitlines() if line)
    return {int(rank): base64.b64decode(text) for text, rank in pairs}
