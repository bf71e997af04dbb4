"""Text to token ids, as the checkpoint's own tokeniser makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sotto.embed.bundle import EmbeddingBundle
from sotto.embed.encoder import optional_package
from sotto.errors import OptionError


class BundleTokenizer:
    """The ``tokenizer.json`` of a bundle. Safe to share among threads.

    Args:
        bundle: the bundle.
        section: the manifest's of its encoder of text.

    Raises:
        BundleError: the file is not one that the tokenizers library reads.
        SottoError: the library is not installed.
    """

    def __init__(self, bundle: EmbeddingBundle, section: dict[str, Any]) -> None:
        tokenizers = optional_package("tokenizers", "text")
        path = bundle.directory / section["tokenizer"]
        lowercase, pad_to = section.get("lowercase", False), section.get("pad_to")
        if not isinstance(lowercase, bool):
            raise bundle.fault(f"lowercase is {lowercase!r}, expected true or false")
        if pad_to is not None and pad_to != bundle.runtime.max_length:
            raise bundle.fault(f"pad_to is {pad_to!r}, expected max_length or null")
        self._pad_to: int = pad_to or 0
        self._pad_token: int = section.get("pad_token") or 0
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8"))
            # What the file says of both is of the checkpoint's last run; transformers sets its own.
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(bundle.runtime.max_length)
        except Exception as error:  # the library raises nothing narrower
            raise bundle.fault(f"{path.name} is no tokeniser ({error})") from error
        if lowercase:
            normalizers = tokenizers.normalizers
            own = [self._tokenizer.normalizer] if self._tokenizer.normalizer else []
            self._tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])

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
