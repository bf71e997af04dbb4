"""How audio is transcribed: the options of ``sotto::TranscribeOptions`` in C++."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Literal

from sotto.errors import OptionError

_LARGEST = 2**31 - 1
"""Of an integer that the runtime takes."""


def check_integer(name: str, value: object) -> None:
    """Raises OptionError unless ``value`` is an integer that the runtime can judge."""
    if not isinstance(value, Integral) or isinstance(value, bool) or abs(int(value)) > _LARGEST:
        raise OptionError(f"{name} is {value!r}; expected an integer, 0 for the default")


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

    def validate(self) -> None:
        """Raises OptionError where a value has another type; the runtime checks the rest."""
        check_integer("max_tokens", self.max_tokens)
        check_integer("window", self.window)
        for name, value in (("language", self.language or ""), ("task", self.task)):
            # What is not printable need not be UTF-8 either, which the runtime expects.
            if not isinstance(value, str) or not value.isprintable():
                raise OptionError(f"{name} is {value!r}; expected a word such as en or transcribe")
