"""A checkpoint's tensors, in whichever format its files have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from sotto.checkpoints.arrow_file import ArrowTensors, is_arrow
from sotto.checkpoints.safetensors_files import SafeTensors
from sotto.errors import CheckpointError

Tensors = SafeTensors | ArrowTensors

ENCODER = "encoder"
"""Kind of weights in Parquet or Arrow that have their configuration beside them."""


def open_tensors(
    paths: Sequence[Path], stack: ExitStack, full: Callable[[str], str] = lambda stored: stored
) -> Tensors:
    """The tensors of safetensors files, or of one in Parquet or Arrow, as an encoder's reader
    knows them.

    Args:
        paths: the files; of several, shards.
        stack: closes them.
        full: a stored key to the one that the reader knows, where prefixes come and go.

    Raises:
        CheckpointError: a library is not installed, a file is damaged or of another kind of model,
            or a key is stored twice.
    """
    if len(paths) != 1 or not is_arrow(paths[0]):
        return SafeTensors(paths, stack, full)
    tensors = ArrowTensors(paths[0], stack, full)
    if tensors.kind != ENCODER:
        raise CheckpointError(
            f"{paths[0]} holds weights of kind {tensors.kind}, and an encoder's lie beside its "
            "config.json"
        )
    return tensors
