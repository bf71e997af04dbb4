"""Whisper weights from any published form, as one canonical state dict.

from sotto.checkpoints import load_checkpoint
checkpoint = load_checkpoint("base")  # or a path: .pt, Hugging Face, CTranslate2
"""

from sotto.checkpoints.checkpoint import Checkpoint, WhisperDims
from sotto.checkpoints.published import PUBLISHED, PublishedModel
from sotto.checkpoints.read_checkpoint import load_checkpoint
from sotto.errors import CheckpointError

__all__ = [
    "PUBLISHED",
    "Checkpoint",
    "CheckpointError",
    "PublishedModel",
    "WhisperDims",
    "load_checkpoint",
]
