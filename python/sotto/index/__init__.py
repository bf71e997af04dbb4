"""An index of vectors: what was embedded, found again by meaning, by words, or by both."""

from sotto.index.collection import Collection, Encoder
from sotto.index.record import Hit, Record
from sotto.index.store import Index, IndexedFile
from sotto.index.where import Where

__all__ = ["Collection", "Encoder", "Hit", "Index", "IndexedFile", "Record", "Where"]
