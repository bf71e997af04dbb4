"""Writes cpp/src/text/character_classes.cc: which characters are letters and which are numbers.

``python cpp/generate/character_classes.py [OUTPUT]``. The classes are asked of tiktoken's own
regular expressions, so that the runtime splits a text just where openai-whisper's tokenizer
does, whatever version of Unicode Python has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import tiktoken

OUTPUT = Path(__file__).resolve().parents[1] / "src" / "text" / "character_classes.cc"

HEAD = """\
// Made by cpp/generate/character_classes.py; not to be edited.
// clang-format off

#include "text/character_classes.h"

#include "text/character_ranges.h"

namespace sotto {
namespace {

"""

TAIL = """\
}  // namespace

bool IsLetter(char32_t c) { return Holds(kLetters, c); }

bool IsNumber(char32_t c) { return Holds(kNumbers, c); }

}  // namespace sotto
"""


def members(pattern: str) -> Iterator[int]:
    """The characters that ``pattern`` matches: tiktoken encodes nothing but matches."""
    single_bytes = {bytes([byte]): byte for byte in range(256)}
    encoding = tiktoken.Encoding(
        "class", pat_str=pattern, mergeable_ranks=single_bytes, special_tokens={}
    )
    for code in range(sys.maxunicode + 1):
        surrogate = 0xD800 <= code <= 0xDFFF
        if not surrogate and encoding.encode_ordinary(chr(code)):
            yield code


def ranges(codes: Iterator[int]) -> list[tuple[int, int]]:
    """Runs of neighbours, as first and last."""
    runs: list[tuple[int, int]] = []
    for code in codes:
        if runs and runs[-1][1] == code - 1:
            runs[-1] = (runs[-1][0], code)
        else:
            runs.append((code, code))
    return runs


def table(name: str, runs: list[tuple[int, int]]) -> str:
    """The C++ array, filled to 100 columns."""
    lines = [f"constexpr CharacterRange {name}[] = {{", "   "]
    for first, last in runs:
        item = f" {{0x{first:x}, 0x{last:x}}},"
        if len(lines[-1]) + len(item) > 100:
            lines.append("   ")
        lines[-1] += item
    return "\n".join([*lines, "};", "", ""])


def source() -> str:
    """The whole file."""
    letters = table("kLetters", ranges(members(r"\p{L}")))
    return HEAD + letters + table("kNumbers", ranges(members(r"\p{N}"))) + TAIL


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT).write_text(source())
