"""Text to vectors."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sotto.bundle import components as bundle_components
from sotto.embed.bundle import EmbeddingBundle
from sotto.embed.encoder import Encoder, Output, Progress, check_options, from_arrow
from sotto.embed.tokens import BundleTokenizer
from sotto.errors import OptionError

STRETCH = 4096
"""Texts that are tokenised and sorted by length together: enough for batches of one length, few
enough that memory does not grow with what is embedded."""


class TextEncoder(Encoder):
    """A sentence encoder, or the text side of CLIP; see :class:`Encoder` for arguments and errors.

    ``TextEncoder("models/all-MiniLM-L6-v2").encode(["a cat", "a dog"])``
    """

    modality = "text"

    def __init__(self, bundle: str | os.PathLike[str] | EmbeddingBundle, **options: Any) -> None:
        super().__init__(bundle, **options)
        component = self._bundle.component(bundle_components.TextEncoder)
        self._tokenizer = BundleTokenizer(self._bundle, component)
        self._prompts = dict(component.prompts)
        self._default_prompt = component.default_prompt

    @property
    def max_length(self) -> int:
        """Tokens of a text, special ones included; what is longer is cut off at its end."""
        return self._runtime.max_length

    @property
    def prompts(self) -> dict[str, str]:
        """What the model was trained to find before texts, by use (``query``, ``passage`` …)."""
        return dict(self._prompts)

    def encode(
        self,
        items: str | Iterable[str] | Any,
        *,
        batch_size: int = 32,
        normalize: bool = True,
        prompt: str | None = None,
        output: Output = "numpy",
        progress: Progress | None = None,
    ) -> Any:
        """Texts to vectors, as the checkpoint's own pipeline makes them.

        Args:
            items: a text, or several: a sequence, or a pyarrow array of strings. An empty text
                has a vector, as there: that of its special tokens.
            batch_size, normalize, output, progress: as :meth:`Encoder.encode`.
            prompt: name of one of the model's ``prompts``, whose text is put before each item;
                None is the model's default, an empty string none.

        Returns:
            As :meth:`Encoder.encode`.

        Raises:
            OptionError: an item is no text, is null or not valid Unicode, there is no such
                prompt, or an option is out of range.
        """
        check_options(batch_size, normalize, output)
        single = isinstance(items, str)
        texts = [items] if isinstance(items, str) else _texts(items)
        before = self._prompt(prompt)
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), STRETCH):
            ids = self._tokenizer.ids([before + text for text in texts[start : start + STRETCH]])
            # The longest first, so that what does not fit into memory fails at once.
            order = sorted(range(len(ids)), key=lambda i: -len(ids[i]))
            for first in range(0, len(order), batch_size):
                chosen = order[first : first + batch_size]
                rows = self._runtime.encode_tokens([ids[i] for i in chosen])
                vectors[[start + i for i in chosen]] = rows
                if progress is not None:
                    progress(start + first + len(chosen), len(texts))
        return self._finish(vectors, single, normalize, output)

    def _prompt(self, name: str | None) -> str:
        if name is None:
            name = self._default_prompt
        if name is None or name == "":
            return ""
        if name not in self._prompts:
            known = ", ".join(self._prompts) or "none"
            raise OptionError(f"prompt {name!r}: the prompts of {self.name} are {known}")
        return self._prompts[name]


def _texts(items: Any) -> Sequence[str]:
    """Several texts as a list of strings."""
    items = from_arrow(items)
    if isinstance(items, bytes | bytearray | dict) or not isinstance(items, Iterable):
        raise OptionError(
            f"items: expected a text or a sequence of texts, got {type(items).__name__}"
        )
    texts = list(items)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            what = "null" if text is None else f"of type {type(text).__name__}"
            raise OptionError(f"text {number} is {what}: expected a string")
    return texts
