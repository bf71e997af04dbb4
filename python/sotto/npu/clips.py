"""Recordings to transcribe: files, or folders that say what is in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sotto.errors import AudioError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Clip:
    """A recording.

    Attributes:
        path: of the file.
        language: code of what is spoken; None if not known.
        reference: a human's transcript, or None.
    """

    path: Path
    language: str | None = None
    reference: str | None = None


def read_clips(paths: Sequence[Path]) -> list[Clip]:
    """The recordings that paths name, in order.

    Args:
        paths: files, or folders whose ``manifest.json`` has a list ``clips`` of objects with
            ``file`` (within the folder), and where they are known ``language`` and ``reference``.

    Raises:
        AudioError: a folder has no such manifest, or it can't be read.
    """
    clips: list[Clip] = []
    for path in paths:
        clips += _folder(path) if path.is_dir() else [Clip(path)]
    return clips


def _folder(folder: Path) -> list[Clip]:
    manifest = folder / MANIFEST
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["clips"]
        clips = [_clip(folder, entry) for entry in entries]
    except OSError as error:
        raise AudioError(
            f"can't read {manifest} ({error.strerror}): name recordings, or a folder whose "
            f"{MANIFEST} lists them under clips"
        ) from error
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise AudioError(
            f"{manifest} is not a list of recordings ({type(error).__name__}: {error}): expected "
            '{"clips": [{"file": …, "language": …, "reference": …}]}'
        ) from error
    if not clips:
        raise AudioError(f"{manifest} lists no recordings")
    return clips


def _clip(folder: Path, entry: dict[str, object]) -> Clip:
    file, language, reference = entry["file"], entry.get("language"), entry.get("reference")
    if not isinstance(file, str):
        raise TypeError("file is a text")
    if not isinstance(language, str | None) or not isinstance(reference, str | None):
        raise TypeError("language and reference are texts or null")
    return Clip(folder / file, language, reference)
