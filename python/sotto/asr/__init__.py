"""Speech to text: the user's side of the C++ runtime."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sotto.asr.languages import LANGUAGES
    from sotto.asr.model import SpeechModel, load_model
    from sotto.asr.options import TranscribeOptions
    from sotto.asr.result import Profile, Segment, Transcription, Word
    from sotto.asr.stream import Stream, StreamOptions, StreamUpdate, StreamWord
    from sotto.runtime.locate import available_models

__all__ = [
    "LANGUAGES",
    "Profile",
    "Segment",
    "SpeechModel",
    "Stream",
    "StreamOptions",
    "StreamUpdate",
    "StreamWord",
    "TranscribeOptions",
    "Transcription",
    "Word",
    "available_models",
    "load_model",
]

_LAZY = {
    "LANGUAGES": "sotto.asr.languages",
    "Profile": "sotto.asr.result",
    "Segment": "sotto.asr.result",
    "SpeechModel": "sotto.asr.model",
    "Stream": "sotto.asr.stream",
    "StreamOptions": "sotto.asr.stream",
    "StreamUpdate": "sotto.asr.stream",
    "StreamWord": "sotto.asr.stream",
    "TranscribeOptions": "sotto.asr.options",
    "Transcription": "sotto.asr.result",
    "Word": "sotto.asr.result",
    "available_models": "sotto.runtime.locate",
    "load_model": "sotto.asr.model",
}


if not TYPE_CHECKING:  # it would hide a misspelt name from type checkers

    def __getattr__(name: str) -> Any:
        # What embeds text finds its bundle by sotto.runtime.locate, and needs no audio library.
        if name in _LAZY:
            return getattr(import_module(_LAZY[name]), name)
        raise AttributeError(f"module 'sotto.asr' has no attribute {name!r}")
