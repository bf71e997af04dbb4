"""A Whisper's weights as an Arrow table (``arrow_file.py``), whose metadata has the rest of it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from sotto.checkpoints.alignment import read_alignment_heads
from sotto.checkpoints.arrow_file import ArrowTensors, write_tensors
from sotto.checkpoints.checkpoint import Checkpoint, Contents, WhisperDims, check_shapes
from sotto.errors import CheckpointError

KIND = "whisper"


def write_arrow(checkpoint: Checkpoint, path: Path) -> None:
    """Writes a checkpoint's weights, whole or not at all.

    Args:
        checkpoint: of any source.
        path: as :func:`sotto.checkpoints.arrow_file.write_tensors` takes it.

    Raises:
        OutputError: as there.
    """
    described = {
        "name": checkpoint.name,
        "dims": asdict(checkpoint.dims),
        "alignment_heads": checkpoint.alignment_heads,
        "source": {
            "checkpoint": checkpoint.source,
            "format": checkpoint.format,
            "sha256": checkpoint.sha256,
        },
    }
    write_tensors(checkpoint.state.items(), path, KIND, described)


def read_arrow(path: Path) -> Contents:
    """Reads what :func:`write_arrow` wrote. Of an IPC file, arrays are views of the mapped file.

    Raises:
        CheckpointError: pyarrow is not installed; the file is damaged, has other columns, is of
            no Whisper, or its tensors are not those of its dims.
    """
    source = str(path)
    with ExitStack() as stack:
        tensors = ArrowTensors(path, stack)
        if tensors.kind != KIND:
            raise CheckpointError(f"{path} holds weights of kind {tensors.kind}, not of a Whisper")
        dims = WhisperDims.from_mapping(tensors.described.get("dims") or {}, source)
        heads = read_alignment_heads(tensors.described.get("alignment_heads"), dims, source)
        shapes = tensors.shapes()
        check_shapes(shapes, dims, source)
        return Contents(dims, {key: tensors.float32(key) for key in shapes}, heads)
