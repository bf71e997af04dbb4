"""From a name or a path to a checked checkpoint."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from sotto.checkpoints.alignment import decode_alignment_heads
from sotto.checkpoints.arrow import read_arrow
from sotto.checkpoints.checkpoint import Checkpoint, Contents, check_finite
from sotto.checkpoints.ctranslate2 import read_ctranslate2
from sotto.checkpoints.digest import sha256_of
from sotto.checkpoints.find_weights import locate
from sotto.checkpoints.huggingface import read_huggingface
from sotto.checkpoints.openai import read_openai
from sotto.checkpoints.published import PUBLISHED, PublishedModel
from sotto.checkpoints.recognise import WeightFiles
from sotto.errors import CheckpointError

logger = logging.getLogger(__name__)


def load_checkpoint(
    name_or_path: str | Path | Sequence[str | Path],
    *,
    download: bool = True,
    cache: Path | None = None,
    published: Mapping[str, PublishedModel] = PUBLISHED,
) -> Checkpoint:
    """Load a Whisper checkpoint of any supported kind, in the canonical layout.

    A published name (``base``, ``tiny.en``, ``turbo``) is looked for as ``./base.pt`` and
    ``./base/``, in openai-whisper's cache, in installed weight packages, and then
    downloaded into that cache. A path is an OpenAI ``.pt``, a Hugging Face directory with
    safetensors, a CTranslate2 directory or ``model.bin``, weights in Parquet or Arrow IPC
    (``checkpoints/arrow.py``), or any part of a split ``model.bin`` whose parts lie together; a
    sequence of paths is the parts of one that lie apart. The kind is told by content. Nothing
    stored in a checkpoint is executed.

    Args:
        name_or_path: published name, path, or the paths of all parts in order.
        download: whether a published name may be downloaded.
        cache: directory of downloaded files; openai-whisper's own by default
            (``$XDG_CACHE_HOME/whisper``, else ``~/.cache/whisper``).
        published: the names that are known, and where each is to be had.

    Returns:
        The checkpoint; ``state`` has exactly the canonical keys and shapes for ``dims``,
        float32, every value finite.

    Raises:
        CheckpointError: nothing of that name or path; a download failed or has another
            sha256; the files are damaged, incomplete, or not a Whisper.
    """
    located = locate(name_or_path, download=download, cache=cache, published=published)
    logger.info("reading %s from %s", located.name, located.source)
    sha256 = located.sha256 or sha256_of(located.files.weights)
    try:
        contents = _read(located.files)
    except OSError as error:
        raise CheckpointError(f"can't read {located.source}: {error}") from error
    check_finite(contents.state, located.source)
    heads = contents.alignment_heads
    if heads is None:
        # By digest, not by name: a fine-tuned base.pt need not have base's heads.
        dumps = {model.sha256: model.alignment_heads for model in published.values()}
        if dump := dumps.get(sha256):
            heads = decode_alignment_heads(dump, contents.dims)
    return Checkpoint(
        name=located.name,
        dims=contents.dims,
        state=contents.state,
        format=located.files.format,
        source=located.source,
        sha256=sha256,
        alignment_heads=heads,
    )


def _read(files: WeightFiles) -> Contents:
    match files.format:
        case "openai":
            return read_openai(files.weights[0])
        case "huggingface":
            return read_huggingface(files.weights)
        case "ctranslate2":
            return read_ctranslate2(files.weights)
        case "arrow":
            return read_arrow(files.weights[0])
