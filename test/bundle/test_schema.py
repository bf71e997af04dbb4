"""The manifest's dataclasses and its JSON Schema say the same."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Mapping
from importlib.resources import files
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import made_manifests
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sotto.bundle import SCHEMA, Manifest
from sotto.bundle.codec import Fault, Pattern, Range, hints, is_optional

jsonschema = pytest.importorskip("jsonschema")

TEXT = files("sotto.bundle").joinpath("bundle.schema.json").read_text(encoding="utf-8")
CONTENT: dict[str, Any] = json.loads(TEXT)
VALIDATOR = jsonschema.Draft202012Validator(CONTENT)
SCALARS = {str: "string", bool: "boolean", int: "integer", float: "number"}


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """A node of the schema, behind its reference."""
    if "$ref" in node:
        node = {**CONTENT["$defs"][node["$ref"].rpartition("/")[2]]}
    return {key: value for key, value in node.items() if key != "description"}


def schema_of(kind: Any) -> dict[str, Any]:
    """The schema of a dataclass's annotation, with all references in place."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        found = schema_of(args[0])
        for limit in args[1:]:
            if isinstance(limit, Range):
                found |= {"minimum": limit.min, "maximum": limit.max}
            elif isinstance(limit, Pattern):
                found |= {"pattern": limit.text}
        return found
    if origin is Literal:
        return {"enum": list(args)}
    if origin in (Union, UnionType):
        kinds = [one for one in args if one is not NoneType]
        return schema_of(kinds[0]) if len(kinds) == 1 else {"oneOf": [*map(schema_of, kinds)]}
    if origin is tuple and args[1:] == (...,):
        return {"type": "array", "items": schema_of(args[0])}
    if origin is tuple:
        return {"type": "array", "prefixItems": [*map(schema_of, args)]}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(args[1])}
    if dataclasses.is_dataclass(kind):
        fields = dataclasses.fields(kind)
        properties = {name: schema_of(one) for name, one in hints(kind).items()}
        required = [field.name for field in fields if not is_optional(field)]
        if hasattr(kind, "kind"):
            properties["kind"] = {"const": kind.kind}
            required.append("kind")
        return {"type": "object", "required": sorted(required), "properties": properties}
    return {"type": SCALARS[kind]}


def normal(node: Any) -> Any:
    """A node of the file as :func:`schema_of` writes it."""
    node = resolved(node)
    found: dict[str, Any] = {}
    for key in ("type", "enum", "const", "minimum", "maximum"):
        if key in node:
            found[key] = node[key]
    if "pattern" in node:
        found["pattern"] = node["pattern"].removeprefix("^").removesuffix("$")
    if node.get("minLength") == 1:
        found["pattern"] = r"(?s).+"
    if "properties" in node:
        assert node["additionalProperties"] is False, node
        found["required"] = sorted(node.get("required", []))
        found["properties"] = {key: normal(one) for key, one in node["properties"].items()}
    elif "additionalProperties" in node:
        found["additionalProperties"] = normal(node["additionalProperties"])
    if "items" in node and node["items"] is not False:
        found["items"] = normal(node["items"])
    for key in ("prefixItems", "oneOf"):
        if key in node:
            found[key] = [normal(one) for one in node[key]]
    return found


def test_dataclasses_and_schema_have_the_same_fields_types_and_limits() -> None:
    expected = schema_of(Manifest)
    expected["properties"]["schema"] = {"const": SCHEMA}
    expected["required"] = sorted([*expected["required"], "schema"])
    found = normal(CONTENT["$defs"]["Manifest"])
    assert found == expected


@pytest.mark.parametrize("name", made_manifests.ALL)
def test_what_is_written_is_valid_and_read_back_the_same(name: str) -> None:
    made = made_manifests.ALL[name]()
    content = json.loads(made.to_json())
    VALIDATOR.validate(content)
    assert Manifest.from_json(content) == made


ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1,
        2**24 + 1,
        1.5,
        -3.0,
        "",
        "x",
        "../x",
        "/x",
        "a/b",
        [],
        {},
        [1],
        {"a": 1},
    ]
)


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """A manifest with a value replaced or taken out."""
    content = json.loads(
        made_manifests.ALL[draw(st.sampled_from([*made_manifests.ALL]))]().to_json()
    )
    container: Any = content
    while True:
        keys = list(container) if isinstance(container, dict) else list(range(len(container)))
        key = draw(st.sampled_from(keys))
        below = container[key]
        if isinstance(below, dict | list) and below and draw(st.integers(0, 4)):
            container = below
            continue
        if draw(st.booleans()):
            container[key] = copy.deepcopy(draw(ODD))
        else:
            del container[key]
        return content


@settings(deadline=None, max_examples=400)
@given(content=changed())
def test_what_the_schema_refuses_the_reader_refuses(content: dict[str, Any]) -> None:
    """The reader also checks what fits together, which a schema can't say: it may refuse more."""
    valid = VALIDATOR.is_valid(content)
    try:
        Manifest.from_json(content)
    except Fault:
        return
    assert valid or content.get("schema") != SCHEMA, list(VALIDATOR.iter_errors(content))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("components", 1, "spec", "heads"),
            0,
            r"components\[1\]\.spec\.heads is 0, expected a numb",
        ),
        (
            ("components", 0, "kind"),
            "ears",
            r"components\[0\]\.kind is \"ears\", expected one of spe",
        ),
        (
            ("components", 0, "graphs", 0, "file"),
            "../x",
            r"graphs\[0\]\.file is .*inside the bundle",
        ),
        (("name",), 3, "name is 3, expected a string"),
        (("source", "sha256"), "abc", r"source\.sha256 is .* expected 64 hexadecimal digits"),
        (("files",), [], "files is a list, expected an object"),
        (("components", 1, "graphs", 0, "name"), "encode_1s", "there are two graphs encode_1s"),
        (("components", 1, "tokenizer"), "else.txt", r"files does not list else\.txt"),
        (("components", 1, "kind"), "speech-encoder", r"components\[1\]\..* is missing|two comp"),
    ],
)
def test_a_fault_names_its_field(path: tuple[Any, ...], value: Any, message: str) -> None:
    content: Any = json.loads(made_manifests.whisper().to_json())
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(Fault, match=message):
        Manifest.from_json(content)


def test_a_missing_field_is_named() -> None:
    content = json.loads(made_manifests.whisper().to_json())
    del content["components"][1]["spec"]["cache"]
    with pytest.raises(Fault, match=r"components\[1\]\.spec\.cache is missing"):
        Manifest.from_json(content)


def test_keys_that_are_not_known_are_passed_over() -> None:
    made = made_manifests.vad()
    content = json.loads(made.to_json())
    content["later"] = content["components"][0]["later"] = 1
    assert Manifest.from_json(content) == made
