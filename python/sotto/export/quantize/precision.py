"""Precisions of a bundle, and exceptions from them for layers that need more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

from sotto.errors import OptionError, OutputError
from sotto.export.tflite.layers import Layer

Precision = Literal["fp32", "fp16", "int8-weights", "int8", "int4"]

PRECISIONS: tuple[str, ...] = get_args(Precision)
"""Those that lose less come first."""

BITS = {"fp32": 32, "fp16": 16, "int8": 8, "int8-weights": 8, "int4": 4}
"""Of a weight, scales apart."""

DECIBEL = {"fp16": 45.0, "int8": 12.0, "int8-weights": 20.0, "int4": 3.0}
"""Least signal to noise of step 2's comparison. Trained weights give 17 to 30 dB in int8; a graph
that lost a scale or a sign gives less than 5. docs/precision.md has what each gives."""

LOGITS = "decoder.logits.*"
"""The output layer, whose weights are the token table: int8 where the other layers are int4."""

SCHEMA = 1
"""Version of the exceptions file."""


@dataclass(frozen=True)
class Exceptions:
    """Layers that are not quantised as the others are.

    Attributes:
        precisions: pattern of layer names (``*`` and ``?`` as in a shell) -> precision. Of
            several that match a layer the last one counts.
        source: what error messages call it.
    """

    precisions: Mapping[str, Any] = field(default_factory=dict)
    source: str = "exceptions"

    @classmethod
    def read(cls, path: Path, allowed: Sequence[str] = PRECISIONS) -> Exceptions:
        """Reads ``{"schema": 1, "exceptions": {"decoder.attention.0.*": "fp16", …}}``.

        Args:
            path: the file.
            allowed: precisions that it may name.

        Raises:
            OptionError: the file can't be read, is no such JSON, or names an unknown precision.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique)
        except (OSError, ValueError, RecursionError) as error:
            raise OptionError(f"exceptions file {path} can't be read: {error}") from error
        if not isinstance(content, dict) or set(content) != {"schema", "exceptions"}:
            raise OptionError(
                f'exceptions file {path}: expected an object with "schema" and "exceptions" alone'
            )
        if type(content["schema"]) is not int or content["schema"] != SCHEMA:
            raise OptionError(
                f"exceptions file {path} has schema {content['schema']!r}, this Sotto reads "
                f"{SCHEMA}; write it anew with sotto quantize --scan --write"
            )
        precisions = content["exceptions"]
        if not isinstance(precisions, dict):
            raise OptionError(
                f'exceptions file {path}: "exceptions" is {precisions!r}; expected an object such '
                'as {"decoder.attention.0.*": "fp16"}'
            )
        for pattern, precision in precisions.items():
            if precision not in allowed:
                raise OptionError(
                    f"exceptions file {path}: {pattern!r} has precision {precision!r}; expected "
                    f"one of {', '.join(allowed)}"
                )
        return cls(precisions, str(path))

    def write(self, path: Path) -> None:
        """Writes the file that :meth:`read` reads. Raises OutputError."""
        content = {"schema": SCHEMA, "exceptions": dict(self.precisions)}
        try:
            path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"can't write {path} ({error.strerror})") from error

    def check(self, layers: Iterable[Layer]) -> None:
        """Raises OptionError for a pattern that matches none of a bundle's layers."""
        names = [layer.name for layer in layers]
        for pattern in self.precisions:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise OptionError(
                    f"{self.source}: no layer matches {pattern!r}; there are {_some(names)}"
                )

    def resolve(self, precision: Precision, layers: Iterable[Layer]) -> dict[str, Precision]:
        """The precision of each layer by its name: ``precision``, or an exception's."""
        patterns: dict[str, Precision] = {LOGITS: "int8"} if precision == "int4" else {}
        patterns |= self.precisions
        resolved = {}
        for layer in layers:
            matching = [p for pattern, p in patterns.items() if fnmatchcase(layer.name, pattern)]
            resolved[layer.name] = matching[-1] if matching else precision
        return resolved


def coarsest(precisions: Iterable[Precision]) -> Precision:
    """The one that loses most."""
    return max(precisions, key=PRECISIONS.index)


def check_precision(precision: str) -> Precision:
    """``precision`` if there is such; raises OptionError."""
    if precision not in PRECISIONS:
        raise OptionError(f"precision {precision!r}: expected one of {', '.join(PRECISIONS)}")
    return precision  # type: ignore[return-value]  # one of them


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown} … ({len(names)} in all, in manifest.json)"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} occurs twice")
        found[key] = value
    return found
