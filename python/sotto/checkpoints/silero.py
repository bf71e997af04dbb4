"""Silero VAD's weights, from the installed package silero-vad (MIT), or from Parquet or Arrow.

The package's are read from ``silero_vad.jit``, which it runs itself by default. Its
``silero_vad_16k.safetensors`` (6.2.3) holds an older model's: probabilities differ by up to 0.5.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sotto.checkpoints.arrow_file import ArrowTensors, is_arrow, write_tensors
from sotto.checkpoints.checkpoint import State, check_finite, match_shapes
from sotto.checkpoints.digest import sha256_of
from sotto.errors import CheckpointError

NAME = "silero-vad"
KIND = "vad"
"""Of its weights in Parquet or Arrow."""

PACKAGE = "silero_vad"
FILE = Path("data") / "silero_vad.jit"

STATE = 128
"""Width of the LSTM's two states."""

HOP = 128
"""Samples between two frames of the spectrum."""

BINS = 129
"""Frequencies of a frame."""

SHAPES = {
    "stft_conv.weight": (2 * BINS, 1, 2 * HOP),
    "conv1.weight": (128, BINS, 3),
    "conv1.bias": (128,),
    "conv2.weight": (64, 128, 3),
    "conv2.bias": (64,),
    "conv3.weight": (64, 64, 3),
    "conv3.bias": (64,),
    "conv4.weight": (STATE, 64, 3),
    "conv4.bias": (STATE,),
    "lstm_cell.weight_ih": (4 * STATE, STATE),
    "lstm_cell.weight_hh": (4 * STATE, STATE),
    "lstm_cell.bias_ih": (4 * STATE,),
    "lstm_cell.bias_hh": (4 * STATE,),
    "final_conv.weight": (1, STATE, 1),
    "final_conv.bias": (1,),
}
"""Of every weight, by the name that the graph gives it."""

KEYS = {
    "stft_conv.weight": "_model.stft.forward_basis_buffer",
    **{
        f"conv{i + 1}.{kind}": f"_model.encoder.{i}.reparam_conv.{kind}"
        for i in range(4)
        for kind in ("weight", "bias")
    },
    **{
        f"lstm_cell.{kind}": f"_model.decoder.rnn.{kind}"
        for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    },
    **{f"final_conv.{kind}": f"_model.decoder.decoder.2.{kind}" for kind in ("weight", "bias")},
}
"""The graph's names of the weights to the file's, of its 16 kHz model."""


@dataclass(frozen=True, eq=False)
class SileroCheckpoint:
    """The weights of the 16 kHz model, and where they are from.

    Attributes:
        state: float32 arrays with the names and shapes of ``SHAPES``.
        path: the file.
        sha256: hex digest of the file.
    """

    state: State
    path: Path
    sha256: str

    @property
    def format(self) -> str:
        """Of the file."""
        return "arrow" if is_arrow(self.path) else "torchscript"


def find_silero() -> Path:
    """The file in the installed package, which is not imported.

    Raises:
        CheckpointError: the package is not installed.
    """
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / FILE).is_file():
            return Path(folder) / FILE
    raise CheckpointError(
        f"no weights of {NAME}: pip install 'sotto[weights]', or pip install {NAME}"
    )


def load_silero(path: Path) -> SileroCheckpoint:
    """Reads ``silero_vad.jit``, or weights of kind ``vad`` in Parquet or Arrow.

    Raises:
        CheckpointError: the file can't be read, or lacks a weight of the shape expected.
    """
    try:
        state = _read_arrow(path) if is_arrow(path) else _read_torchscript(path)
    except OSError as error:
        raise CheckpointError(f"can't read {path}: {error.strerror}") from error
    check_finite(state, str(path))
    return SileroCheckpoint(state, path, sha256_of([path]))


def write_silero(checkpoint: SileroCheckpoint, path: Path) -> None:
    """Writes the weights as :func:`sotto.checkpoints.arrow_file.write_tensors`, which see."""
    source = {"checkpoint": str(checkpoint.path), "sha256": checkpoint.sha256}
    write_tensors(checkpoint.state.items(), path, KIND, {"name": NAME, "source": source})


def _read_arrow(path: Path) -> State:
    with ExitStack() as stack:
        tensors = ArrowTensors(path, stack)
        if tensors.kind != KIND:
            raise CheckpointError(f"{path} holds weights of kind {tensors.kind}, not of {NAME}")
        match_shapes(tensors.shapes(), SHAPES, NAME, str(path))
        return {key: tensors.float32(key) for key in SHAPES}


def _read_torchscript(path: Path) -> State:
    stored = load_detector(path).state_dict()
    state = {}
    for name, shape in SHAPES.items():
        found = stored.get(KEYS[name])
        if found is None or tuple(found.shape) != shape or found.dtype != torch.float32:
            raise CheckpointError(
                f"{path}: {KEYS[name]} is not float32 of shape {shape}: not the model of "
                f"{NAME} 6.2, which Sotto knows"
            )
        state[name] = found.numpy()
    return state


def load_detector(path: Path) -> Any:
    """The package's own model from ``silero_vad.jit``.

    Raises:
        CheckpointError: the file can't be read.
    """
    try:
        return torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise CheckpointError(f"{path} can't be read as {NAME}'s TorchScript: {reason}") from error


def reference_detector(checkpoint: SileroCheckpoint) -> Any:
    """The package's own model with a checkpoint's weights: what graphs are compared with.

    Raises:
        CheckpointError: the package is not installed.
    """
    model = load_detector(find_silero())
    stored = model.state_dict()
    for name, array in checkpoint.state.items():
        stored[KEYS[name]].copy_(torch.from_numpy(np.array(array)))
    return model
