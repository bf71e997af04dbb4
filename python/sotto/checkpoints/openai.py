"""OpenAI's ``.pt`` checkpoints, and fine-tuned ones saved in the same layout.

A torch archive of ``{"dims": {...}, "model_state_dict": {key: tensor}}``, as
``whisper/__init__.py: load_model`` reads it. This is the only reader that needs torch, and
imports it when called.
"""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sotto.checkpoints.checkpoint import Contents, State, WhisperDims, check_shapes, listed
from sotto.errors import CheckpointError

if TYPE_CHECKING:
    import torch


def read_openai(path: Path) -> Contents:
    """Read the checkpoint at ``path``; nothing in the file is executed.

    Raises:
        CheckpointError: torch is missing; the file is damaged, holds pickled objects, is no
            Whisper, or its tensors are not those its dims promise.
    """
    source = str(path)
    content = _load(path)
    if not (isinstance(content, dict) and {"dims", "model_state_dict"} <= content.keys()):
        raise CheckpointError(f"{source} is a torch file but no Whisper: {_describe(content)}")
    dims, tensors = content["dims"], content["model_state_dict"]
    if not isinstance(dims, dict) or not isinstance(tensors, dict):
        raise CheckpointError(f"{source}: dims and model_state_dict must both be dictionaries")
    whisper_dims = WhisperDims.from_mapping(dims, source)
    shapes = {str(key): tuple(getattr(value, "shape", ())) for key, value in tensors.items()}
    check_shapes(shapes, whisper_dims, source)
    _check_storage(tensors, path)
    state: State = {}
    for key in list(tensors):
        state[key] = _float32(tensors.pop(key))
    return Contents(whisper_dims, state)


def _load(path: Path) -> Any:
    try:
        import torch
    except ImportError as error:
        raise CheckpointError(
            f"reading {path} needs torch: pip install 'sotto[convert]', or pass the model as "
            "Hugging Face safetensors or CTranslate2"
        ) from error
    try:
        # Mapping needs the zip form (before torch 1.6 it was one pickle stream), and a path,
        # whose extension torch believes.
        if zipfile.is_zipfile(path) and path.suffix != ".safetensors":
            return torch.load(str(path), map_location="cpu", weights_only=True, mmap=True)
        with path.open("rb") as file:
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is no plain checkpoint: torch refused to load it without running code from "
            "it, or it is damaged. Save dims and model_state_dict alone "
            f"(torch.save of plain dictionaries). Torch said: {_first_line(error)}"
        ) from error
    except Exception as error:  # whatever a damaged archive makes torch raise
        raise CheckpointError(
            f"{path} can't be read as a torch file: truncated or damaged. Get it again. "
            f"Torch said: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]:.200}"


def _describe(content: object) -> str:
    if not isinstance(content, dict):
        return f"it holds a {type(content).__name__}, not dims and model_state_dict"
    keys = [str(key) for key in content]
    found = f"it holds {listed(keys) or 'nothing'}, not dims and model_state_dict"
    if any("encoder.layers." in key for key in keys):
        found += (
            ". These are a Hugging Face model's keys: save it with save_pretrained as "
            "safetensors and pass the directory"
        )
    return found


def _check_storage(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Refuse tensors that claim more than the file holds (strides of 0 make that cheap)."""
    import torch

    total = 0
    for key, tensor in tensors.items():
        plain = (
            isinstance(tensor, torch.Tensor)
            and tensor.layout == torch.strided
            and tensor.device.type == "cpu"
            and tensor.is_floating_point()
        )
        if not plain:
            raise CheckpointError(f"{path}: {key} is not a plain tensor of floats")
        total += tensor.numel() * tensor.element_size()
    size = path.stat().st_size
    if total > size:
        raise CheckpointError(
            f"{path} is damaged: its tensors claim {total} bytes, the file has {size}"
        )


def _float32(tensor: torch.Tensor) -> np.ndarray:
    """A copy as contiguous float32, off the mapped file."""
    import torch

    copied = tensor.detach().to(torch.float32, copy=True, memory_format=torch.contiguous_format)
    array: np.ndarray = copied.numpy()
    return array
