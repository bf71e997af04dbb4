"""What a model is fed: files and arrays in, the model's own input arrays out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sotto.preprocess.audio import SAMPLE_RATE, AudioSource, read_audio, stream_audio

if TYPE_CHECKING:
    from sotto.bundle.image_settings import ImageSettings
    from sotto.preprocess.image import ImageProcessor
    from sotto.preprocess.mel import AudioProcessor

__all__ = [
    "SAMPLE_RATE",
    "AudioProcessor",
    "AudioSource",
    "ImageProcessor",
    "ImageSettings",
    "read_audio",
    "stream_audio",
]

_LAZY = {
    "AudioProcessor": "sotto.preprocess.mel",
    "ImageProcessor": "sotto.preprocess.image",
    "ImageSettings": "sotto.bundle.image_settings",
}


if not TYPE_CHECKING:  # it would hide a misspelt name from type checkers

    def __getattr__(name: str) -> Any:
        # Transcribing needs neither Pillow nor pyarrow.
        if name in _LAZY:
            return getattr(import_module(_LAZY[name]), name)
        raise AttributeError(f"module 'sotto.preprocess' has no attribute {name!r}")
