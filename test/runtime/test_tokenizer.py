"""The C++ tokenizer against tiktoken's ranks and Python's own UTF-8 decoder."""

from __future__ import annotations

import base64
import random
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sotto import _runtime
from sotto.errors import BundleError

whisper = pytest.importorskip("whisper", reason="openai-whisper's vocabularies are the reference")

ASSETS = Path(whisper.__file__).parent / "assets"
VOCABULARIES = {"multilingual": 50257, "gpt2": 50256}
REPOSITORY = Path(__file__).resolve().parents[2]

TEXTS = (
    "It's what we'll say, they've SAID and I'd've said: 3.14159, 1990s; don't!",
    " the  quick\tbrown\n\nfox   \r\n  jumps ",
    "Ünïcödé naïve façade — “quotes” … ½ ² Ⅷ",
    "日本語の文、漢字とかな。広州市房地産",
    "한국어 문장입니다. ภาษาไทยไม่มีช่องว่าง",
    "नमस्ते दुनिया, مرحبا بالعالم، שלום עולם",
    "👩‍👩‍👧 ok 🇩🇪 e\u0301 \u200b\ufeff\u2028\x1c\x85\u3000end",
    "<|endoftext|><|en|>",
    "a" * 1000 + " " * 50 + "b",
)


def ranks(name: str) -> list[bytes]:
    """The bytes of every token, by rank, as whisper/tokenizer.py reads them."""
    pieces = {}
    for line in (ASSETS / f"{name}.tiktoken").read_text().splitlines():
        token, rank = line.split()
        pieces[int(rank)] = base64.b64decode(token)
    return [pieces[rank] for rank in range(len(pieces))]


@pytest.mark.parametrize(("name", "n_text"), VOCABULARIES.items())
def test_every_token_of_whispers_vocabularies_has_its_bytes(name: str, n_text: int) -> None:
    tokenizer = _runtime.Tokenizer(ASSETS / f"{name}.tiktoken", n_text)
    expected = ranks(name)
    assert tokenizer.n_text == n_text == len(expected)
    assert [tokenizer.decode_bytes([rank]) for rank in range(n_text)] == expected
    assert tokenizer.decode_bytes(list(range(n_text))) == b"".join(expected)


def test_special_tokens_have_no_bytes() -> None:
    tokenizer = _runtime.Tokenizer(ASSETS / "multilingual.tiktoken", 50257)
    assert tokenizer.decode_bytes([50257, 50364, 51864, 2**31 - 1, -1]) == b""


def test_random_token_sequences_decode_as_in_python() -> None:
    tokenizer = _runtime.Tokenizer(ASSETS / "multilingual.tiktoken", 50257)
    pieces = ranks("multilingual")
    generator = random.Random(0)
    for _ in range(2000):
        tokens = [generator.randrange(51865) for _ in range(generator.randrange(12))]
        data = b"".join(pieces[token] for token in tokens if token < len(pieces))
        assert tokenizer.decode_bytes(tokens) == data
        assert tokenizer.decode(tokens) == data.decode("utf-8", errors="replace")


def test_whispers_own_encoding_of_many_scripts_comes_back() -> None:
    tokenizer = _runtime.Tokenizer(ASSETS / "multilingual.tiktoken", 50257)
    encoding = whisper.tokenizer.get_tokenizer(multilingual=True).encoding
    for text in (" Hello, world.", "日本語の文", "Ünïcödé", "नमस्ते", "مرحبا", "👩‍👩‍👧 ok"):
        assert tokenizer.decode(encoding.encode(text)) == text


@cache
def tokenizers() -> list[tuple[_runtime.Tokenizer, Any]]:
    """Each vocabulary's, with openai-whisper's own."""
    return [
        (
            _runtime.Tokenizer(ASSETS / f"{name}.tiktoken", n_text),
            whisper.tokenizer.get_tokenizer(multilingual=name == "multilingual").encoding,
        )
        for name, n_text in VOCABULARIES.items()
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_encoded_as_by_tiktoken(text: str) -> None:
    for ours, reference in tokenizers():
        assert ours.encode(text) == reference.encode_ordinary(text)


# Characters of every class, and those that the regular expression knows by name.
CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(
    " '\n\tstrevmldST09.,!\u00a0"
)


@settings(max_examples=500, deadline=None)
@given(st.text(CHARACTERS, max_size=60))
def test_any_text_is_encoded_as_by_tiktoken(text: str) -> None:
    for ours, reference in tokenizers()[:1]:
        assert ours.encode(text) == reference.encode_ordinary(text)
        assert ours.decode(ours.encode(text)) == text


def test_every_character_is_encoded_as_by_tiktoken() -> None:
    ours, reference = tokenizers()[0]
    for first in range(0, sys.maxunicode + 1, 64):
        codes = [code for code in range(first, first + 64) if not 0xD800 <= code <= 0xDFFF]
        # Between letters and digits, so that each one's class shows.
        text = "".join(f"a{chr(code)}1{chr(code)} {chr(code)}." for code in codes)
        assert ours.encode(text) == reference.encode_ordinary(text), hex(first)


def test_the_table_of_letters_and_numbers_is_what_its_script_writes(tmp_path: Path) -> None:
    script = REPOSITORY / "cpp" / "generate" / "character_classes.py"
    subprocess.run([sys.executable, script, tmp_path / "made.cc"], check=True)
    committed = REPOSITORY / "cpp" / "src" / "text" / "character_classes.cc"
    assert (tmp_path / "made.cc").read_text() == committed.read_text()


def test_any_bytes_decode_as_python_replaces_them() -> None:
    generator = random.Random(1)
    # Bytes at the borders of every range of Unicode's table 3-7, where decoders differ.
    borders = [
        *(0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0),
        *(0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF),
    ]
    for index in range(60_000):
        pool = borders if index % 2 else range(256)
        data = bytes(generator.choice(pool) for _ in range(generator.randrange(9)))
        assert _runtime.decode_utf8(data) == data.decode("utf-8", errors="replace"), data.hex()


def test_every_pair_and_border_triple_of_bytes_decodes_as_python_replaces_it() -> None:
    for first in range(256):
        for second in range(256):
            for data in (bytes([first, second]), bytes([first, second, 0x80, 0x41])):
                assert _runtime.decode_utf8(data) == data.decode("utf-8", errors="replace")


def test_every_character_is_stripped_or_kept_as_by_python() -> None:
    for code in range(sys.maxunicode + 1):
        if 0xD800 <= code <= 0xDFFF:  # surrogates are not text
            continue
        text = f"{chr(code)} a{chr(code)}b {chr(code)}"
        assert _runtime.strip(text) == text.strip(), hex(code)


def test_a_vocabulary_of_another_size_is_a_bundle_error() -> None:
    with pytest.raises(BundleError, match="expected 50258"):
        _runtime.Tokenizer(ASSETS / "multilingual.tiktoken", 50258)
    with pytest.raises(BundleError, match="line 50257"):
        _runtime.Tokenizer(ASSETS / "multilingual.tiktoken", 50256)
    with pytest.raises(BundleError, match="can't be opened"):
        _runtime.Tokenizer("/nowhere.tiktoken", 50257)


def test_a_path_that_is_not_utf8_is_reported_and_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="can't be opened"):
        _runtime.Tokenizer(tmp_path / "\udcff.tiktoken", 1)
