"""Whispers of random weights with OpenAI's vocabularies: converted in seconds.

Width 64 and one head; mels, vocabulary and the relation of the layers are those of the
published models.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from sotto.checkpoints import WhisperDims
from sotto.checkpoints.checkpoint import expected_shapes

WIDTH = 64


def dims(n_mels: int, n_vocab: int, audio_layers: int, text_layers: int) -> WhisperDims:
    return WhisperDims(
        n_mels=n_mels,
        n_audio_ctx=1500,
        n_audio_state=WIDTH,
        n_audio_head=1,
        n_audio_layer=audio_layers,
        n_vocab=n_vocab,
        n_text_ctx=448,
        n_text_state=WIDTH,
        n_text_head=1,
        n_text_layer=text_layers,
    )


DIMS = {
    "tiny.en": dims(80, 51864, 1, 1),
    "tiny": dims(80, 51865, 1, 1),
    "large-v3": dims(128, 51866, 2, 2),
    "large-v3-turbo": dims(128, 51866, 2, 1),
}


def save(path: Path, name: str, heads: int = 1) -> Path:
    """Writes an OpenAI checkpoint of that kind to ``path``."""
    chosen = replace(DIMS[name], n_audio_head=heads, n_text_head=heads)
    random = np.random.default_rng(0)
    state = {}
    for key, shape in expected_shapes(chosen).items():
        # As large as trained weights are, so that activations are, too; exact in half.
        values = random.normal(0, 0.2, shape).astype(np.float16)
        state[key] = torch.from_numpy(values)
    torch.save({"dims": asdict(chosen), "model_state_dict": state}, path)
    return path
