"""openai-whisper's encoder in float32, its features pooled by their mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embedders.embedder import Embedder, Encode, normalised


class OpenAiWhisperAudio(Embedder):
    """Of 30 s each, which is what it takes."""

    name = "openai-whisper"

    def prepare(self, checkpoint: Path, folder: Path) -> Path:
        from peers import peer_named

        return peer_named("openai-whisper").prepare(checkpoint.name, "fp32", folder)

    def load(self, weights: Path, threads: int) -> Encode:
        import torch
        import whisper

        torch.set_num_threads(threads)
        model = whisper.load_model(str(weights), device="cpu")

        def encode(items: Sequence[Any], batch: int) -> np.ndarray:
            found = []
            with torch.inference_mode():
                for start in range(0, len(items), batch):
                    mels = [
                        whisper.log_mel_spectrogram(whisper.pad_or_trim(torch.from_numpy(item)))
                        for item in items[start : start + batch]
                    ]
                    found.append(model.embed_audio(torch.stack(mels)).mean(dim=1).numpy())
            return normalised(np.concatenate(found))

        return encode
