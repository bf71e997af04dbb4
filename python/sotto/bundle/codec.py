"""Frozen dataclasses to JSON and back, by their annotations.

A dataclass is an object whose keys are its fields; a field that has its default is left out. What
the annotations can't say stands in ``Annotated``: :class:`Range` and :class:`Pattern`. A union of
dataclasses is told apart by ``kind``, which each of them has as a class variable.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

KIND = "kind"
"""Class variable, and key, that says which dataclass of a union an object is."""


@dataclass(frozen=True)
class Range:
    """Limits of a number, both of which it may have."""

    min: float
    max: float


@dataclass(frozen=True)
class Pattern:
    """A regular expression that the whole of a string must match, and what it stands for."""

    text: str
    meaning: str


class Fault(ValueError):
    """A value that is not what its place needs: the message names the place."""


def decode(kind: type[T], value: Any, place: str = "") -> T:
    """The dataclass of a JSON object, whose unknown keys are passed over.

    Args:
        kind: the dataclass.
        value: what :func:`json.loads` gives.
        place: of the value, for messages, such as ``components[1]``.

    Raises:
        Fault: a field is missing, or is of another type or range.
    """
    decoded: T = _decode(kind, value, place)
    return decoded


def encode(value: Any) -> Any:
    """What :func:`json.dumps` takes of a dataclass."""
    if dataclasses.is_dataclass(value):
        fields = {KIND: getattr(type(value), KIND)} if hasattr(type(value), KIND) else {}
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            if not _is_default(field, item):
                fields[field.name] = encode(item)
        return fields
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


@cache
def hints(kind: type) -> dict[str, Any]:
    """Annotation of each field of a dataclass."""
    of_all = get_type_hints(kind, include_extras=True)
    return {field.name: of_all[field.name] for field in dataclasses.fields(kind)}


def is_optional(field: dataclasses.Field[Any]) -> bool:
    """Whether an object may lack a field."""
    return (
        field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
    )


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    return False


def _decode(kind: Any, value: Any, place: str) -> Any:
    origin = get_origin(kind)
    if origin is Annotated:
        base, *limits = get_args(kind)
        decoded = _decode(base, value, place)
        for limit in limits:
            _check(limit, decoded, place)
        return decoded
    if origin is Literal:
        if not any(type(value) is type(one) and value == one for one in get_args(kind)):
            raise _fault(place, value, "one of " + ", ".join(map(str, get_args(kind))))
        return value
    if origin in (Union, UnionType):
        return _decode_union(get_args(kind), value, place)
    if origin is tuple:
        return _decode_tuple(get_args(kind), value, place)
    if origin is not None and issubclass(origin, Mapping):
        return _decode_mapping(get_args(kind)[0], get_args(kind)[1], value, place)
    if dataclasses.is_dataclass(kind):
        return _decode_object(kind, value, place)
    return _decode_scalar(kind, value, place)


def _decode_object(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise _fault(place, value, "an object")
    annotations = hints(kind)
    given = {}
    for field in dataclasses.fields(kind):
        inner = f"{place}.{field.name}" if place else field.name
        if field.name in value:
            given[field.name] = _decode(annotations[field.name], value[field.name], inner)
        elif not is_optional(field):
            raise Fault(f"{inner} is missing")
    return kind(**given)


def _decode_union(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    tagged = {getattr(kind, KIND): kind for kind in kinds if hasattr(kind, KIND)}
    if tagged:
        tag = value.get(KIND) if isinstance(value, dict) else None
        if not isinstance(tag, str) or tag not in tagged:
            raise _fault(f"{place}.{KIND}", tag, "one of " + ", ".join(tagged))
        return _decode(tagged[tag], value, place)
    (kind,) = (kind for kind in kinds if kind is not NoneType)
    return _decode(kind, value, place)  # what is None is left out


def _decode_tuple(kinds: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _fault(place, value, "a list")
    if kinds[1:] == (...,):
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise _fault(place, value, f"a list of {len(kinds)}")
    return tuple(
        _decode(kind, item, f"{place}[{i}]")
        for i, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _decode_mapping(key_kind: Any, kind: Any, value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _fault(place, value, "an object")
    return {
        _decode(key_kind, key, f"a key of {place}"): _decode(kind, item, f"{place}[{key!r:.60}]")
        for key, item in value.items()
    }


_SCALARS: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a string"),
    bool: ((bool,), "true or false"),
    int: ((int,), "an integer"),
    float: ((float, int), "a number"),
}


def _decode_scalar(kind: Any, value: Any, place: str) -> Any:
    accepted, meaning = _SCALARS[kind]
    if type(value) not in accepted or (isinstance(value, float) and not math.isfinite(value)):
        raise _fault(place, value, meaning)
    if isinstance(value, str) and not _is_text(value):
        raise _fault(place, value, "valid Unicode")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check(limit: Range | Pattern, value: Any, place: str) -> None:
    if isinstance(limit, Range):
        if not limit.min <= value <= limit.max:
            raise _fault(place, value, f"a number from {limit.min} to {limit.max}")
    elif not re.fullmatch(limit.text, value):
        raise _fault(place, value, limit.meaning)


def _fault(place: str, value: Any, expected: str) -> Fault:
    shown = json.dumps(value) if isinstance(value, str | int | float | NoneType) else None
    shown = shown or ("an object" if isinstance(value, dict) else "a list")
    return Fault(f"{place or 'it'} is {shown:.60}, expected {expected}")
