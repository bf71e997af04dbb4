"""What is wrong with a manifest is refused by Python's reader and by the runtime's, by one name.

The first half of the table is made from valid manifests: each field that both read is left
out, or has values that it can not have. The second half is what fields can not be together.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bundle_copy import BundleCopy
from comparison.bundles import ensure_encoder

from sotto import _runtime
from sotto.bundle import MANIFEST, read_manifest
from sotto.errors import BundleError
from sotto.runtime.locate import find_litert

Json = Any
Place = tuple[str | int, ...]

TOOLS_ALONE = {"backend", "exceptions", "gelu", "layers", "source", "static", "tools"}
"""Fields that the runtime has no use for, and does not look at."""

OPTIONAL = {"default_prompt", "embedding", "eot_token", "languages", "masked", "padded", "whisper"}
OPTIONAL |= {"offset", "prompts"}
"""Fields that a valid manifest may lack."""

OUTSIDE = ("../x", "/etc/passwd", "a/../b", "a//b", ".", "a\\b", "C:x", "a\n", MANIFEST, "")
"""Names that no file of a bundle has."""

MISSING = object()

READERS = {
    "speech": _runtime.SpeechModel,
    "text": _runtime.EmbeddingModel,
    "vad": _runtime.VoiceActivityDetector,
}


@pytest.fixture(scope="module")
def copies(
    bundle: Callable[[str, str], Path], vad: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, BundleCopy]:
    """A bundle of each kind."""
    sources = {
        "speech": bundle("tiny.en", "int8"),
        "text": ensure_encoder("all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "int8", ""),
        "vad": vad,
    }
    folder = tmp_path_factory.mktemp("both")
    return {kind: BundleCopy(source, folder / kind) for kind, source in sources.items()}


def refusals(kind: str, target: BundleCopy, manifest: Json) -> list[str]:
    """Of Python's reader and the runtime's; what a reader takes is said instead of its message."""
    target.write_manifest(manifest if isinstance(manifest, bytes) else json.dumps(manifest))
    said = []
    for reader, read in {
        "Python": lambda: read_manifest(target.directory, verify=False),
        "the runtime": lambda: READERS[kind](target.directory, verify=False, library=find_litert()),
    }.items():
        try:
            read()
        except BundleError as error:
            said.append(str(error).replace(str(target.directory), "").partition(". Make it")[0])
        else:
            said.append(f"{reader} takes it")
    return said


def at(value: Json, place: Place) -> Json:
    for key in place:
        value = value[key]
    return value


def changed(manifest: Json, place: Place, value: object) -> Json:
    """A copy with another value at a place, or without it."""
    manifest = copy.deepcopy(manifest)
    if value is MISSING:
        del at(manifest, place[:-1])[place[-1]]
    else:
        at(manifest, place[:-1])[place[-1]] = value
    return manifest


def places(value: Json, place: Place = ()) -> Iterator[Place]:
    """Of all fields, and of the first element of each list; of files, the first alone."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = (
            list(value)[:1] if place == ("files",) else [k for k in value if k not in TOOLS_ALONE]
        )
    elif isinstance(value, list) and value:
        keys = [0]
    for key in keys:
        yield (*place, key)
        yield from places(value[key], (*place, key))


def wrong_values(value: Json, place: Place) -> Iterator[object]:
    """What can't stand in the place of a value."""
    key = place[-1]
    if isinstance(key, str) and key not in OPTIONAL:
        yield MISSING
    yield None
    if isinstance(value, bool):
        yield from ("x", 1)
    elif isinstance(value, int):
        yield from ("x", 1.5, -1, 2**24 + 1 if key != "size" else 2**64, 2**64, True, [], {})
    elif isinstance(value, float):
        yield from ("x", True, [], {})
    elif isinstance(value, str):
        yield from (7, [], {}, "")
        if Path(value).suffix and key != "name":
            yield from OUTSIDE
    elif isinstance(value, list):
        yield from (7, "x", {})
    elif isinstance(value, dict):
        yield from (7, "x", [])


@pytest.mark.parametrize("kind", READERS)
def test_a_field_that_is_missing_or_can_not_be_is_named_by_both(
    copies: dict[str, BundleCopy], kind: str
) -> None:
    target, tried, wrong = copies[kind], 0, []
    for place in places(target.manifest):
        name = next(key for key in reversed(place) if isinstance(key, str))
        for value in wrong_values(at(target.manifest, place), place):
            said = refusals(kind, target, changed(target.manifest, place, value))
            tried += 1
            if not all(name in message for message in said):
                wrong.append(f"{place} as {value!r:.40}: {said}")
    assert not wrong, "\n".join(wrong)
    assert tried > 100


def test_the_manifests_are_valid_before_they_are_changed(copies: dict[str, BundleCopy]) -> None:
    for kind, target in copies.items():
        assert refusals(kind, target, target.manifest) == [
            "Python takes it",
            "the runtime takes it",
        ]


def component(manifest: Json, kind: str) -> Json:
    return next(one for one in manifest["components"] if one["kind"] == kind)


def set_in(kind: str, *place: str | int, to: object) -> Callable[[Json], None]:
    """A change of a component."""

    def change(manifest: Json) -> None:
        at(component(manifest, kind), place[:-1])[place[-1]] = to

    return change


def set_at(*place: str | int, to: object) -> Callable[[Json], None]:
    """A change of the manifest."""

    def change(manifest: Json) -> None:
        at(manifest, place[:-1])[place[-1]] = to

    return change


