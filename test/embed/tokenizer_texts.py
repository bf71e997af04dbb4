"""Texts that tokenizers might take otherwise than each other, made from a seed."""

from __future__ import annotations

import random
import string
import unicodedata

SCALARS = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
ASSIGNED = [code for code in SCALARS if unicodedata.category(chr(code)) not in ("Cn", "Co")]
MARKS = [code for code in ASSIGNED if unicodedata.category(chr(code))[0] == "M"]
DECOMPOSED = [code for code in ASSIGNED if unicodedata.decomposition(chr(code))]
HANGUL = [*range(0x1100, 0x1200), *range(0xAC00, 0xD7A4, 7), *range(0xA960, 0xA97D)]
SPACES = (
    "\t\n\r \x0b\x0c\x85\xa0\u1680\u2000\u2003\u2028\u2029\u202f\u205f\u3000\u200b\u200d\ufeff"
    "\x00\x1f\x7f\ufffd"
)
_WORDS = """
the quick Brown FOX I'll don't WE'VE 're 'LL \u017f '\u017f \u212a ß ẞ ŉ İstanbul Σίσυφος ΣΑΣ ǅ ﬁ ½
x² 2024 3.14 [MASK] [CLS] <s> </s> <mask> [UNK] <|endoftext|> ## ##ing foo_bar() { return; }
東京 한국어 각 ᄀ हिन्दी ไทย العربية עברית 👩‍👩‍👧‍👦 🇩🇪 ❤️ é Å Ω q̣̇ résumé naïve zażółć й
"""
WORDS = _WORDS.split()


def texts(count: int, seed: int) -> list[str]:
    """``count`` texts: words, every block of Unicode, unassigned characters, marks and spaces."""
    source = random.Random(seed)
    return [_KINDS[number % len(_KINDS)](source) for number in range(count)]


def _drawn(source: random.Random, codes: list[int]) -> str:
    return "".join(chr(source.choice(codes)) for _ in range(source.randint(0, 24)))


def _block(source: random.Random) -> str:
    """Neighbours in Unicode: most often one script."""
    first = source.choice([code for code in range(0, 0x20000, 256) if code >> 11 != 0x1B])
    return "".join(
        chr(first + source.randrange(256)) if source.random() < 0.8 else source.choice(" '-.\n")
        for _ in range(source.randint(0, 24))
    )


def _accents(source: random.Random) -> str:
    return "".join(
        chr(source.choice(source.choice([MARKS, DECOMPOSED, DECOMPOSED, ASSIGNED])))
        for _ in range(source.randint(0, 24))
    )


def _spaces(source: random.Random) -> str:
    return "".join(
        source.choice(source.choice([SPACES, string.printable]))
        for _ in range(source.randint(0, 24))
    )


def _words(source: random.Random) -> str:
    return "".join(
        source.choice(WORDS) + source.choice(["", " ", "  ", "\n", " \n ", *SPACES])
        for _ in range(source.randint(0, 12))
    )


def _long_word(source: random.Random) -> str:
    return source.choice(WORDS) * source.randint(1, 60)


_KINDS = (
    lambda source: _drawn(source, SCALARS),
    lambda source: _drawn(source, ASSIGNED),
    lambda source: _drawn(source, HANGUL),
    _block,
    _block,
    _accents,
    _spaces,
    _words,
    _words,
    _words,
    _long_word,
)
