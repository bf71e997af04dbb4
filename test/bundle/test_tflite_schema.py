"""The part of TFLite's schema that the verifier reads is TFLite's own, field by field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as schema

SCHEMA = (
    Path(__file__).resolve().parents[2] / "cpp" / "third_party" / "tflite_schema" / "schema.fbs"
).read_text()

READERS = Path(schema.__file__).read_text()
# A sparse tensor, and one of variants, is refused whatever is in these.
OPAQUE = {"SparsityParameters", "VariantSubType"}
TABLES = dict(re.findall(r"^table (\w+) \{(.*?)\}", SCHEMA, re.MULTILINE | re.DOTALL))
NUMBERS = {
    name: dict(re.findall(r"(\w+) = (\d+)", body))
    for name, body in re.findall(r"^(?:enum|union) (\w+).*?\{(.*?)\}", SCHEMA, re.M | re.S)
}
SCALARS = {
    "byte": "Int8",
    "TensorType": "Int8",
    "bool": "Bool",
    "int": "Int32",
    "BuiltinOperator": "Int32",
    "uint": "Uint32",
    "long": "Int64",
    "ulong": "Uint64",
    "float": "Float32",
    "ubyte": "Uint8",
}


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"_|(?<=\d)_", name))


def _fields(table: str) -> list[tuple[str, str]]:
    """Name and type of each field, as the flatbuffer has them: a union is two."""
    fields: list[tuple[str, str]] = []
    for name, kind in re.findall(r"(\w+):(\[?\w+\]?)", TABLES[table]):
        if kind in ("QuantizationDetails", "BuiltinOptions", "BuiltinOptions2"):
            fields.append((f"{name}_type", "ubyte"))
        fields.append((name, kind))
    return fields


@pytest.mark.parametrize("table", sorted(set(TABLES) - OPAQUE))
def test_each_field_has_its_place(table: str) -> None:
    source = _source(table)
    expected = {}
    for index, (name, _) in enumerate(_fields(table)):
        if "deprecated" not in _declaration(table, name):
            expected[_camel(name)] = 4 + 2 * index
    assert {name: place for name, place in source.items() if name in expected} == expected
    # None is left out: what follows the last one would be refused as unknown.
    assert max(source.values(), default=0) == max(expected.values(), default=0)


def _declaration(table: str, field: str) -> str:
    name = field.removesuffix("_type") if f"{field}:" not in TABLES[table] else field
    found = re.search(rf"\b{name}:[^;]*;", TABLES[table])
    assert found is not None
    return found.group()


def _source(table: str) -> dict[str, int]:
    """The places that TFLite's own readers read their fields at."""
    text = READERS.partition(f"class {table}(object):")[2].partition("\nclass ")[0]
    found = re.findall(r"def (\w+)\(self(?:, j)?\):\s+o = .*?Offset\((\d+)\)\)", text)
    return {
        name: int(place)
        for name, place in found
        if name == "Length" or not name.endswith(("AsNumpy", "Length", "IsNone"))
    }


@pytest.mark.parametrize("enumeration", sorted(NUMBERS))
def test_each_number_is_tflites(enumeration: str) -> None:
    theirs = vars(getattr(schema, enumeration))
    assert NUMBERS[enumeration]
    for name, value in NUMBERS[enumeration].items():
        assert theirs[name] == int(value)
