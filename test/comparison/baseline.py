"""The baseline: openai-whisper's own code with a bundle's weights."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from torch import Tensor
from whisper.model import ModelDimensions
from whisper.tokenizer import Tokenizer, get_tokenizer

from comparison.clips import WINDOW, Clip
from comparison.recording_whisper import DecodedWindow, RecordingWhisper
from comparison.result import Choice, StageResult, WindowTokens, tokens_by_window
from sotto.bundle import Manifest
from sotto.checkpoints import load_checkpoint
from sotto.errors import CheckpointError

OPTIONS: dict[str, Any] = {"temperature": 0.0}
"""Of every stage: greedy, without falling back to other temperatures; else the defaults."""


class Baseline:
    """openai-whisper's ``transcribe``, float32 on the CPU.

    Args:
        manifest: of a bundle: says which checkpoint.

    Raises:
        CheckpointError: the checkpoint is not there, or is another than the bundle's.
    """

    name = "openai-whisper"

    def __init__(self, manifest: Manifest) -> None:
        started = time.perf_counter()
        source = manifest.source
        path = Path(source.checkpoint)
        checkpoint = load_checkpoint(path if path.exists() else manifest.name)
        if checkpoint.sha256 != source.sha256:
            raise CheckpointError(
                f"the bundle was made from {source.checkpoint} (sha256 {source.sha256}), "
                f"but {checkpoint.source} has {checkpoint.sha256}: make the bundle again"
            )
        self.model = RecordingWhisper(ModelDimensions(**asdict(checkpoint.dims))).eval()
        state = {key: torch.from_numpy(value) for key, value in checkpoint.state.items()}
        self.model.load_state_dict(state, strict=True, assign=True)
        # Its own table of the heads, not what the checkpoint says of them.
        self.model.set_alignment_heads(whisper._ALIGNMENT_HEADS[manifest.name])
        self.checkpoint = manifest.name
        self.load_seconds = time.perf_counter() - started

    def transcribe(self, clip: Clip) -> StageResult:
        return transcribe_clip(self.name, self.checkpoint, self.model, clip, self.load_seconds)

    def log_mel(self, audio: np.ndarray) -> Tensor:
        """``[1, n_mels, 3000]`` of samples, padded to 30 s."""
        samples = whisper.pad_or_trim(torch.from_numpy(audio.copy()))
        log_mel: Tensor = whisper.log_mel_spectrogram(samples, self.model.dims.n_mels)[None]
        return log_mel

    def language_probabilities(self, clip: Clip) -> dict[str, float]:
        """By code, of the first window (multilingual models only)."""
        _, probabilities = self.model.detect_language(self.log_mel(clip.first_window)[0])
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


def transcribe_clip(
    stage: str, checkpoint: str, model: RecordingWhisper, clip: Clip, load_seconds: float
) -> StageResult:
    """A clip through openai-whisper's ``transcribe``, whatever the model computes with.

    Args:
        stage: the result's name.
        checkpoint: the model's name.
        model: decodes the windows.
        clip: what is transcribed, in its language.
        load_seconds: of loading the model.
    """
    started = time.perf_counter()
    model.forget()
    result = whisper.transcribe(
        model, clip.samples.copy(), language=clip.language, fp16=False, **OPTIONS
    )
    windows = tokens_by_window((part["seek"], part["tokens"]) for part in result["segments"])
    return StageResult(
        stage=stage,
        model=checkpoint,
        clip=clip.name,
        language=result["language"],
        text=result["text"],
        windows=windows,
        audio_seconds=clip.seconds,
        seconds=time.perf_counter() - started,
        load_seconds=load_seconds,
        window=WINDOW,
        choices=choices_of(windows, model.windows),
    )


def choices_of(windows: list[WindowTokens], decoded: list[DecodedWindow]) -> list[list[Choice]]:
    """What each window's tokens were chosen from; empty where that is not known.

    Args:
        windows: of the segments. One that gave none, as silence does, is not among them.
        decoded: every window in order, whose last tokens the segments may have left out.
    """
    found: list[list[Choice]] = []
    rest = iter(decoded)
    for window in windows:
        matching = (d for d in rest if d.tokens[: len(window.tokens)] == window.tokens)
        match = next(matching, None)
        found.append(match.choices if match else [])
    return found
