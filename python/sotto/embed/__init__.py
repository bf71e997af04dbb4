"""Text, code, images and audio to vectors: the user's side of the C++ runtime."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sotto.embed.audio import AudioEncoder
    from sotto.embed.clip import ClipModel
    from sotto.embed.code import CodeEncoder, CodeSpan
    from sotto.embed.encoder import Encoder
    from sotto.embed.encoder_of import load_encoder
    from sotto.embed.image import ImageEncoder
    from sotto.embed.text import TextEncoder

__all__ = [
    "AudioEncoder",
    "ClipModel",
    "CodeEncoder",
    "CodeSpan",
    "Encoder",
    "ImageEncoder",
    "TextEncoder",
    "load_encoder",
]

_LAZY = {
    "AudioEncoder": "sotto.embed.audio",
    "ClipModel": "sotto.embed.clip",
    "CodeEncoder": "sotto.embed.code",
    "CodeSpan": "sotto.embed.code",
    "Encoder": "sotto.embed.encoder",
    "ImageEncoder": "sotto.embed.image",
    "TextEncoder": "sotto.embed.text",
    "load_encoder": "sotto.embed.encoder_of",
}


if not TYPE_CHECKING:  # it would hide a misspelt name from type checkers

    def __getattr__(name: str) -> Any:
        # Text needs no audio library, audio no tokeniser.
        if name in _LAZY:
            return getattr(import_module(_LAZY[name]), name)
        raise AttributeError(f"module 'sotto.embed' has no attribute {name!r}")
