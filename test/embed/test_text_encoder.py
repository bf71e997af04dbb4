"""all-MiniLM-L6-v2 against sentence-transformers on texts of many kinds and scripts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from oracle import TextOracle
from texts import LADDER, LONG, TEXTS, words

from sotto.embed import CodeEncoder, TextEncoder

MIN_COSINE = {"fp32": 0.9999, "int8": 0.99}
"""To sentence-transformers in fp32. fp32 gives 1 - 1e-6; int8 is what issue 6 asks of it."""

SAME = 1e-5
"""Of what is computed in another batch: float32 sums in another order give some 1e-7."""

Encoder = Callable[[str], TextEncoder]


@pytest.fixture(scope="session")
def text(minilm: Callable[[str], Path]) -> Encoder:
    """By precision."""
    return cache(lambda precision: TextEncoder(minilm(precision), threads=1))


@pytest.fixture(scope="session")
def reference(minilm_checkpoint: Path) -> np.ndarray:
    """What sentence-transformers makes of all texts."""
    package = pytest.importorskip("sentence_transformers")
    model = package.SentenceTransformer(str(minilm_checkpoint), device="cpu")
    vectors: np.ndarray = model.encode(TEXTS, show_progress_bar=False)
    return vectors


@pytest.mark.parametrize("precision", MIN_COSINE)
def test_vectors_are_sentence_transformers(
    text: Encoder, reference: np.ndarray, precision: str
) -> None:
    vectors = text(precision).encode(TEXTS)
    cosines = (vectors * reference).sum(axis=1)
    worst = int(cosines.argmin())
    assert cosines[worst] >= MIN_COSINE[precision], TEXTS[worst][:80]


def test_vectors_are_what_litert_makes_of_the_manifest(
    text: Encoder, minilm: Callable[[str], Path]
) -> None:
    few = [*TEXTS[::23], "", *LADDER[-4:]]
    expected = TextOracle(minilm("int8")).encode(few)
    np.testing.assert_allclose(text("int8").encode(few), expected, atol=SAME)


def test_neighbours_and_batch_sizes_change_nothing(text: Encoder) -> None:
    encoder = text("int8")
    texts = [*LADDER, *TEXTS[:30]]
    together = encoder.encode(texts)
    alone = np.stack([encoder.encode(each) for each in texts])
    in_pairs = encoder.encode(texts, batch_size=2)
    reversed_order = encoder.encode(texts[::-1])[::-1]
    for vectors in (alone, in_pairs, reversed_order):
        np.testing.assert_allclose(vectors, together, atol=SAME)


def test_what_is_too_long_is_cut_where_the_reference_cuts_it(text: Encoder) -> None:
    encoder = text("int8")
    assert encoder.max_length == 256
    # Of one token each: 254 and two special ones.
    cut, longer = encoder.encode([words(254), words(10_000)])
    assert np.array_equal(cut, longer)
    assert not np.array_equal(cut, encoder.encode(words(253)))


def test_long_texts_do_not_disturb_short_ones(text: Encoder) -> None:
    encoder = text("int8")
    among = encoder.encode([*LONG, "short"])[-1]
    np.testing.assert_allclose(among, encoder.encode("short"), atol=SAME)


def test_many_threads_share_an_encoder(text: Encoder) -> None:
    encoder, texts = text("int8"), TEXTS[:24]
    wanted = encoder.encode(texts)
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(encoder.encode(texts))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for vectors in found:
        assert np.array_equal(vectors, wanted)


def test_meaning_is_near_and_its_lack_is_far(text: Encoder) -> None:
    query, near, far = text("int8").encode(
        ["How do I reset my password?", "I forgot my login and need a new one.", "The tide is out."]
    )
    assert query @ near > query @ far + 0.2


# ---- code --------------------------------------------------------------------------------

SOURCE = "\n\n".join(
    f"def function_{number}(value):\n"
    + "".join(f"    value += table[{i}] * {number}\n" for i in range(9))
    + "    return value"
    for number in range(12)
)


def test_a_file_is_split_into_spans_that_the_model_takes_whole(
    minilm: Callable[[str], Path],
) -> None:
    encoder = CodeEncoder(minilm("int8"), threads=1)
    spans = encoder.split(SOURCE)
    assert "".join(span.text for span in spans) == SOURCE
    lines = SOURCE.splitlines(keepends=True)
    for span in spans:
        assert span.text == "".join(lines[span.start - 1 : span.end])
    cut = [encoder.encode(span.text + " more words") for span in spans[:-1]]
    whole = [encoder.encode(span.text) for span in spans[:-1]]
    assert not any(np.array_equal(a, b) for a, b in zip(cut, whole, strict=True))
    assert len(spans) > 2


def test_spans_end_where_definitions_do(minilm: Callable[[str], Path]) -> None:
    spans = CodeEncoder(minilm("int8"), threads=1).split(SOURCE)
    assert all(span.text.lstrip("\n").startswith("def ") for span in spans)


def test_a_line_that_is_too_long_is_a_span_of_its_own(minilm: Callable[[str], Path]) -> None:
    encoder = CodeEncoder(minilm("int8"), threads=1)
    spans = encoder.split(f"a = 1\n{words(400)}\nb = 2\n")
    assert [(span.start, span.end) for span in spans] == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize("empty", ["", "\n\n\n", "   \n\t\n"])
def test_a_file_without_content_has_no_spans(minilm: Callable[[str], Path], empty: str) -> None:
    assert CodeEncoder(minilm("int8"), threads=1).split(empty) == []
