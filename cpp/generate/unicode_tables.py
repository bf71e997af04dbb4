"""Writes cpp/src/text/unicode_*.cc: the classes and mappings of characters that text encoders need.

``python cpp/generate/unicode_tables.py [FOLDER]``. Every table is asked of the ``tokenizers``
package, whose parts are of several versions of Unicode, so that the runtime normalises and cuts a
text just as the package does, whatever version Python's own tables are of.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

from tokenizers import Regex, normalizers, pre_tokenizers

FOLDER = Path(__file__).resolve().parents[1] / "src" / "text"

SCALARS = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]

Mapping = dict[int, str]

CLASSES_HEAD = """\
// Made by cpp/generate/unicode_tables.py; not to be edited.
// clang-format off

#include "text/unicode_classes.h"

#include "text/character_ranges.h"

namespace sotto {
namespace {

"""

MAPPINGS_HEAD = """\
// Made by cpp/generate/unicode_tables.py; not to be edited.
// clang-format off

#include "text/unicode_mappings.h"

#include <iterator>

namespace sotto {

"""


def matched(pattern: str) -> list[int]:
    """The characters that a regular expression of ``Split`` and ``Replace`` matches."""
    without = normalizers.Replace(Regex(pattern), "")
    kept = set(without.normalize_str("".join(map(chr, SCALARS))))
    return [code for code in SCALARS if chr(code) not in kept]


def removed(normalizer: normalizers.Normalizer) -> list[int]:
    """The characters that become nothing."""
    return [code for code in SCALARS if not normalizer.normalize_str(chr(code))]


def nonspacing() -> list[int]:
    """What BertNormalizer takes for an accent; characters that NFD changes never reach it."""
    bert = normalizers.BertNormalizer(
        clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False
    )
    nfd = normalizers.NFD()
    return [code for code in removed(bert) if nfd.normalize_str(chr(code)) == chr(code)]


def pieces(pre_tokenizer: pre_tokenizers.PreTokenizer, of: Callable[[str], str]) -> Iterable[str]:
    """The pieces of a text that has ``of(c)`` for each character c."""
    for start in range(0, len(SCALARS), 4096):
        text = "".join(of(chr(code)) for code in SCALARS[start : start + 4096])
        yield from (piece for piece, _ in pre_tokenizer.pre_tokenize_str(text))


def punctuation() -> list[int]:
    """What Punctuation and BertPreTokenizer take for punctuation."""
    kept = set("".join(pieces(pre_tokenizers.Punctuation("removed"), lambda c: c)))
    return [code for code in SCALARS if chr(code) not in kept]


def digits() -> list[int]:
    """What Digits splits off."""
    found = pieces(pre_tokenizers.Digits(individual_digits=True), lambda c: f"a{c}")
    return sorted({ord(piece) for piece in found if len(piece) == 1 and piece != "a"})


def word_characters() -> list[int]:
    r"""``\\w`` of the regular expressions of Whitespace and of added tokens."""
    after_a = pieces(pre_tokenizers.Whitespace(), lambda c: f"a{c} ")
    found = {ord(piece[1]) for piece in after_a if len(piece) == 2 and piece[0] == "a"}
    return sorted(found)


def mapping(normalizer: normalizers.Normalizer) -> Mapping:
    """What each character that is changed becomes."""
    changed = {code: normalizer.normalize_str(chr(code)) for code in SCALARS}
    return {code: text for code, text in changed.items() if text != chr(code)}


def combining_classes() -> Mapping:
    """Canonical combining classes, each as one character, found by what NFD puts in order."""
    nfd = normalizers.NFD().normalize_str
    marks: dict[int, str] = {}
    for code in SCALARS:
        mark = chr(code)
        if unicodedata.combining(mark) and nfd(mark) == mark:
            marks.setdefault(unicodedata.combining(mark), mark)
    known = sorted(marks)

    def swapped(first: str, second: str) -> bool:
        return first != second and nfd(first + second) == second + first

    classes = {}
    for code in SCALARS:
        mark = chr(code)
        if nfd(mark) != mark:
            continue
        if swapped(marks[known[-1]], mark):
            # The lowest class that comes after this character follows its own.
            later = next(order for order in known if swapped(marks[order], mark))
            classes[code] = chr(known[known.index(later) - 1])
        elif swapped(mark, marks[known[0]]):
            classes[code] = chr(known[-1])
    return classes


def ranges(codes: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of neighbours, as first and last."""
    runs: list[tuple[int, int]] = []
    for code in codes:
        if runs and runs[-1][1] == code - 1:
            runs[-1] = (runs[-1][0], code)
        else:
            runs.append((code, code))
    return runs


def runs_of(pairs: dict[int, int]) -> list[tuple[int, int, int, int]]:
    """Runs of one distance as first, last, step and what the first becomes."""
    runs: list[tuple[int, int, int, int]] = []
    for code, to in sorted(pairs.items()):
        if runs:
            first, last, step, of_first = runs[-1]
            gap = code - last
            if to - code == of_first - first and gap in ((1, 2) if first == last else (step,)):
                runs[-1] = (first, code, gap, of_first)
                continue
        runs.append((code, code, 1, to))
    return runs


def array(kind: str, name: str, items: Iterable[str]) -> str:
    """A C++ array, filled to 100 columns."""
    lines = [f"{kind} {name}[] = {{", "   "]
    for item in items:
        if len(lines[-1]) + len(item) + 2 > 100:
            lines.append("   ")
        lines[-1] += f" {item},"
    return "\n".join([*lines, "};", "", ""])


def numbers(values: Iterable[int]) -> str:
    return "{" + ", ".join(hex(value) if value > 9 else str(value) for value in values) + "}"


def table(name: str, kind: str, rows: Iterable[Iterable[int]]) -> str:
    """A table and its view, which the header declares."""
    body = array(f"static constexpr {kind}", f"k{name}Rows", map(numbers, rows))
    return body + f"const Table<{kind}> k{name} = {{k{name}Rows, std::size(k{name}Rows)}};\n\n"


def expansions(name: str, mapping: Mapping) -> str:
    """Characters that become several, whose texts lie in one array."""
    pool, rows = [], []
    for code, text in sorted(mapping.items()):
        rows.append((code, len(pool), len(text)))
        pool.extend(map(ord, text))
    texts = array("static constexpr char32_t", f"k{name}Texts", (hex(each) for each in pool))
    rows_of = array("static constexpr ExpansionRow", f"k{name}Rows", map(numbers, rows))
    view = f"{{{{k{name}Rows, std::size(k{name}Rows)}}, k{name}Texts}}"
    return texts + rows_of + f"const Expansions k{name} = {view};\n\n"


def singles(mapping: Mapping) -> dict[int, int]:
    return {code: ord(text) for code, text in mapping.items() if len(text) == 1}


def longer(mapping: Mapping) -> Mapping:
    return {code: text for code, text in mapping.items() if len(text) != 1}


def classes_source() -> str:
    """The whole of unicode_classes.cc."""
    clean = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False
    )
    classes = {
        "UpperCase": matched(r"\p{Lu}"),
        "LowerCase": matched(r"\p{Ll}"),
        "TitleCase": matched(r"\p{Lt}"),
        "ModifierLetter": matched(r"\p{Lm}"),
        "Mark": matched(r"\p{M}"),
        "DecimalNumber": matched(r"\p{Nd}"),
        "PunctuationCategory": matched(r"\p{P}"),
        "Symbol": matched(r"\p{S}"),
        "BertControl": removed(clean),
        "BertAccent": nonspacing(),
        "BertPunctuation": punctuation(),
        "Numeric": digits(),
        "CombiningMark": removed(normalizers.StripAccents()),
        "WordCharacter": word_characters(),
    }
    tables = (
        array("constexpr CharacterRange", f"k{name}", map(numbers, ranges(codes)))
        for name, codes in classes.items()
    )
    doors = (f"bool Is{name}(char32_t c) {{ return Holds(k{name}, c); }}\n\n" for name in classes)
    between, end = "}  // namespace\n\n", "}  // namespace sotto\n"
    return "".join([CLASSES_HEAD, *tables, between, *doors, end])


def without_hangul(changed: Mapping) -> Mapping:
    """Hangul's syllables are decomposed by arithmetic."""
    return {code: text for code, text in changed.items() if not 0xAC00 <= code <= 0xD7A3}


def canonical_source() -> str:
    """The whole of unicode_canonical.cc: lower case, combining classes, NFD and NFC."""
    nfc = normalizers.NFC().normalize_str
    canonical = without_hangul(mapping(normalizers.NFD()))
    composed = {code: text for code, text in canonical.items() if nfc(text) == chr(code)}
    pairs = [(code, ord(nfc(text[:-1])), ord(text[-1])) for code, text in sorted(composed.items())]
    others = {code: text for code, text in canonical.items() if code not in composed}
    lower = mapping(normalizers.Lowercase())
    marks = {code: ord(text) for code, text in combining_classes().items()}
    orders = [
        (first, last, order)
        for order in sorted(set(marks.values()))
        for first, last in ranges(code for code in marks if marks[code] == order)
    ]
    return "".join(
        [
            MAPPINGS_HEAD,
            table("Lower", "RunRow", runs_of(singles(lower))),
            expansions("LowerLong", longer(lower)),
            table("CombiningClasses", "ClassRow", sorted(orders)),
            table("Composites", "CompositeRow", pairs),
            table("Canonical", "RunRow", runs_of(singles(others))),
            expansions("CanonicalLong", longer(others)),
            "}  // namespace sotto\n",
        ]
    )


def compatible_source() -> str:
    """The whole of unicode_compatible.cc: what NFKD does and NFD does not."""
    canonical = mapping(normalizers.NFD())
    compatible = without_hangul(mapping(normalizers.NFKD()))
    compatible = {code: text for code, text in compatible.items() if canonical.get(code) != text}
    return "".join(
        [
            MAPPINGS_HEAD,
            table("Compatible", "RunRow", runs_of(singles(compatible))),
            expansions("CompatibleLong", longer(compatible)),
            "}  // namespace sotto\n",
        ]
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    (folder / "unicode_classes.cc").write_text(classes_source())
    (folder / "unicode_canonical.cc").write_text(canonical_source())
    (folder / "unicode_compatible.cc").write_text(compatible_source())