def with_a_component_twice(manifest: Json) -> None:
    manifest["components"].append(component(manifest, "decoder"))


def with_a_graph_twice(manifest: Json) -> None:
    graphs = component(manifest, "decoder")["graphs"]
    graphs.append(graphs[0])


def without_scales(manifest: Json) -> None:
    del component(manifest, "text-encoder")["token_embedding"]["scales"]


def with_a_file_that_is_not_listed(manifest: Json) -> None:
    del manifest["files"]["mel_filters.npy"]


def compiled(**fields: object) -> Callable[[Json], None]:
    """With a section of what step 3 made."""

    def change(manifest: Json) -> None:
        one = {
            "format": "litert",
            "compiler": "neuron",
            "sdk": "8.2.24",
            "files": {"encoder.tflite": "encoder.tflite"},
            "signatures": ["encode_10s"],
        }
        manifest["npu"] = {"mt6991": {**one, **fields}}

    return change


FIT = {
    "a kind that nobody knows": ("speech", "kind", set_in("decoder", "kind", to="oracle")),
    "a component twice": ("speech", "decoder", with_a_component_twice),
    "a graph twice": ("speech", "decode_10s", with_a_graph_twice),
    "no component": ("speech", "components", set_at("components", to=[])),
    "a role that nobody knows": (
        *("speech", "role"),
        set_in("decoder", "graphs", 0, "role", to="oracle"),
    ),
    "layers of a tower": ("speech", "layers", set_in("decoder", "spec", "layers", to=2000)),
    "a width between heads": ("speech", "width", set_in("decoder", "spec", "width", to=385)),
    "kv_heads between heads": ("speech", "kv_heads", set_in("decoder", "spec", "kv_heads", to=4)),
    "a cache above the context": ("speech", "cache", set_in("decoder", "spec", "cache", to=449)),
    "a mask that masks nothing": ("speech", "masked", set_in("decoder", "spec", "masked", to=0.0)),
    "a mask beyond fp16": ("speech", "masked", set_in("decoder", "spec", "masked", to=-1e5)),
    "a token outside": ("speech", "eot", set_at("whisper", "tokens", "eot", to=51864)),
    "a language outside": ("speech", "de", set_at("whisper", "languages", to={"de": 51864})),
    "a suppressed token outside": ("speech", "suppress", set_at("whisper", "suppress", to=[51864])),
    "a head of no layer": (
        *("speech", "alignment_heads"),
        set_at("whisper", "alignment_heads", 0, to=[4, 0]),
    ),
    "half a head": ("speech", "alignment_heads", set_at("whisper", "alignment_heads", 0, to=[1])),
    "a size of 0": (
        *("speech", "shape"),
        set_in("decoder", "graphs", 0, "inputs", 0, "shape", 0, to=0),
    ),
    "a file that is not listed": ("speech", "mel_filters.npy", with_a_file_that_is_not_listed),
    "a digest of capitals": (
        *("speech", "sha256"),
        set_at("files", "mel_filters.npy", "sha256", to="A" * 64),
    ),
    "another schema": ("speech", "schema", set_at("schema", to=4)),
    "an NPU's file outside": (
        "speech",
        "encoder.tflite",
        compiled(files={"encoder.tflite": "../x"}),
    ),
    "an NPU's graph that is none": ("speech", "signatures", compiled(signatures=["oracle"])),
    "an NPU's other format": ("speech", "format", compiled(format="oracle")),
    "an NPU's odd version": ("speech", "sdk", compiled(sdk="eight")),
    "a pooling that nobody knows": ("text", "pooling", set_in("text-encoder", "pooling", to="x")),
    "a prompt that is none": (
        *("text", "default_prompt"),
        set_in("text-encoder", "default_prompt", to="query"),
    ),
    "rows of another type": (
        *("text", "dtype"),
        set_in("text-encoder", "token_embedding", "dtype", to="int4"),
    ),
    "int8 without scales": ("text", "scales", without_scales),
    "more reflected than heard": ("vad", "reflected", set_in("vad", "reflected", to=10_000)),
}


@pytest.mark.parametrize("case", FIT)
def test_fields_that_do_not_fit_are_named_by_both(copies: dict[str, BundleCopy], case: str) -> None:
    kind, name, change = FIT[case]
    manifest = copy.deepcopy(copies[kind].manifest)
    change(manifest)
    for message in refusals(kind, copies[kind], manifest):
        assert name in message
        assert "takes it" not in message


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"7", b"\xff{}", b'{"schema": NaN}', b"[" * 50_000, b'{"schema":' * 50_000],
    ids=["empty", "cut off", "a list", "a number", "no UTF-8", "NaN", "deep", "deep objects"],
)
def test_what_is_no_manifest_is_refused_by_both(copies: dict[str, BundleCopy], text: bytes) -> None:
    for message in refusals("speech", copies["speech"], text):
        assert MANIFEST in message


def test_a_value_as_deep_as_no_manifest_is_ends_nothing(copies: dict[str, BundleCopy]) -> None:
    """Who prints it must not run out of stack, whatever field it stands in."""
    target, depth = copies["speech"], 50_000
    deep = b"[" * depth + b"]" * depth
    for field in ("schema", "name", "components", "files", "whisper", "unknown"):
        text = json.dumps({**target.manifest, field: "DEEP"}).encode().replace(b'"DEEP"', deep)
        for message in refusals("speech", target, text):
            assert MANIFEST in message
