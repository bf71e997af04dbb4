"""Sotto: on-device speech recognition and embeddings for MediaTek NPUs.

import sotto
model = sotto.load_model("base")
print(model.transcribe("talk.m4a").text)
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sotto.errors import SottoError

if TYPE_CHECKING:
    from sotto.asr import SpeechModel, Transcription, load_model

__version__ = version("sotto")
__all__ = ["SottoError", "SpeechModel", "Transcription", "__version__", "load_model"]

_LAZY = dict.fromkeys(("SpeechModel", "Transcription", "load_model"), "sotto.asr")


def __getattr__(name: str) -> Any:
    # Converting needs no runtime, and --help should not wait for one.
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'sotto' has no attribute {name!r}")
