"""The models that a folder's files go through, each loaded when there is first something for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sotto.bundle import TextEncoder, open_bundle
from sotto.errors import StoreError
from sotto.index.bundles import Bundle, bundle_space, encoder_space, load_encoder
from sotto.index.folder.passage_cuts import TOKENS, Offsets, Tokenize
from sotto.runtime.locate import find_bundle


@dataclass(frozen=True)
class Models:
    """Bundles, by their directories or names; None where that kind of file is left alone.

    Attributes:
        text: of texts, code, and what is said in recordings.
        speech: a Whisper, which transcribes recordings.
        image: of pictures.
        audio: of the sound of recordings.
        threads: of each model; 0 is as many as there are big cores, 4 at most.
        accelerator, soc, npu_dispatch: of each model, as :class:`sotto.asr.SpeechModel` takes them.
    """

    text: Bundle | None = "all-MiniLM-L6-v2"
    speech: Bundle | None = "base"
    image: Bundle | None = None
    audio: Bundle | None = None
    threads: int = 0
    accelerator: str = "cpu"
    soc: str | None = None
    npu_dispatch: str | os.PathLike[str] | None = None

    def spaces(self, modality: str) -> list[str]:
        """``NAME@HASH`` of the models that such a file goes through, sorted; [] is none.

        They are looked up, and not loaded.

        Raises:
            BundleError: one of their bundles is missing, or of another kind.
        """
        bundles: list[tuple[Bundle | None, str]] = {
            "text": [(self.text, "text")],
            "code": [(self.text, "text")],
            "image": [(self.image, "image")],
            "audio": [(self.audio, "audio")],
        }[modality]
        found = {encoder_space(bundle, kind) for bundle, kind in bundles if bundle is not None}
        if modality == "audio" and self.transcribes:
            assert self.text is not None
            assert self.speech is not None
            found |= {encoder_space(self.text, "text"), bundle_space(find_bundle(self.speech))}
        return sorted(found)

    @property
    def transcribes(self) -> bool:
        """Whether recordings are written down, and what is said in them embedded."""
        return self.speech is not None and self.text is not None

    @property
    def _where(self) -> dict[str, Any]:
        """Where each of them runs, as what loads it takes it."""
        return {
            "threads": self.threads,
            "accelerator": self.accelerator,
            "soc": self.soc,
            "npu_dispatch": self.npu_dispatch,
        }

    @cached_property
    def text_encoder(self) -> Any:
        """The :class:`sotto.embed.TextEncoder`. Raises BundleError where its bundle is damaged."""
        return load_encoder(self.text, "text", **self._where)

    @cached_property
    def image_encoder(self) -> Any:
        """The :class:`sotto.embed.ImageEncoder`. Raises BundleError where its bundle is damaged."""
        return load_encoder(self.image, "image", **self._where)

    @cached_property
    def audio_encoder(self) -> Any:
        """The :class:`sotto.embed.AudioEncoder`. Raises BundleError where its bundle is damaged."""
        return load_encoder(self.audio, "audio", **self._where)

    @cached_property
    def speech_model(self) -> Any:
        """The :class:`sotto.SpeechModel`. Raises BundleError where its bundle is damaged."""
        from sotto.asr import load_model

        assert self.speech is not None
        return load_model(self.speech, **self._where)

    @cached_property
    def tokenize(self) -> Tokenize:
        """The text encoder's tokeniser."""
        return tokenizer_of(self.text_encoder.directory)

    @cached_property
    def passage_tokens(self) -> int:
        """Of a passage at most, for this text encoder: less those that begin and end a text."""
        return min(TOKENS, int(self.text_encoder.max_length) - 2)


def tokenizer_of(directory: Path) -> Tokenize:
    """The tokeniser of a text encoder's bundle, which finds the places of tokens in texts."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise StoreError(
            f"cutting texts needs tokenizers, which is not installed ({error}): "
            "pip install 'sotto[embed]'"
        ) from error
    reader = open_bundle(directory)
    content = reader.read(reader.manifest.need(TextEncoder).tokenizer)
    tokenizer = Tokenizer.from_str(content.decode())
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def tokenize(texts: list[str]) -> list[Offsets]:
        encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
        return [encoding.offsets for encoding in encodings]

    return tokenize
