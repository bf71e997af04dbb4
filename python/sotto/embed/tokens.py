"""Text to token ids, as the checkpoint's own tokeniser makes them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from sotto.bundle import TextEncoder
from sotto.embed.bundle import EmbeddingBundle
from sotto.errors import BundleError, OptionError


class BundleTokenizer:
    """The ``tokenizer.json`` of a bundle. Safe to share among threads.

    The runtime reads it, or the tokenizers package where it is of a kind that the runtime does not
    read, such as Unigram.

    Args:
        bundle: the bundle.
        component: its encoder of text.

    Raises:
        BundleError: the file is none that either reads.
    """

    def __init__(self, bundle: EmbeddingBundle, component: TextEncoder) -> None:
        self._max_length = component.max_length
        self._pad_to = component.max_length if component.padded else 0
        self._pad_token = component.pad_token
        try:
            self._encode = bundle.runtime.tokenizer().encode
        except BundleError as error:
            content = bundle.reader.read(component.tokenizer)
            self._encode = _PackageTokenizer(content, bundle, error).encode

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, special tokens included, truncated to the model's length.

        Those of SigLIP, which attends to padding, are padded to it.

        Raises:
            OptionError: a text is not valid Unicode.
        """
        ids = self._ids(texts, special=True)
        return [each + [self._pad_token] * (self._pad_to - len(each)) for each in ids]

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text alone, without special ones; no more than the model's length."""
        return [len(ids) for ids in self._ids(texts, special=False)]

    @property
    def special(self) -> int:
        """How many special tokens a text gets."""
        return len(self._ids([""], special=True)[0])

    def _ids(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:
        for number, text in enumerate(texts):
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise OptionError(
                    f"text {number} is not valid Unicode: character {error.start} is "
                    f"{text[error.start]!r}, half of a pair. Read its file with errors='replace'"
                ) from None
        return self._encode(list(texts), max_length=self._max_length, special=special)


class _PackageTokenizer:
    """What the runtime refused, with ``refusal``, read by the tokenizers package."""

    def __init__(self, content: bytes, bundle: EmbeddingBundle, refusal: BundleError) -> None:
        try:
            tokenizers = import_module("tokenizers")
        except ImportError as error:
            raise BundleError(
                f"{refusal}. The package tokenizers may read it: pip install 'sotto[embed]'"
            ) from error
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(content.decode("utf-8"))
            # What the file says of padding is of the checkpoint's last run.
            self._tokenizer.no_padding()
        except Exception as error:  # the library raises nothing narrower
            raise bundle.fault(str(refusal)) from error

    def encode(
        self, texts: Sequence[str], *, max_length: int, special: bool = True
    ) -> list[list[int]]:
        """As :meth:`sotto._runtime.TextTokenizer.encode`."""
        self._tokenizer.enable_truncation(max_length)
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=special)
        return [encoding.ids for encoding in encodings]
