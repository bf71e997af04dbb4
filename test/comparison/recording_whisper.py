"""openai-whisper's model, which also notes what each window's tokens were chosen from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from whisper.decoding import DecodingOptions, DecodingResult, DecodingTask
from whisper.model import ModelDimensions, Whisper

from comparison.result import Choice


class _TopTwo:
    """A ``LogitFilter`` behind the others: sees what is chosen from, and changes nothing."""

    def __init__(self) -> None:
        self.choices: list[Choice] = []

    def apply(self, logits: Tensor, tokens: Tensor) -> None:
        values, ids = logits[0].topk(2)
        (best, second), logit = ids.tolist(), values.tolist()
        self.choices.append(Choice(best, logit[0], second, logit[1]))


@dataclass(frozen=True)
class DecodedWindow:
    """One window as it was decoded.

    Attributes:
        tokens: sampled, without the end of text; segments may leave the last ones out.
        choices: position by position with the end of text; empty where several beams or
            samples were followed, as there is then no one choice.
        temperature: it was decoded at.
        start_tokens: before the sampled ones: prompt, start sequence and prefix.
    """

    tokens: list[int]
    choices: list[Choice]
    temperature: float
    start_tokens: int


class RecordingWhisper(Whisper):
    """Decodes as openai-whisper does; ``windows`` holds what was decoded since ``forget``."""

    def __init__(self, dims: ModelDimensions) -> None:
        super().__init__(dims)
        self.forget()

    def forget(self) -> None:
        """Begins a new record."""
        self.windows: list[DecodedWindow] = []

    @torch.no_grad()
    def decode(self, mel: Tensor, options: DecodingOptions) -> DecodingResult:  # type: ignore[override]
        """As ``whisper.decoding.decode`` of one window ``[n_mels, 3000]``."""
        task = self.decoding_task(mel, options)
        seen = _TopTwo()
        if task.n_group == 1 and options.temperature == 0:
            task.logit_filters.append(seen)
        result: DecodingResult = task.run(self.decoder_input(mel))[0]
        self.windows.append(
            DecodedWindow(result.tokens, seen.choices, options.temperature, task.sample_begin)
        )
        return result

    def decoding_task(self, mel: Tensor, options: DecodingOptions) -> Any:
        """What decodes a window."""
        return DecodingTask(self, options)

    def decoder_input(self, mel: Tensor) -> Tensor:
        """What the task gets: a batch of one log-mel, which it encodes."""
        return mel[None]
