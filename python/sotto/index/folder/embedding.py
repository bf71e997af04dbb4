"""One file's records, by the collection that they go into."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sotto.index.folder.models import Models
from sotto.index.folder.passage_cuts import passages, spoken_passages
from sotto.index.folder.reading import Candidate, Content, check_unchanged
from sotto.index.record import Record

SOUND_SECONDS = 10.0
"""Of the stretches of a recording whose sound is embedded, where the model takes so much."""

Vectors = NDArray[np.float32]

Seconds = Callable[[float, float], object]


@dataclass(frozen=True)
class Part:
    """Some of a file's records, which go into one collection.

    Attributes:
        encoder: of :mod:`sotto.embed`, whose space is the collection's.
        records: maybe none, where a file holds nothing to be found.
        vectors: float32 ``[n, d]`` of the records; None: their texts are still to be embedded.
    """

    encoder: Any
    records: list[Record]
    vectors: Vectors | None = None


def embed(file: Candidate, content: Content, models: Models, on_seconds: Seconds) -> list[Part]:
    """Cuts, transcribes and embeds a file; vectors of texts are left to who collects them.

    Args:
        on_seconds: called with the seconds of a recording that are transcribed, and all of them.

    Raises:
        UnreadableError: it is not what it seems, or changed meanwhile.
        SottoError: a model can't read it.
    """
    if file.modality in ("text", "code"):
        return [Part(models.text_encoder, _passages(file, content, models))]
    if file.modality == "image":
        record = Record("image", path=str(file.path), content=content.sha256)
        vectors = np.atleast_2d(models.image_encoder.encode([content.data]))
        return [Part(models.image_encoder, [record], vectors)]
    parts = []
    if models.transcribes:
        parts.append(Part(models.text_encoder, _said(file.path, models, on_seconds)))
    if models.audio is not None:
        parts.append(Part(models.audio_encoder, *_sounds(file.path, content, models)))
    check_unchanged(file.path, content)
    return parts


def _passages(file: Candidate, content: Content, models: Models) -> list[Record]:
    found = passages(
        content.text,
        models.tokenize,
        code=file.modality == "code",
        tokens=models.passage_tokens,
    )
    records = [Record(file.modality, each.text, str(file.path), lines=each.lines) for each in found]
    # Two pieces of one long line may be equal.
    return list({record.id: record for record in records}.values())


def _said(path: Path, models: Models, on_seconds: Seconds) -> list[Record]:
    heard = models.speech_model.recognize(path, on_progress=on_seconds)
    return [
        Record("audio", text, str(path), seconds=(begin, end))
        for begin, end, text in spoken_passages(heard.segments)
    ]


def _sounds(path: Path, content: Content, models: Models) -> tuple[list[Record], Vectors]:
    encoder = models.audio_encoder
    span = min(SOUND_SECONDS, encoder.windows[-1])
    begins, ends, vectors = encoder.encode_spans(path, span)
    records = []
    for seconds in zip(begins.tolist(), ends.tolist(), strict=True):
        digest = hashlib.sha256(f"{content.sha256} {seconds}".encode()).hexdigest()
        records.append(Record("audio", path=str(path), content=digest, seconds=seconds))
    return records, vectors
