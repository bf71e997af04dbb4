"""TFLite through the C++ runtime, as a user runs it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from comparison.baseline import OPTIONS
from comparison.clips import WINDOW, Clip
from comparison.result import StageResult, tokens_by_window
from sotto.asr import SpeechModel


class Runtime:
    """A bundle in the C++ runtime.

    Args:
        bundle: its directory.
        window: seconds, or 0 for the runtime's own choice by what is left of the clip.
    """

    def __init__(self, bundle: Path, window: int = WINDOW) -> None:
        self.model = SpeechModel(bundle)
        self.name = f"tflite-{self.model.precision}" + ("" if window else "-auto")
        self._window = window
        self._load_seconds = 0.0

    def transcribe(self, clip: Clip) -> StageResult:
        language = clip.language if self.model.multilingual else "en"
        result = self.model.recognize(
            clip.samples, language=language, window=self._window, **OPTIONS
        )
        # A window's graphs are loaded when it is first used, and never again.
        self._load_seconds += result.profile.load_ms / 1000
        profile = asdict(result.profile)
        return StageResult(
            stage=self.name,
            model=self.model.name,
            clip=clip.name,
            language=result.language,
            text=result.text,
            windows=tokens_by_window((part.seek, part.tokens) for part in result.segments),
            audio_seconds=clip.seconds,
            seconds=(result.profile.total_ms - result.profile.load_ms) / 1000,
            load_seconds=self._load_seconds,
            window=self._window,
            stage_seconds={
                name: profile[f"{name}_ms"] / 1000 for name in ("log_mel", "encoder", "decoder")
            },
            counters={
                name: profile[name]
                for name in ("encoder_runs", "decoder_steps", "cache_bytes_written")
            },
            language_probabilities=result.language_probabilities,
        )
