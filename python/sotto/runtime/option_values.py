"""Python values -> what the C++ options hold; ranges are checked there, types here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, TypeVar

from sotto.errors import OptionError

_LARGEST = 2**31 - 1
"""Of an integer that the runtime takes."""

_Number = TypeVar("_Number", int, float)


def wrong(name: str, value: object, expected: str) -> OptionError:
    """The error of an option with a value of another type."""
    return OptionError(f"{name} is {value!r}; expected {expected}")


def integer(name: str, value: Any, meaning: str = ", 0 for the default") -> int:
    """An integer that the runtime can judge."""
    if not isinstance(value, Integral) or isinstance(value, bool) or abs(int(value)) > _LARGEST:
        raise wrong(name, value, f"an integer{meaning}")
    return int(value)


def optional_integer(name: str, value: Any) -> int:
    """An integer or None, which is 0 in C++."""
    return 0 if value is None else integer(name, value)


def seed(name: str, value: Any) -> int:
    """An integer of 64 bits."""
    if not isinstance(value, Integral) or isinstance(value, bool) or not 0 <= int(value) < 2**64:
        raise wrong(name, value, "an integer from 0 to 2^64 - 1")
    return int(value)


def number(name: str, value: Any) -> float:
    """A finite number."""
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
        raise wrong(name, value, "a finite number")
    return float(value)


def milliseconds(name: str, value: Any) -> int:
    """A whole number of milliseconds."""
    return integer(name, value, " (milliseconds)")


def limit(name: str, value: Any) -> float:
    """A number; infinity, or None, is no limit."""
    given = optional_number(name, value)
    return math.inf if given is None else given


def optional_number(name: str, value: Any) -> float | None:
    """A number or None; the runtime judges infinity."""
    if value is None:
        return None
    if not isinstance(value, Real) or isinstance(value, bool) or math.isnan(value):
        raise wrong(name, value, "a number, or None")
    return float(value)


def flag(name: str, value: Any) -> bool:
    """A truth value of Python or numpy."""
    if type(value).__name__ not in ("bool", "bool_"):
        raise wrong(name, value, "True or False")
    return bool(value)


def text(name: str, value: Any) -> str:
    """A string that UTF-8 can hold; None is empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(name, value, "a string, or None")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise wrong(name, value, "a string that is valid Unicode") from None
    return value


def numbers(name: str, value: Any) -> list[float]:
    """One number, some, or a string of them between commas; None is none."""
    return _listed(name, value, float, lambda each: number(name, each), "numbers")


def integers(name: str, value: Any) -> list[int]:
    """Some integers, or a string of them between commas; None is none."""
    return _listed(name, value, int, lambda each: integer(name, each, ""), "integers")


def _listed(
    name: str,
    value: Any,
    parse: Callable[[str], _Number],
    check: Callable[[Any], _Number],
    kind: str,
) -> list[_Number]:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        try:
            value = [parse(each) for each in value.split(",")]
        except ValueError:
            raise wrong(name, value, f"{kind} between commas") from None
    elif isinstance(value, Real):
        value = [value]
    elif not isinstance(value, Iterable) or isinstance(value, bytes):
        raise wrong(name, value, f"a list of {kind}")
    return [check(each) for each in value]
