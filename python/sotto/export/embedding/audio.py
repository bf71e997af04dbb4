"""Whisper's encoder for :mod:`sotto.export.embedding.bundle`: recordings to vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sotto.bundle import AudioEncoder, Embedder, Embedding, Signature
from sotto.bundle.graph import FRAMES_PER_SECOND
from sotto.checkpoints import Checkpoint, load_checkpoint
from sotto.checkpoints.encoder import Gelu
from sotto.checkpoints.hub import bundle_source
from sotto.errors import OptionError
from sotto.export.embedding.bundle import EmbeddingSource
from sotto.export.quantize.precision import Precision
from sotto.export.recording import packaged_recording
from sotto.export.whisper.reference import Reference
from sotto.export.whisper.vocabulary import write_mel_filters
from sotto.graphs.signatures import pooled_encoder
from sotto.graphs.whisper import PooledEncoder
from sotto.preprocess import read_audio

MEL_FILTERS = "mel_filters.npy"

WINDOWS = (5, 10, 30)
"""Seconds. The longest is openai-whisper's only one, and costs more than ten times the shortest."""

SUFFIX = "-embed"
"""Of the bundle's name: one that transcribes has the checkpoint's own."""


@dataclass(frozen=True)
class AudioOptions:
    """What graphs an audio encoder gets.

    Attributes:
        windows: seconds of audio that a graph takes; a recording takes the shortest that it fits
            in, a longer one the longest again and again.
        gelu: ``erf`` as the model was trained, or ``tanh`` as the NPU computes it.
    """

    windows: tuple[int, ...] = WINDOWS
    gelu: Gelu = "erf"

    def validate(self, checkpoint: Checkpoint) -> None:
        """Raises OptionError where a value does not fit the checkpoint."""
        longest = checkpoint.dims.n_audio_ctx * 2 // FRAMES_PER_SECOND
        if not self.windows or any(not 1 <= seconds <= longest for seconds in self.windows):
            raise OptionError(f"windows {self.windows}: expected 1 to {longest} seconds each")
        if self.gelu not in ("erf", "tanh"):
            raise OptionError(f"gelu {self.gelu!r}: expected erf or tanh")


def read_audio_model(
    model: str | Path, speech: np.ndarray | None = None, options: AudioOptions | None = None
) -> EmbeddingSource:
    """Reads a Whisper's checkpoint for its encoder.

    Args:
        model: name or path, as :func:`sotto.checkpoints.load_checkpoint` takes it.
        speech: real speech for the comparison with openai-whisper, float32 ``[samples]`` at
            16 kHz; None: an installed package's recording.
        options: see :class:`AudioOptions`.

    Raises:
        AudioError: there is no packaged recording.
        CheckpointError: a file is missing, damaged, or of another model.
        OptionError: an option is out of range.
    """
    options, checkpoint = options or AudioOptions(), load_checkpoint(str(model))
    options.validate(checkpoint)
    if speech is None:
        speech = read_audio(packaged_recording())
    return EmbeddingSource(
        name=f"whisper-{checkpoint.name.removeprefix('whisper-')}{SUFFIX}",
        family="whisper",
        source=bundle_source(checkpoint.source, checkpoint.format, checkpoint.sha256),
        dimensions=checkpoint.dims.n_audio_state,
        embedding=Embedding(normalize=True),
        towers=[AudioTower(checkpoint, speech, sorted(set(options.windows)), options.gelu)],
    )


@dataclass(frozen=True, eq=False)
class AudioTower:
    """Whisper's encoder as :class:`sotto.export.embedding.bundle.Tower` has it.

    Attributes:
        checkpoint: the weights.
        speech: float32 ``[samples]`` at 16 kHz, for the comparison.
        windows: seconds, in order.
        gelu: of the graphs, and of openai-whisper in the comparison.
    """

    checkpoint: Checkpoint
    speech: np.ndarray
    windows: list[int]
    gelu: Gelu
    modality: str = "audio"

    def graphs(self) -> list[tuple[Signature, Callable[[], nn.Module]]]:
        """A graph for each window."""
        weights, dims = self.checkpoint.state, self.checkpoint.dims
        return [
            (
                pooled_encoder(dims, seconds),
                partial(PooledEncoder, weights, dims, seconds * FRAMES_PER_SECOND, self.gelu),
            )
            for seconds in self.windows
        ]

    def describe(self, directory: Path, precision: Precision) -> AudioEncoder:
        """Writes the mel filters."""
        write_mel_filters(self.checkpoint.dims, directory / MEL_FILTERS)
        return AudioEncoder(graphs=(), gelu=self.gelu, mel_filters=MEL_FILTERS)

    def sample(
        self, directory: Path, component: Embedder, signature: Signature
    ) -> list[np.ndarray]:
        """The start of the recording, every other position of what it holds."""
        log_mel, pool = signature.inputs
        frames = log_mel.shape[-1]
        weights = np.zeros(pool.shape, np.float32)
        heard = min(frames, len(self.speech) * FRAMES_PER_SECOND // 16000) // 2
        weights[..., :heard:2] = 1
        return [self._reference.window(frames).numpy(), weights / weights.sum()]

    def expected(self, directory: Path, component: Embedder, signature: Signature) -> np.ndarray:
        """openai-whisper's features of the same positions."""
        log_mel, pool = self.sample(directory, component, signature)
        features = self._reference.features(log_mel.shape[-1])
        return (torch.from_numpy(pool) @ features)[:, 0].numpy()

    @cached_property
    def _reference(self) -> Reference:
        return Reference(self.checkpoint, self.speech, self.gelu)
