"""A pytest plugin: ``import whisper`` gives Sotto under openai-whisper's names.

For openai-whisper's own tests. Its tokenizer stays its own: the tests read tokens with it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import torch
import whisper.tokenizer
from comparison.bundles import MODELS

import sotto
from sotto import _runtime
from sotto.bundle import Decoder, read_manifest


class Model:
    """A speech model with what openai-whisper's tests ask of one besides."""

    def __init__(self, name: str) -> None:
        directory = MODELS / f"whisper-{name}"
        vocabulary = read_manifest(directory).need(Decoder).spec.vocabulary
        self._model = sotto.load_model(directory)
        self.is_multilingual = self._model.is_multilingual
        self.num_languages = vocabulary - 51765 - int(self.is_multilingual)

    def to(self, device: str) -> Model:
        """It stays where it is."""
        return self

    def transcribe(self, audio: str, **options: Any) -> dict[str, Any]:
        """Sotto's, in openai-whisper's window."""
        return self._model.transcribe(audio, window=30, **options)


def available_models() -> list[str]:
    """Those with a bundle under ``models/``."""
    published = whisper.available_models()
    return [name for name in published if (MODELS / f"whisper-{name}").is_dir()]


def dtw_cpu(x: np.ndarray) -> np.ndarray:
    """The path ``[2, n]`` of least cost through ``x [rows, columns]``."""
    return np.array(_runtime.dtw(x))


def dtw_cuda(x: torch.Tensor) -> np.ndarray:
    """There is none."""
    raise NotImplementedError("Sotto's dtw runs on the CPU")


def median_filter(x: torch.Tensor, filter_width: int) -> torch.Tensor:
    """Along the last dimension."""
    return torch.from_numpy(_runtime.median_filter(x.numpy(), filter_width))


def _stand_in(name: str, **content: object) -> None:
    module = ModuleType(name)
    vars(module).update(content)
    sys.modules[name] = module


_timing = {"dtw_cpu": dtw_cpu, "dtw_cuda": dtw_cuda, "median_filter": median_filter}
_stand_in("whisper.timing", **_timing)
_stand_in("whisper", available_models=available_models, load_model=Model)
