"""Repositories of Hugging Face's hub: ``ORG/NAME`` becomes a directory of its cache.

``huggingface_hub`` does the work, so that its environment variables mean what they mean elsewhere:
``HF_ENDPOINT`` names the server, ``HF_TOKEN`` who asks, ``HF_HUB_OFFLINE`` forbids the network, and
``HF_HOME`` is where the cache is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sotto.bundle import Source
from sotto.checkpoints.configuration import read_json
from sotto.errors import CheckpointError

_REPOSITORY = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w.-][\w./-]*))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")

DESCRIPTIONS = ("*.json", "*.txt", "*.model")
"""What says how a model is made, and its tokenizer; small."""

WEIGHTS = ("model.safetensors", "[0-9]_*/model.safetensors")
"""Weights in one file, also in a module's folder of sentence-transformers."""

_INDEX = "model.safetensors.index.json"
_OTHERS = ("onnx/*", "openvino/*")
"""Folders with the same model for other runtimes."""


@dataclass(frozen=True)
class Snapshot:
    """A repository's files at one commit, in the hub's cache.

    Attributes:
        repository: ``ORG/NAME``.
        revision: the commit, 40 hexadecimal digits.
    """

    repository: str
    revision: str

    @classmethod
    def at(cls, directory: Path) -> Snapshot | None:
        """Of what the hub's cache keeps in that directory; None where it is another.

        The cache's layout is the hub's own: ``models--ORG--NAME/snapshots/COMMIT``.
        """
        parts = directory.absolute().parts[-3:]
        if len(parts) < 3 or parts[1] != "snapshots" or not _COMMIT.fullmatch(parts[2]):
            return None
        kind, *names = parts[0].split("--")
        return cls("/".join(names), parts[2]) if kind == "models" and names else None

    def __str__(self) -> str:
        return f"{self.repository}@{self.revision}"


def checkpoint_name(directory: Path) -> str:
    """A repository's last part, else the directory's own name."""
    snapshot = Snapshot.at(directory)
    return snapshot.repository.rpartition("/")[2] if snapshot else directory.absolute().name


def checkpoint_source(directory: Path) -> str:
    """Where a checkpoint is from, for people: ``ORG/NAME@COMMIT``, else the directory."""
    return str(Snapshot.at(directory) or directory)


def bundle_source(checkpoint: str, kind: str, sha256: str) -> Source:
    """A manifest's entry.

    Args:
        checkpoint: as :func:`checkpoint_source` says it.
        kind: the format of its files.
        sha256: of its weights.
    """
    repository, at, revision = checkpoint.rpartition("@")
    if at and _REPOSITORY.fullmatch(checkpoint) and _COMMIT.fullmatch(revision):
        return Source(repository, kind, sha256, revision=revision)
    return Source(checkpoint, kind, sha256)


def is_repository(checkpoint: str) -> bool:
    """Whether it is written ``ORG/NAME``, or ``ORG/NAME@REVISION``, and no such path is there."""
    return bool(_REPOSITORY.fullmatch(checkpoint)) and not Path(checkpoint).exists()


def fetch_repository(checkpoint: str) -> Path:
    """The files of a repository that make a checkpoint, downloaded where they are not cached.

    Weights are taken as safetensors alone: other formats hold programs.

    Args:
        checkpoint: ``ORG/NAME``, or ``ORG/NAME@REVISION`` with a branch, a tag or a commit.

    Returns:
        The directory, of which :class:`Snapshot` knows the commit.

    Raises:
        CheckpointError: huggingface_hub is not installed; there is no such repository or revision,
            or it asks for a token; the server can't be reached, or must not, and the files are not
            cached; it has no safetensors; the disk is full.
    """
    match = _REPOSITORY.fullmatch(checkpoint)
    if match is None:
        raise CheckpointError(f"{checkpoint}: expected ORG/NAME or ORG/NAME@REVISION")
    repository, revision = match.groups()
    directory = _download(repository, revision, DESCRIPTIONS)
    snapshot = Snapshot.at(directory)
    weights = _weights(directory)
    _download(repository, snapshot.revision if snapshot else revision, weights)
    if not any(path.suffix == ".safetensors" for path in directory.rglob("*.safetensors")):
        raise CheckpointError(
            f"{repository} has no {' or '.join(weights)}, or, offline, the cache lacks it: weights "
            "are read as safetensors alone. Look for a revision that has them (ORG/NAME@REVISION)"
        )
    return directory


def _weights(directory: Path) -> tuple[str, ...]:
    """The names of a snapshot's weights: shards, where an index names them."""
    index = directory / _INDEX
    if not index.is_file():
        return WEIGHTS
    named = read_json(index).get("weight_map")
    if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
        raise CheckpointError(f"{index}: weight_map does not name files")
    # A name is matched as a pattern; one with a folder, or that is no safetensors, is no shard.
    shards = {name for name in named.values() if re.fullmatch(r"[\w.-]+\.safetensors", name)}
    if not shards:
        raise CheckpointError(f"{index} names no safetensors")
    return tuple(sorted(shards))


def _download(repository: str, revision: str | None, patterns: tuple[str, ...]) -> Path:
    try:
        from huggingface_hub import errors as hub
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise CheckpointError(
            f"{repository}: fetching from the hub needs huggingface_hub: pip install "
            "'sotto[convert]'"
        ) from error
    asked = f"{repository}@{revision}" if revision else repository
    try:
        return Path(
            snapshot_download(
                repository,
                revision=revision,
                allow_patterns=list(patterns),
                ignore_patterns=list(_OTHERS),
                library_name="sotto",
            )
        )
    except hub.GatedRepoError as error:
        raise CheckpointError(
            f"{asked}: its owners ask for their terms to be accepted. Do so on its page, and set "
            "HF_TOKEN"
        ) from error
    except hub.RepositoryNotFoundError as error:
        raise CheckpointError(
            f"{asked}: no such repository, or a private one. Check the name, or set HF_TOKEN"
        ) from error
    except hub.RevisionNotFoundError as error:
        raise CheckpointError(f"{asked}: it has no such revision") from error
    except hub.LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"{asked}: the server can't be reached, or HF_HUB_OFFLINE forbids it, and the files "
            "are not all in the cache. Connect, or pass the path of a checkpoint"
        ) from error
    except (OSError, ValueError) as error:  # HfHubHTTPError is an OSError, as is a full disk
        raise CheckpointError(f"{asked} can't be fetched: {error}") from error
