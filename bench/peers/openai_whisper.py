"""openai-whisper, float32 on the CPU: what all others are implementations of."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from peers.peer import Peer, Recogniser, Stages, write_whole


class _OpenaiWhisper(Recogniser):
    def __init__(self, model: Any) -> None:
        self._model = model

    def _run(self, samples: np.ndarray, **options: Any) -> str:
        result = self._model.transcribe(
            samples, language="en", temperature=0.0, fp16=False, **options
        )
        return str(result["text"])

    def transcribe(self, samples: np.ndarray, *, timestamps: bool) -> str:
        return self._run(samples, without_timestamps=not timestamps)

    def first_tokens(self, window: np.ndarray, count: int) -> bool:
        self._run(window, without_timestamps=True, sample_len=count)
        return True

    def stages(self, window: np.ndarray) -> Stages:
        seconds = {"encoder": 0.0, "decoder": 0.0}
        calls = {"encoder": 0, "decoder": 0}
        started = 0.0

        def begin(*_: object) -> None:
            nonlocal started
            started = time.perf_counter()

        def end(name: str) -> None:
            seconds[name] += time.perf_counter() - started
            calls[name] += 1

        hooks = []
        for name in seconds:
            module = getattr(self._model, name)
            hooks.append(module.register_forward_pre_hook(begin))
            hooks.append(module.register_forward_hook(lambda *_, name=name: end(name)))
        self.transcribe(window, timestamps=False)
        for hook in hooks:
            hook.remove()
        return Stages(seconds["encoder"] * 1000, seconds["decoder"] * 1000, calls["decoder"])


class OpenaiWhisper(Peer):
    """OpenAI's own code over its own file format, in float32: all that its CPU path has."""

    name = "openai-whisper"
    library = "whisper"
    distribution = "openai-whisper"
    settings = ("fp32",)
    # Waiting threads would spin on the cores that the others compute on.
    environment = {"OMP_WAIT_POLICY": "PASSIVE"}  # noqa: RUF012 - read only

    def prepare(self, model: str, setting: str, folder: Path) -> Path:
        path = folder / f"{model}.pt"
        if not path.is_file():
            import torch

            from sotto.checkpoints import load_checkpoint

            checkpoint = load_checkpoint(model)
            # In halves, as OpenAI publishes it.
            state = {key: torch.from_numpy(each).half() for key, each in checkpoint.state.items()}
            content = {"dims": asdict(checkpoint.dims), "model_state_dict": state}
            write_whole(path, lambda part: torch.save(content, part))
        return path

    def load(self, weights: Path, setting: str, threads: int) -> Recogniser:
        import torch
        import whisper

        torch.set_num_threads(threads)
        return _OpenaiWhisper(whisper.load_model(str(weights), device="cpu"))


PEER = OpenaiWhisper()
