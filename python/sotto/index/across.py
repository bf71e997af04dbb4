"""One question to all collections of an index whose models can take it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sotto.bundle import MANIFEST, open_bundle
from sotto.errors import BundleError, StoreError
from sotto.index.bundles import bundle_space, load_encoder
from sotto.index.collection import Collection
from sotto.index.record import Hit
from sotto.index.store import Index
from sotto.index.where import Where
from sotto.runtime.locate import find_encoder

FUSION = 60
"""Of reciprocal rank fusion: ``1 / (60 + rank)``; similarities of two models can't be compared."""

MATCHES = ("hybrid", "meaning", "words")


@dataclass(frozen=True)
class Question:
    """What is looked for.

    Attributes:
        item: a text, or the path of a picture or a recording.
        modality: of the item: ``text``, ``image`` or ``audio``.
        match: of a text: ``meaning`` by vectors, ``words`` by full text, ``hybrid`` by both.
        top: how many results at most.
        where: among which records.
    """

    item: str
    modality: str = "text"
    match: str = "hybrid"
    top: int = 10
    where: Where | None = None

    @property
    def by_words_alone(self) -> bool:
        """Whether no model is needed."""
        return self.modality == "text" and self.match == "words"


def ask(
    index: Index,
    question: Question,
    *,
    bundle: str | os.PathLike[str] | None = None,
    warn: Callable[[str], object] = lambda line: None,
    **options: Any,
) -> list[Hit]:
    """Asks every collection whose model embeds such items; of several, the rankings are fused.

    Args:
        bundle: of the model to use, and of the one collection to ask; None: each collection's
            own, where it was when the collection was made.
        warn: called with a line for each collection that can't be asked, if others can.
        options: of each model, as :class:`sotto.embed.Encoder` takes them.

    Raises:
        StoreError: no collection can be asked; says why, and what to do.
        BundleError: ``bundle`` is missing or can't embed such items.
    """
    if bundle is not None:
        return _ask_with(index, question, bundle, options)
    rankings: list[list[Hit]] = []
    problems: list[StoreError | BundleError] = []
    for collection in index.collections():
        try:
            if question.by_words_alone or _embeds(collection, question.modality):
                rankings.append(_ask(collection, question, Path(collection.bundle), options))
        except (StoreError, BundleError) as error:
            problems.append(error)
    if not rankings:
        raise problems[0] if problems else StoreError(_nothing(index, question))
    for problem in problems:
        warn(f"warning: {problem}")
    return rankings[0] if len(rankings) == 1 else _fused(rankings, question.top)


def _ask_with(
    index: Index, question: Question, bundle: str | os.PathLike[str], options: dict[str, Any]
) -> list[Hit]:
    directory = find_encoder(bundle)
    collection = index.collection(bundle_space(directory), create=False)
    return _ask(collection, question, directory, options)


def _ask(
    collection: Collection, question: Question, bundle: Path, options: dict[str, Any]
) -> list[Hit]:
    asked: dict[str, Any] = {"top": question.top, "where": question.where}
    if question.by_words_alone:
        return collection.search(words=question.item, **asked)
    if question.modality == "text" and question.match != "meaning":
        asked["words"] = question.item
    encoder = load_encoder(bundle, question.modality, **options)
    return collection.search(question.item, encoder=encoder, **asked)


def _embeds(collection: Collection, modality: str) -> bool:
    """Whether the collection's bundle embeds such items.

    Raises:
        StoreError: it is gone, or was made anew since.
    """
    remedy = (
        "Give the bundle that it was made with (--model), make it again (sotto convert "
        f"{collection.space.rpartition('@')[0]}), or index again"
    )
    directory = Path(collection.bundle)
    if not collection.bundle or not (directory / MANIFEST).is_file() | directory.is_file():
        raise StoreError(
            f"the collection of {collection.space} was made with the bundle "
            f"{collection.bundle or '(not recorded)'}, which is not there. {remedy}"
        )
    space = bundle_space(directory)
    if space != collection.space:
        raise StoreError(
            f"{directory} is {space} now, the collection's vectors are of {collection.space}: "
            f"they can't be compared. {remedy}. (Before version 0.2 a space was the hash of a "
            "manifest: such a collection is to be made again.)"
        )
    return modality in open_bundle(directory).manifest.embedders


def _nothing(index: Index, question: Question) -> str:
    spaces = index.spaces()
    if not spaces:
        return f"the index {index.uri} is empty; fill it: sotto index add FOLDER"
    options = {"image": "--image_model", "audio": "--audio_model", "text": "--model"}
    return (
        f"no model of the index {index.uri} embeds a{'n' * (question.modality != 'text')} "
        f"{question.modality}: it has vectors of {', '.join(spaces)}. Index with one that does: "
        f"sotto index add FOLDER {options[question.modality]} BUNDLE"
    )


def _fused(rankings: list[list[Hit]], top: int) -> list[Hit]:
    hits = [
        replace(hit, score=1 / (FUSION + rank))
        for ranking in rankings
        for rank, hit in enumerate(ranking, start=1)
    ]
    return sorted(hits, key=lambda hit: -hit.score)[:top]
