"""Text to token ids, as the checkpoint's own tokeniser makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sotto.bundle import TextEncoder
from sotto.embed.bundle import EmbeddingBundle
from sotto.embed.encoder import optional_package
from sotto.errors import OptionError


class BundleTokenizer:
    """The ``tokenizer.json`` of a bundle. Safe to share among threads.

    Args:
        bundle: the bundle.
        component: its encoder of text.

    Raises:
        BundleError: the file is not one that the tokenizers library reads.
        SottoError: the library is not installed.
    """

    def __init__(self, bundle: EmbeddingBundle, component: TextEncoder) -> None:
        tokenizers = optional_package("tokenizers", "text")
        self._pad_to = component.max_length if component.padded else 0
        self._pad_token = component.pad_token
        content = bundle.reader.read(component.tokenizer)
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(content.decode("utf-8"))
            # What the file says of both is of the checkpoint's last run; transformers sets its own.
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(component.max_length)
        except Exception as error:  # the library raises nothing narrower
            raise bundle.fault(f"{component.tokenizer} is no tokeniser ({error})") from error

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, special tokens included, truncated to the model's length.

        Those of SigLIP, which attends to padding, are padded to it.

        Raises:
            OptionError: a text is not valid Unicode.
        """
        ids = [encoding.ids for encoding in self._encodings(texts, special=True)]
        return [each + [self._pad_token] * (self._pad_to - len(each)) for each in ids]

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text alone, without special ones; no more than the model's length."""
        return [len(encoding.ids) for encoding in self._encodings(texts, special=False)]

    @property
    def special(self) -> int:
        """How many special tokens a text gets."""
        return len(self._encodings([""], special=True)[0].ids)

    def _encodings(self, texts: Sequence[str], *, special: bool) -> list[Any]:
        for number, text in enumerate(texts):
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise OptionError(
                    f"text {number} is not valid Unicode: character {error.start} is "
                    f"{text[error.start]!r}, half of a pair. Read its file with errors='replace'"
                ) from None
        encodings: list[Any] = self._tokenizer.encode_batch_fast(
            list(texts), add_special_tokens=special
        )
        return encodings
