"""Values of options as openai-whisper's command writes them: ``True``, ``None``, ``0.2``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


def truth(value: str | bool) -> bool:
    """``True`` or ``False``, in any case. Raises ValueError, as all of these do."""
    known = {"true": True, "false": False}
    if str(value).lower() not in known:
        raise ValueError(f"expected True or False, got {value!r}")
    return known[str(value).lower()]


def integer(value: str | int) -> int:
    """An integer."""
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"expected an integer, got {value!r}") from None


def number(value: str | float) -> float:
    """A number."""
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"expected a number, got {value!r}") from None


def optional_integer(value: str | int | None) -> int | None:
    """An integer or ``None``."""
    return None if value in ("None", None) else integer(value)


def optional_number(value: str | float | None) -> float | None:
    """A number or ``None``."""
    return None if value in ("None", None) else number(value)


def optional_text(value: str | None) -> str | None:
    """A text or ``None``."""
    return None if value == "None" else value


class Kind(NamedTuple):
    """How an option's value is read, and what ``--help`` calls it."""

    parser: Callable[[Any], Any]
    metavar: str


KINDS = {
    "bool": Kind(truth, "True|False"),
    "int": Kind(integer, "INTEGER"),
    "int | None": Kind(optional_integer, "INTEGER|None"),
    "float": Kind(number, "NUMBER"),
    "float | None": Kind(optional_number, "NUMBER|None"),
    "str": Kind(str, "TEXT"),
    "str | None": Kind(optional_text, "TEXT|None"),
    # Written as a list between commas.
    "str | Sequence[int] | None": Kind(optional_text, "TEXT|None"),
    "str | Sequence[float]": Kind(str, "TEXT"),
}
"""By the annotation of an option in its dataclass."""
