"""The baseline: openai-whisper's own code with a bundle's weights."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import whisper
from torch import Tensor
from whisper.decoding import DecodingOptions, DecodingTask
from whisper.model import ModelDimensions, Whisper
from whisper.tokenizer import Tokenizer, get_tokenizer

from comparison.clips import WINDOW, Clip
from comparison.result import Choice, StageResult
from sotto.bundle import Manifest
from sotto.checkpoints import load_checkpoint
from sotto.errors import CheckpointError


class _TopTwo:
    """A ``LogitFilter`` behind the others: sees what is chosen from, and changes nothing."""

    def __init__(self) -> None:
        self.choices: list[Choice] = []

    def apply(self, logits: Tensor, tokens: Tensor) -> None:
        values, ids = logits[0].topk(2)
        (best, second), logit = ids.tolist(), values.tolist()
        self.choices.append(Choice(best, logit[0], second, logit[1]))


class Baseline:
    """openai-whisper, float32 on the CPU, piece by piece through its ``decode``.

    Args:
        manifest: of a bundle: says which checkpoint.

    Raises:
        CheckpointError: the checkpoint is not there, or is another than the bundle's.
    """

    name = "openai-whisper"

    def __init__(self, manifest: Manifest) -> None:
        started = time.perf_counter()
        source = manifest["source"]
        path = Path(source["checkpoint"])
        checkpoint = load_checkpoint(path if path.exists() else manifest["name"])
        if checkpoint.sha256 != source["sha256"]:
            raise CheckpointError(
                f"the bundle was made from {source['checkpoint']} (sha256 {source['sha256']}), "
                f"but {checkpoint.source} has {checkpoint.sha256}: make the bundle again"
            )
        self.model = Whisper(ModelDimensions(**asdict(checkpoint.dims))).eval()
        state = {key: torch.from_numpy(value) for key, value in checkpoint.state.items()}
        self.model.load_state_dict(state, strict=True, assign=True)
        self.checkpoint = manifest["name"]
        self.load_seconds = time.perf_counter() - started

    def transcribe(self, clip: Clip) -> StageResult:
        started = time.perf_counter()
        language, text = self._language(clip), ""
        tokens, choices = [], []
        for piece in clip.pieces:
            task = DecodingTask(self.model, self._options(language))
            seen = _TopTwo()
            task.logit_filters.append(seen)
            result = task.run(self.log_mel(piece))[0]
            # Of tokens, not result.text: that has lost the space between two pieces.
            text += task.tokenizer.decode(result.tokens)
            language = result.language
            tokens.append(result.tokens)
            choices.append(seen.choices)
        return StageResult(
            stage=self.name,
            model=self.checkpoint,
            clip=clip.name,
            language=language or "en",
            text=text.strip(),
            tokens=tokens,
            audio_seconds=clip.seconds,
            seconds=time.perf_counter() - started,
            load_seconds=self.load_seconds,
            window=WINDOW,
            choices=choices,
        )

    def _language(self, clip: Clip) -> str | None:
        return clip.language if self.model.is_multilingual else "en"

    @staticmethod
    def _options(language: str | None) -> DecodingOptions:
        return DecodingOptions(
            language=language, temperature=0.0, without_timestamps=True, fp16=False
        )

    def log_mel(self, piece: np.ndarray) -> Tensor:
        """``[1, n_mels, 3000]`` of samples, padded to 30 s."""
        samples = whisper.pad_or_trim(torch.from_numpy(piece.copy()))
        log_mel: Tensor = whisper.log_mel_spectrogram(samples, self.model.dims.n_mels)[None]
        return log_mel

    def language_probabilities(self, clip: Clip) -> dict[str, float]:
        """By code, of the first piece (multilingual models only)."""
        _, probabilities = self.model.detect_language(self.log_mel(clip.pieces[0])[0])
        found: dict[str, float] = probabilities
        return found

    def tokenizer(self, language: str | None) -> Tokenizer:
        """openai-whisper's tokenizer for transcribing in a language."""
        multilingual = self.model.is_multilingual
        return get_tokenizer(
            multilingual,
            num_languages=self.model.num_languages,
            language=(language or "en") if multilingual else None,
            task="transcribe" if multilingual else None,
        )
