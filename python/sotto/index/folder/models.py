"""The models that a folder's files go through, each loaded when there is first something for it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sotto.asr.locate import find_bundle, find_encoder
from sotto.bundle import MANIFEST, Manifest
from sotto.errors import BundleError, StoreError
from sotto.index.folder.passages import TOKENS, Offsets, Tokenize

Bundle = str | os.PathLike[str]


@dataclass(frozen=True)
class Models:
    """Bundles, by their directories or names; None where that kind of file is left alone.

    Attributes:
        text: of texts, code, and what is said in recordings.
        speech: a Whisper, which transcribes recordings.
        image: of pictures.
        audio: of the sound of recordings.
        threads: of each model; 0 is as many as there are big cores, 4 at most.
    """

    text: Bundle | None = "all-MiniLM-L6-v2"
    speech: Bundle | None = "base"
    image: Bundle | None = None
    audio: Bundle | None = None
    threads: int = 0

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

    @cached_property
    def text_encoder(self) -> Any:
        """The :class:`sotto.embed.TextEncoder`. Raises BundleError where its bundle is damaged."""
        return load_encoder(self.text, "text", self.threads)

    @cached_property
    def image_encoder(self) -> Any:
        """The :class:`sotto.embed.ImageEncoder`. Raises BundleError where its bundle is damaged."""
        return load_encoder(self.image, "image", self.threads)

    @cached_property
    def audio_encoder(self) -> Any:
        """The :class:`sotto.embed.AudioEncoder`. Raises BundleError where its bundle is damaged."""
        return load_encoder(self.audio, "audio", self.threads)

    @cached_property
    def speech_model(self) -> Any:
        """The :class:`sotto.SpeechModel`. Raises BundleError where its bundle is damaged."""
        from sotto.asr import load_model

        assert self.speech is not None
        return load_model(self.speech, threads=self.threads)

    @cached_property
    def tokenize(self) -> Tokenize:
        """The text encoder's tokeniser."""
        return tokenizer_of(self.text_encoder.directory)

    @cached_property
    def passage_tokens(self) -> int:
        """Of a passage at most, for this text encoder: less those that begin and end a text."""
        return min(TOKENS, int(self.text_encoder.max_length) - 2)


def load_encoder(bundle: Bundle | None, modality: str, threads: int = 0) -> Any:
    """The encoder of one modality in a bundle: of a CLIP, one of its two.

    Raises:
        BundleError: the bundle is missing, damaged, or has no such encoder.
    """
    from sotto import embed

    encoders: dict[str, Any] = {
        "text": embed.TextEncoder,
        "image": embed.ImageEncoder,
        "audio": embed.AudioEncoder,
    }
    return encoders[modality](bundle, threads=threads)


def encoder_space(bundle: Bundle, modality: str) -> str:
    """The space of a bundle's encoder, which is not loaded.

    Raises:
        BundleError: the bundle is missing, or has no such encoder.
    """
    directory = find_encoder(bundle)
    encoders = manifest_of(directory).get("encoders")
    if not isinstance(encoders, dict) or modality not in encoders:
        raise BundleError(
            f"{directory} has no encoder of {modality}: give the bundle of one that does "
            "(sotto convert makes it)"
        )
    return bundle_space(directory)


def bundle_space(directory: Path) -> str:
    """``NAME@HASH`` of a bundle: its model's name and the hash of its manifest.

    Raises:
        BundleError: there is no manifest, or none that can be read.
    """
    digest = hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()[:16]
    return f"{manifest_of(directory).get('name')}@{digest}"


def manifest_of(directory: Path) -> Manifest:
    """A bundle's manifest as it stands; loading the bundle checks the files that it lists.

    Raises:
        BundleError: there is none, or none that can be read.
    """
    path = directory / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(
            f"{path} can't be read ({error}). Make the bundle again: sotto convert"
        ) from error
    if not isinstance(manifest, dict):
        raise BundleError(f"{path} is no bundle's manifest. Make the bundle again: sotto convert")
    return manifest


def tokenizer_of(directory: Path) -> Tokenize:
    """The tokeniser of a text encoder's bundle, which finds the places of tokens in texts."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise StoreError(
            f"cutting texts needs tokenizers, which is not installed ({error}): "
            "pip install 'sotto[embed]'"
        ) from error
    text = manifest_of(directory)["encoders"]["text"]
    tokenizer = Tokenizer.from_file(str(directory / text["tokenizer"]))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def tokenize(texts: list[str]) -> list[Offsets]:
        encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
        return [encoding.offsets for encoding in encodings]

    return tokenize
