"""Sotto: on-device speech recognition and embeddings for MediaTek NPUs.

import sotto
model = sotto.load_model("base")
print(model.transcribe("talk.m4a")["text"])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sotto.errors import (
    AudioError,
    BundleError,
    CancelledError,
    CheckpointError,
    ConversionError,
    DeviceError,
    ImageError,
    ModelError,
    OptionError,
    OutputError,
    SottoError,
    StoreError,
)

if TYPE_CHECKING:
    from sotto.asr import SpeechModel, Stream, Transcription, available_models, load_model
    from sotto.embed import (
        AudioEncoder,
        ClipModel,
        CodeEncoder,
        ImageEncoder,
        TextEncoder,
        load_encoder,
    )
    from sotto.preprocess import read_audio as load_audio

    __version__: str

__all__ = [
    "AudioEncoder",
    "AudioError",
    "BundleError",
    "CancelledError",
    "CheckpointError",
    "ClipModel",
    "CodeEncoder",
    "ConversionError",
    "DeviceError",
    "ImageEncoder",
    "ImageError",
    "ModelError",
    "OptionError",
    "OutputError",
    "SottoError",
    "SpeechModel",
    "StoreError",
    "Stream",
    "TextEncoder",
    "Transcription",
    "__version__",
    "available_models",
    "load_audio",
    "load_encoder",
    "load_model",
]

_LAZY = {
    "AudioEncoder": ("sotto.embed", "AudioEncoder"),
    "ClipModel": ("sotto.embed", "ClipModel"),
    "CodeEncoder": ("sotto.embed", "CodeEncoder"),
    "ImageEncoder": ("sotto.embed", "ImageEncoder"),
    "SpeechModel": ("sotto.asr", "SpeechModel"),
    "Stream": ("sotto.asr", "Stream"),
    "TextEncoder": ("sotto.embed", "TextEncoder"),
    "Transcription": ("sotto.asr", "Transcription"),
    "available_models": ("sotto.asr", "available_models"),
    "load_encoder": ("sotto.embed", "load_encoder"),
    "load_model": ("sotto.asr", "load_model"),
    # openai-whisper's name for it.
    "load_audio": ("sotto.preprocess", "read_audio"),
}


if not TYPE_CHECKING:  # it would hide a misspelt name from type checkers

    def __getattr__(name: str) -> Any:
        # Converting needs no runtime, and --help should wait for nothing.
        if name in _LAZY:
            module, attribute = _LAZY[name]
            return getattr(import_module(module), attribute)
        if name == "__version__":
            return import_module("importlib.metadata").version("sotto")
        raise AttributeError(f"module 'sotto' has no attribute {name!r}")
