"""What a checkpoint is of: a published name or a path to a model's type."""

from __future__ import annotations

import difflib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sotto.checkpoints.archive import unpacked
from sotto.checkpoints.arrow_file import ArrowTensors, is_arrow
from sotto.checkpoints.configuration import read_json, read_json_objects
from sotto.checkpoints.encoder_pipeline import MODULES
from sotto.checkpoints.hub import checkpoint_name
from sotto.checkpoints.published import PACKAGED_ENCODERS, PUBLISHED
from sotto.checkpoints.recognise import ARROW
from sotto.checkpoints.silero import NAME as SILERO
from sotto.checkpoints.tensors import ENCODER
from sotto.errors import CheckpointError

WHISPER, VAD = "whisper", "vad"
"""As kinds of :mod:`sotto.checkpoints.arrow_file`, too."""


@dataclass(frozen=True)
class Identified:
    """A checkpoint before it is read.

    Attributes:
        model_type: as Hugging Face's config.json has it (``bert``, ``clip``); ``whisper`` for one
            in any format; ``vad`` for Silero's.
        name: a published name, else the directory's or the file's.
        path: the directory; None where a published name is still to be looked for.
    """

    model_type: str
    name: str
    path: Path | None


def is_published(checkpoint: str) -> bool:
    """Whether it is a name of a model that is known here."""
    names = (SILERO, *PUBLISHED, *PACKAGED_ENCODERS)
    return checkpoint.removeprefix("sentence-transformers/") in names


def identify(checkpoint: str) -> Identified:
    """What is published as ``checkpoint``, or lies there.

    Raises:
        CheckpointError: nothing is there, or it says nowhere what it is.
    """
    if checkpoint == SILERO:
        return Identified(VAD, SILERO, None)
    if checkpoint in PUBLISHED:
        return Identified(WHISPER, checkpoint, None)
    published = checkpoint.removeprefix("sentence-transformers/")
    path = Path(checkpoint).expanduser()
    if published in PACKAGED_ENCODERS and not path.is_dir():
        folder = unpacked(published, PACKAGED_ENCODERS[published])
        return Identified(_model_type(folder), published, folder)
    if not path.exists():
        known = [*PUBLISHED, *PACKAGED_ENCODERS, SILERO]
        near = difflib.get_close_matches(published, known, n=3)
        guess = f"Did you mean {' or '.join(near)}? " if near else ""
        raise CheckpointError(
            f"{checkpoint}: no such file or directory, and nothing is published as that. "
            f"{guess}Published names: {', '.join(known)}; or a repository of Hugging Face, ORG/NAME"
        )
    if path.is_file():
        kind = _kind_of_file(path)
        if kind != ENCODER:
            return Identified(kind, path.stem, path)
        path = path.parent
    if (path / "config.json").is_file() or (path / MODULES).is_file():
        return Identified(_model_type(path), checkpoint_name(path), path)
    return Identified(WHISPER, checkpoint_name(path), path)


def _kind_of_file(path: Path) -> str:
    """Of what the file is: an encoder's lies beside the rest of its checkpoint."""
    if path.suffix == ".safetensors":
        return ENCODER
    try:
        if not is_arrow(path):
            return WHISPER  # whose reader tells the others apart
    except OSError as error:
        raise CheckpointError(f"can't read {path}: {error.strerror}") from error
    with ExitStack() as stack:
        kind = ArrowTensors(path, stack).kind
    if kind == ENCODER and path.name not in ARROW:
        raise CheckpointError(
            f"{path}: an encoder's weights are read from its folder, where they are called "
            f"{' or '.join(ARROW)}, beside config.json and tokenizer"
        )
    return kind


def config_folder(directory: Path) -> Path:
    """Where an encoder's config.json is: sentence-transformers may have put it, with the weights,
    into its first module's folder.

    Raises:
        CheckpointError: its modules.json is damaged.
    """
    if (directory / "config.json").is_file():
        return directory
    folders = [entry.get("path") for entry in read_json_objects(directory / MODULES)]
    folder = folders[0] if folders else None
    if not isinstance(folder, str) or Path(folder).name != folder:
        raise CheckpointError(f"{directory / MODULES} does not say where the encoder is")
    return directory / folder


def _model_type(directory: Path) -> str:
    """By config.json. CTranslate2 writes one that does not say it, beside a Whisper's weights."""
    path = config_folder(directory) / "config.json"
    found = read_json(path).get("model_type", WHISPER)
    if not isinstance(found, str):
        raise CheckpointError(f"{path}: model_type is {found!r:.60}, not a name")
    return found
