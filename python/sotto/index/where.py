"""Filters: which records a search, an update or a removal is about.

They reach LanceDB as SQL, in which it writes every value itself, quoted: see ``lit``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sotto.errors import OptionError
from sotto.index.record import MODALITIES, Scalar


@dataclass(frozen=True)
class Where:
    """Conditions that must all hold; one that is left out holds.

    Attributes:
        modalities: one of these.
        paths: from exactly one of these files.
        under: from this folder, or this file.
        ids: one of these.
        contents: of one of these hashes.
        metadata: each of these names has this value.
    """

    modalities: Sequence[str] | None = None
    paths: Sequence[str] | None = None
    under: str | None = None
    ids: Sequence[str] | None = None
    contents: Sequence[str] | None = None
    metadata: Mapping[str, Scalar] = field(default_factory=dict)

    def validate(self) -> None:
        """Raises OptionError where a condition can't be understood."""
        for modality in self.modalities or ():
            if modality not in MODALITIES:
                raise OptionError(
                    f"modality {modality!r} is unknown; expected one of {', '.join(MODALITIES)}"
                )
        for name in ("modalities", "paths", "ids", "contents"):
            if isinstance(getattr(self, name), str):
                raise OptionError(f"{name} is a single string; expected a list of strings")

    def sql(self) -> str | None:
        """LanceDB's form of it; None where every record passes.

        Raises:
            OptionError: as :meth:`validate`.
        """
        from lancedb.expr import col, lit

        self.validate()
        columns = {
            "modality": self.modalities,
            "path": self.paths,
            "id": self.ids,
            "content": self.contents,
        }
        conditions = [
            col(column).isin([lit(value) for value in values]) if values else lit(False)
            for column, values in columns.items()
            if values is not None
        ]
        if self.under is not None:
            folder = self.under.rstrip("/")
            # What begins with "folder/": "0" is the character after "/".
            inside = (col("path") >= lit(f"{folder}/")) & (col("path") < lit(f"{folder}0"))
            conditions.append(inside | (col("path") == lit(self.under)))
        clauses = [condition.to_sql() for condition in conditions]
        for name, value in self.metadata.items():
            # Not among the functions of LanceDB's expressions.
            clauses.append(f"array_has(metadata, {lit(metadata_entry(name, value)).to_sql()})")
        return " AND ".join(f"({clause})" for clause in clauses) or None

    def some_sql(self) -> str:
        """As :meth:`sql`, of what must not be about every record.

        Raises:
            OptionError: there is no condition.
        """
        sql = self.sql()
        if sql is None:
            raise OptionError(
                "there is no condition, and all records would go; Index.drop removes a collection"
            )
        return sql


def in_batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Values a thousand at a time: a condition on many more takes long to read."""
    for start in range(0, len(values), 1000):
        yield values[start : start + 1000]


def metadata_entry(name: str, value: Scalar) -> str:
    """A name and its value as the index keeps them: ``["name",value]`` in JSON.

    Raises:
        OptionError: the name is no string, or the value neither a string, a number nor a truth
            value.
    """
    if not isinstance(name, str) or not isinstance(value, str | int | float | bool):
        raise OptionError(
            f"metadata {name!r}: {value!r}; expected a name, and a string, a finite number or a "
            "truth value"
        )
    try:
        return json.dumps([name, value], ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise OptionError(f"metadata {name!r} is {value!r}; expected a finite number") from None
