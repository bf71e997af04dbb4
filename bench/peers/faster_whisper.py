"""faster-whisper: Whisper on CTranslate2."""

from __future__ import annotations

import importlib.util
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from peers.peer import Peer, Recogniser, Stages, write_whole
from sotto.checkpoints.published import PACKAGED
from sotto.errors import CheckpointError

BESIDE = ("config.json", "tokenizer.json", "vocabulary.txt")


class _FasterWhisper(Recogniser):
    def __init__(self, model: Any) -> None:
        self._model = model

    def _run(self, samples: np.ndarray, **options: Any) -> str:
        segments, _ = self._model.transcribe(
            samples, language="en", beam_size=1, temperature=0.0, vad_filter=False, **options
        )
        return "".join(segment.text for segment in segments)

    def transcribe(self, samples: np.ndarray, *, timestamps: bool) -> str:
        return self._run(samples, without_timestamps=not timestamps)

    def first_tokens(self, window: np.ndarray, count: int) -> bool:
        self._run(window, without_timestamps=True, max_new_tokens=count)
        return True

    def stages(self, window: np.ndarray) -> Stages:
        watched = _Watched(self._model.model)
        self._model.model = watched
        try:
            self.transcribe(window, timestamps=False)
        finally:
            self._model.model = watched.model
        return Stages(watched.encoder * 1000, watched.decoder * 1000, watched.steps)


class _Watched:
    """ctranslate2.models.Whisper with a clock at its two calls.

    Attributes:
        encoder: seconds in ``encode``.
        decoder: seconds in ``generate``, which projects the encoder's output, too.
        steps: tokens that were sampled, with the end of text.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.encoder = self.decoder = 0.0
        self.steps = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def encode(self, *args: Any, **options: Any) -> Any:
        started = time.perf_counter()
        result = self.model.encode(*args, **options)
        self.encoder += time.perf_counter() - started
        return result

    def generate(self, *args: Any, **options: Any) -> Any:
        started = time.perf_counter()
        result = self.model.generate(*args, **options)
        self.decoder += time.perf_counter() - started
        self.steps += len(result[0].sequences_ids[0]) + 1
        return result


def packaged_files(model: str) -> tuple[list[Path], Path]:
    """The parts of ``model.bin``, and the folder of what lies beside it.

    Raises:
        CheckpointError: no installed package carries the model for CTranslate2.
    """
    parts: list[Path] = []
    for package, file in PACKAGED[model].parts if model in PACKAGED else ():
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            parts += [Path(folder) / file]
    if not parts or not all(part.is_file() for part in parts):
        raise CheckpointError(f"no package with {model} for CTranslate2: install sotto[weights]")
    return parts, parts[0].parent


class FasterWhisper(Peer):
    """Its model's weights are float16 on disk; each setting converts them while loading."""

    name = "faster-whisper"
    library = "faster_whisper"
    distribution = "faster-whisper"
    settings = ("int8", "int8_float32", "float32")

    def prepare(self, model: str, setting: str, folder: Path) -> Path:
        parts, beside = packaged_files(model)
        target = folder / model
        target.mkdir(exist_ok=True)
        for name in BESIDE:
            shutil.copyfile(beside / name, target / name)
        whole = target / "model.bin"
        if not whole.is_file():
            write_whole(whole, lambda part: _join(parts, part))
        return target

    def load(self, weights: Path, setting: str, threads: int) -> Recogniser:
        from faster_whisper import WhisperModel

        return _FasterWhisper(
            WhisperModel(
                str(weights),
                device="cpu",
                compute_type=setting,
                cpu_threads=threads,
                local_files_only=True,
            )
        )


def _join(parts: list[Path], target: Path) -> None:
    with target.open("wb") as file:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file)


PEER = FasterWhisper()
