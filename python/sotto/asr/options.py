"""How audio is transcribed: the options of ``sotto::TranscribeOptions`` in C++."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TranscribeOptions:
    """Options of one transcription. The C++ runtime checks them against the model.

    Attributes:
        language: a code of the model's, such as ``en``; None detects it in the first window.
        task: ``transcribe``, or ``translate`` into English.
        max_tokens: sampled in a window at most; 0 is half the text context (224), as in
            openai-whisper.
        window: seconds of one of the bundle's windows; 0 is the shortest that holds the
            audio with a second to spare, else the longest.
    """

    language: str | None = None
    task: Literal["transcribe", "translate"] = "transcribe"
    max_tokens: int = 0
    window: int = 0
