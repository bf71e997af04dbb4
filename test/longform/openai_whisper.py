"""What openai-whisper's ``transcribe`` gives for a recording: the reference of these tests.

It takes seconds a recording, so its results are kept in pytest's cache (``pytest
--cache-clear`` forgets them) under all that they depend on: weights, samples, options, versions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import whisper
from comparison.baseline import Baseline
from comparison.recording_whisper import DecodedWindow
from comparison.result import Choice
from comparison.whisper_manifest import is_multilingual
from whisper.tokenizer import Tokenizer

from sotto.bundle import Decoder, read_manifest

FORMAT = 1
"""Of what is kept; another number forgets it."""


@dataclass(frozen=True)
class Expected:
    """openai-whisper's result.

    Attributes:
        result: text, segments and language, as ``whisper.transcribe`` gives them.
        windows: every decoding, in order: tokens, temperature, what was chosen from.
        tokenizer: spells tokens.
    """

    result: dict[str, Any]
    windows: list[DecodedWindow]
    tokenizer: Tokenizer

    @property
    def text(self) -> str:
        """Of all segments."""
        text: str = self.result["text"]
        return text

    @property
    def segments(self) -> list[dict[str, Any]]:
        """As dictionaries: id, seek, start, end, text, tokens, …, words."""
        segments: list[dict[str, Any]] = self.result["segments"]
        return segments


def cache_of(config: pytest.Config) -> pytest.Cache | None:
    """pytest's cache; None where it runs without: ``-p no:cacheprovider``."""
    return getattr(config, "cache", None)


class OpenaiWhisper:
    """One checkpoint in openai-whisper, float32 on the CPU.

    Args:
        bundle: of the same weights.
        load: gives the model; called when something has to be computed.
        cache: pytest's; None: nothing is kept.
    """

    def __init__(
        self, bundle: Path, load: Callable[[], Baseline], cache: pytest.Cache | None
    ) -> None:
        self._manifest = read_manifest(bundle)
        self._load = load
        self._cache = cache

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Of transcribing English; the ids are those of every language."""
        multilingual = is_multilingual(self._manifest)
        vocabulary = self._manifest.need(Decoder).spec.vocabulary
        languages = vocabulary - 51765 - int(multilingual)  # Whisper.num_languages
        return whisper.tokenizer.get_tokenizer(
            multilingual, num_languages=languages, language="en", task="transcribe"
        )

    def transcribe(self, samples: np.ndarray, **options: Any) -> Expected:
        """``whisper.transcribe(samples, temperature=0.0, **options)``."""
        options = {"temperature": 0.0, **options}

        def compute() -> dict[str, Any]:
            model = self._load().model
            model.forget()
            result = whisper.transcribe(model, samples.copy(), fp16=False, **options)
            return {"result": result, "windows": [asdict(window) for window in model.windows]}

        found = self._kept("transcribe", samples, options, compute)
        windows = [
            DecodedWindow(**{**w, "choices": [Choice(**choice) for choice in w["choices"]]})
            for w in found["windows"]
        ]
        return Expected(found["result"], windows, self.tokenizer)

    def language_probabilities(self, samples: np.ndarray) -> dict[str, float]:
        """By code, of the first 30 s of the log-mel of all samples, as ``transcribe`` does it."""

        def compute() -> dict[str, float]:
            model = self._load().model
            mel = whisper.log_mel_spectrogram(samples.copy(), model.dims.n_mels, padding=480_000)
            window = whisper.pad_or_trim(mel, whisper.audio.N_FRAMES)
            _, probabilities = model.detect_language(window)
            return dict(probabilities)

        found: dict[str, float] = self._kept("language", samples, {}, compute)
        return found

    def _kept(
        self, what: str, samples: np.ndarray, options: dict[str, Any], compute: Callable[[], Any]
    ) -> Any:
        inputs = {
            "format": FORMAT,
            "weights": self._manifest.source.sha256,
            "versions": [version(name) for name in ("openai-whisper", "torch", "numpy")],
            "samples": hashlib.sha256(samples.tobytes()).hexdigest(),
            "options": options,
        }
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        key = f"openai-whisper/{what}-{digest}"
        found = self._cache.get(key, None) if self._cache else None
        if found is None:
            # Through JSON also where it is new: numpy's numbers and tuples become plain ones.
            found = json.loads(json.dumps(compute(), default=float))
            if self._cache:
                self._cache.set(key, found)
        return found
