"""What an index holds: a passage, a picture or a stretch of sound, and where it is from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

Scalar = str | int | float | bool

MODALITIES = ("text", "code", "image", "audio")


@dataclass(frozen=True)
class Record:
    """One thing that is found.

    Attributes:
        modality: ``text``, ``code``, ``image`` or ``audio``.
        text: what full-text search looks into and results show: the passage, or what was said in
            a recording; empty for pictures.
        path: the file that it is from; empty if none.
        content: sha256, in hexadecimal, of what is embedded. Where it is left out, of the text;
            without one, of the place, as nothing has been read of its content.
        id: unique within a collection; of path, place and content where it is left out, so that
            equal content at one place is one record.
        lines: first and last line in the file, from 1; None if it has none.
        seconds: begin and end in the recording; None if it has none.
        metadata: what else is to be known of it, and filtered by: names and plain values.
    """

    modality: str
    text: str = ""
    path: str = ""
    content: str = ""
    id: str = ""
    lines: tuple[int, int] | None = None
    seconds: tuple[float, float] | None = None
    metadata: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        place = "\0".join(map(str, (self.modality, self.path, self.lines, self.seconds)))
        if not self.content:
            object.__setattr__(self, "content", _digest(self.text if self.is_text else place))
        if not self.id:
            object.__setattr__(self, "id", _digest(f"{place}\0{self.content}"))

    @property
    def is_text(self) -> bool:
        """Whether its text is what is embedded; a picture's or a sound's file otherwise."""
        return bool(self.text) or self.modality in ("text", "code")


@dataclass(frozen=True)
class Hit:
    """A record that was found.

    Attributes:
        record: itself.
        score: what results are ordered by, higher is better. Of vectors alone the cosine
            similarity; of words alone BM25; of both the sum of ``1 / (60 + rank)`` in the two
            (reciprocal rank fusion, Cormack et al. 2009).
        similarity: cosine to the query, -1 … 1; None where the words alone found it.
        space: of the collection that it was found in.
    """

    record: Record
    score: float
    similarity: float | None
    space: str


def _digest(text: str) -> str:
    # Text that came from file names may hold lone surrogates.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
