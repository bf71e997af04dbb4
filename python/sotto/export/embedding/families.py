"""Which checkpoints become bundles that embed, and what reads each.

A family more is a line here, and a module that gives an
:class:`~sotto.export.embedding.bundle.EmbeddingSource`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from sotto.checkpoints.identify import VAD, WHISPER, Identified
from sotto.checkpoints.image_text_reader import KINDS
from sotto.errors import CheckpointError, OptionError
from sotto.export.embedding.audio import read_audio_model
from sotto.export.embedding.bundle import EmbeddingSource
from sotto.export.embedding.image import read_image_model
from sotto.export.embedding.text import TextOptions, read_text_model


@dataclass(frozen=True)
class EmbeddingOptions:
    """What graphs an embedding model gets.

    Attributes:
        lengths: tokens of text graphs; None: the family's own.
        batches: inputs that a graph takes at once; None: the family's own.
    """

    lengths: tuple[int, ...] | None = None
    batches: tuple[int, ...] | None = None


Reader = Callable[[Identified, EmbeddingOptions], EmbeddingSource]


def _text(found: Identified, options: EmbeddingOptions) -> EmbeddingSource:
    assert found.path is not None  # only a Whisper's name is looked for later
    return read_text_model(found.path, found.name, _of_text(options))


def _image(found: Identified, options: EmbeddingOptions) -> EmbeddingSource:
    assert found.path is not None
    return read_image_model(found.path, found.name, _of_text(options))


def _of_text(options: EmbeddingOptions) -> TextOptions:
    """Batches that were asked for are made whatever they take."""
    if options.batches is None:
        return TextOptions(options.lengths)
    return TextOptions(options.lengths, options.batches, tokens=None)


def _audio(found: Identified, options: EmbeddingOptions) -> EmbeddingSource:
    if options.lengths is not None or options.batches is not None:
        raise OptionError("lengths and batches are options of models of text and of images")
    return read_audio_model(found.path or found.name)


READERS: dict[str, Reader] = {
    "bert": _text,
    "roberta": _text,
    "xlm-roberta": _text,
    "camembert": _text,
    "distilbert": _text,
    "mpnet": _text,
    **dict.fromkeys(KINDS, _image),
    WHISPER: _audio,
}
"""By ``model_type``."""


def read_embedding_source(found: Identified, options: EmbeddingOptions) -> EmbeddingSource:
    """Reads a checkpoint of a family that embeds.

    Raises:
        CheckpointError: it is of another family, or damaged.
        OptionError: an option is out of range.
    """
    if found.model_type not in READERS:
        known = list(READERS)
        near = difflib.get_close_matches(found.model_type, known, n=3, cutoff=0.5)
        guess = f"the nearest are {', '.join(near)}; " if near else ""
        raise CheckpointError(
            f"{found.path or found.name} is a {found.model_type!r:.60} model, which has no graph "
            f"here: {guess}there are graphs for {', '.join(known)} and {VAD} (silero-vad)"
        )
    return READERS[found.model_type](found, options)
