"""openai-whisper's ``transcribe`` over step 1's TorchScript graphs and the bundle's tables.

Its own loop decodes, so that a difference from the baseline is one of the graphs or tables.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from whisper.decoding import DecodingOptions, DecodingTask, Inference
from whisper.model import ModelDimensions

from comparison.baseline import transcribe_clip
from comparison.clips import WINDOW, Clip
from comparison.recording_whisper import RecordingWhisper
from comparison.result import StageResult
from comparison.whisper_manifest import dims_of, windows
from sotto._runtime import KvCache
from sotto.bundle import Decoder, DecoderSpec, Signature, read_manifest
from sotto.export.whisper.text_run import Run, Tensors
from sotto.export.whisper.torch_graph import cross_of, run_of


class TorchScriptStage:
    """``torchscript/*.pt`` of a bundle, in its 30 s window."""

    name = "torchscript"

    def __init__(self, bundle: Path) -> None:
        started = time.perf_counter()
        manifest = read_manifest(bundle)
        # Its random weights stay unused: the graphs have their own.
        self._model = _TorchScriptWhisper(ModelDimensions(**dims_of(manifest)))
        self._model.load(bundle)
        self._checkpoint = manifest.name
        self._load_seconds = time.perf_counter() - started

    def transcribe(self, clip: Clip) -> StageResult:
        return transcribe_clip(self.name, self._checkpoint, self._model, clip, self._load_seconds)


class _TorchScriptWhisper(RecordingWhisper):
    """Decodes greedily through an encoder graph and a decoder step."""

    def load(self, bundle: Path) -> None:
        """Reads the graphs and the tables of a bundle."""
        manifest = read_manifest(bundle)
        window = next(w for w in windows(manifest, torchscript=True) if w.seconds == WINDOW)
        self._encoder, self._step = (
            torch.jit.load(str(bundle / graph.file))  # type: ignore[no-untyped-call]
            for graph in (window.encoder, window.step)
        )
        self._rows = _EmbeddingRows(bundle)
        self._signature, self._spec = window.step, manifest.need(Decoder).spec

    def decoding_task(self, mel: Tensor, options: DecodingOptions) -> DecodingTask:
        task = DecodingTask(self, options)
        cross = cross_of(self._signature, self._encoder(mel[None]))
        run = run_of(self._step, self._signature)
        task.inference = _StepInference(run, self._signature, self._spec, cross, self._rows)
        return task

    def decoder_input(self, mel: Tensor) -> Tensor:
        """In the shape of encoded audio, which the task takes as it is; nothing reads it."""
        return torch.zeros(1, self.dims.n_audio_ctx, self.dims.n_audio_state)


class _EmbeddingRows:
    """The token's row and the position's, from the bundle's tables."""

    def __init__(self, bundle: Path) -> None:
        manifest = read_manifest(bundle)
        assert manifest.torchscript is not None
        table = manifest.torchscript.token_embedding
        assert table is not None
        self._rows = np.load(bundle / table.file, mmap_mode="r")
        self._scales = np.load(bundle / table.scales) if table.scales else None
        self._positions = np.load(bundle / manifest.need(Decoder).position_embedding)

    def hidden(self, token: int, position: int) -> np.ndarray:
        """``[1, width]``: the sum of the two."""
        row = self._rows[token].astype(np.float32)
        if self._scales is not None:
            row *= self._scales[token]
        found: np.ndarray = (row + self._positions[position])[None]
        return found


class _StepInference(Inference):
    """One sequence, token by token over the step's caches."""

    def __init__(
        self, run: Run, step: Signature, spec: DecoderSpec, cross: Tensors, rows: _EmbeddingRows
    ) -> None:
        logits: list[np.ndarray] = []

        # No method: the cache would hold what holds it, hidden from Python's collector.
        def computed(signature: str, inputs: Tensors) -> Tensors:
            outputs = run(signature, inputs)
            logits.append(outputs["logits"][0, 0])
            return outputs

        self._step, self._rows, self._logits = step, rows, logits
        self._cache = KvCache(spec, cross, computed)

    def logits(self, tokens: Tensor, audio_features: Tensor) -> Tensor:
        """``[1, n, V]`` for the n tokens that were not here before."""
        self._logits.clear()
        for token in tokens[0, self._cache.position :].tolist():
            hidden = self._rows.hidden(token, self._cache.position)
            self._cache.advance(self._step, hidden)
        return torch.from_numpy(np.stack(self._logits))[None]
