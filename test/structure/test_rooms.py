"""The rooms of the C++ runtime stand in layers: each includes only from those before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = REPOSITORY / "cpp" / "src"
PUBLIC = REPOSITORY / "cpp" / "include" / "sotto"

# From what everything stands on to what programs outside call.
LAYERS = [
    "platform",
    "base",
    "audio",
    "bundle",
    "text",
    "image",
    "tflite",
    "litert",
    "vad",
    "decode",
    "recognizer",
    "whisper",
    "speech",
    "embed",
    "stream",
    "capi",
]
# Headers without a source file of their own, and the room that they belong to.
ALONE = {"transcription": "base", "recognizer": "recognizer"}


def room_of_header(name: str) -> str:
    """The room of a public header: that of the source file of its name."""
    stem = Path(name).stem
    if stem in ALONE:
        return ALONE[stem]
    (source,) = (path for path in SOURCES.rglob(f"{stem}.cc") if path.parent.name != "capi")
    return source.parent.name


def files() -> Iterator[tuple[Path, str]]:
    """Every file of the runtime, and its room."""
    for path in sorted(SOURCES.rglob("*.[ch]*")):
        yield path, path.relative_to(SOURCES).parts[0]
    for path in sorted(PUBLIC.glob("*.h")):
        yield path, room_of_header(path.name)


def includes() -> Iterator[tuple[str, str, Path]]:
    """(from, to, file) of every include between two rooms."""
    for path, own in files():
        for name in re.findall(r'#include "([^"]+)"', path.read_text(encoding="utf-8")):
            folder, _, rest = name.partition("/")
            other = room_of_header(rest) if folder == "sotto" else folder
            if rest and (SOURCES / other).is_dir() and other != own:
                yield own, other, path


def test_the_decoder_core_has_no_word_of_any_model() -> None:
    """Language models stand on it, too."""
    named = [
        path.name
        for path, room in files()
        if room == "decode" and "whisper" in path.read_text(encoding="utf-8").lower()
    ]
    assert not named


def test_every_room_has_its_layer() -> None:
    assert {path.name for path in SOURCES.iterdir() if path.is_dir()} == set(LAYERS)


def test_nothing_includes_upward() -> None:
    upward = [
        f"{path.relative_to(REPOSITORY)} ({own}) includes from {other}"
        for own, other, path in includes()
        if LAYERS.index(other) > LAYERS.index(own)
    ]
    assert not upward, "\n".join(sorted(upward))


def test_only_platform_includes_what_one_system_has() -> None:
    of_a_system = r"#include <((dlfcn|fcntl|io|pthread|sched|unistd|windows)\.h|(linux|mach|sys)/)"
    paths = [path for path, room in files() if room != "platform"]
    for folder in ("cli", "python"):
        paths += (REPOSITORY / "cpp" / folder).glob("*.[ch]*")
    assert not [path for path in paths if re.search(of_a_system, path.read_text(encoding="utf-8"))]


def test_both_systems_have_the_same_parts() -> None:
    posix, windows = (
        {path.name for path in (SOURCES / "platform" / system).glob("*.cc")}
        for system in ("posix", "windows")
    )
    assert windows - posix == {"wide.cc"}
    assert posix <= windows


@pytest.mark.parametrize("function", ["LiteRtCreateModelFromBuffer", "LiteRtRunCompiledModel"])
def test_litert_alone_calls_litert(function: str) -> None:
    callers = {room for path, room in files() if function in path.read_text(encoding="utf-8")}
    assert callers == {"litert"}
