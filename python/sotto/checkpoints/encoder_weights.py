"""An encoder's weights from one format to another, under the names that its checkpoint has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sotto.checkpoints.arrow_file import is_arrow, write_tensors
from sotto.checkpoints.digest import sha256_of
from sotto.checkpoints.recognise import SAFETENSORS, encoder_weights
from sotto.checkpoints.tensors import ENCODER, open_tensors
from sotto.errors import OutputError


def write_encoder_weights(folder: Path, name: str, path: Path) -> None:
    """Writes an encoder's weights as Parquet or Arrow, whole or not at all.

    Args:
        folder: with its config.json and weights.
        name: of the model.
        path: as :func:`sotto.checkpoints.arrow_file.write_tensors` takes it. As ``model.parquet``
            or ``model.arrow`` it takes the place of safetensors beside config.json.

    Raises:
        CheckpointError: the weights are missing or damaged.
        OutputError: ``path`` can't be written.
    """
    weights = encoder_weights(folder).weights
    described = {"name": name, "source": {"checkpoint": str(folder), "sha256": sha256_of(weights)}}
    with ExitStack() as stack:
        tensors = open_tensors(weights, stack)
        state = ((key, tensors.float32(key)) for key in tensors.floats())
        write_tensors(state, path, ENCODER, described)


@contextmanager
def with_safetensors(folder: Path) -> Iterator[Path]:
    """An encoder's folder as transformers reads it: itself, or links to it with its weights in
    Parquet or Arrow as safetensors, which are there for the time being.

    Raises:
        CheckpointError: as :func:`write_encoder_weights`.
        OutputError: they can't be written, for example because the disk is full.
    """
    weights = encoder_weights(folder).weights
    if not is_arrow(weights[0]):
        yield folder
        return
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    with TemporaryDirectory(prefix="sotto-encoder-") as temporary, ExitStack() as stack:
        for file in folder.iterdir():
            if file.is_file() and file not in weights:
                (Path(temporary) / file.name).symlink_to(file.resolve())
        tensors = open_tensors(weights, stack)
        state = {key: tensors.float32(key) for key in tensors.floats()}
        try:
            save_file(state, Path(temporary) / SAFETENSORS, metadata={"format": "pt"})
        except (OSError, SafetensorError) as error:
            raise OutputError(
                f"can't write {SAFETENSORS} in {temporary} ({error}); TMPDIR names another folder"
            ) from error
        yield Path(temporary)
