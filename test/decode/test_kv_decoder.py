"""``KvDecoder`` over a decoder that is no Whisper's: four ways to one text give one answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sotto.errors import BundleError, ModelError

pytest.importorskip("litert_torch", reason="the decoder is converted here")

from grouped_decoder import BLOCK, CACHE, VOCABULARY, WIDTH, Made

# XNNPACK and torch add up float32 in another order, and so do its kernels for other shapes.
TOLERANCE = 2e-5
TEXT = [int(token) for token in np.random.default_rng(1).integers(0, VOCABULARY, CACHE)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("decoder"))


def stepped(decoder: object, tokens: list[int], text: int = 0) -> np.ndarray:
    return np.stack([decoder.step(token, text) for token in tokens])


def test_steps_give_what_the_whole_text_gives_at_once(made: Made) -> None:
    decoder = made.runtime(None)
    np.testing.assert_allclose(stepped(decoder, TEXT), made.logits(TEXT), atol=TOLERANCE)
    assert decoder.position() == CACHE
    with pytest.raises(ModelError, match="longer than the decoder's cache of 28 positions"):
        decoder.step(0)


def test_a_block_gives_the_logits_of_all_its_positions(made: Made) -> None:
    decoder = made.runtime("block")
    given = decoder.feed(TEXT[:21], logits=True)
    np.testing.assert_allclose(given, made.logits(TEXT)[:21], atol=TOLERANCE)
    # Two blocks, and what is too little for a third.
    assert decoder.counters == {"blocks": 2, "steps": 5}


def test_known_tokens_are_run_by_blocks_without_logits(made: Made) -> None:
    decoder = made.runtime("prefill")
    assert decoder.feed(TEXT[: 2 * BLOCK]) is None
    assert decoder.counters == {"blocks": 2, "steps": 0}
    rest = stepped(decoder, TEXT[2 * BLOCK :])
    np.testing.assert_allclose(rest, made.logits(TEXT)[2 * BLOCK :], atol=TOLERANCE)


def test_logits_that_no_block_gives_come_of_steps(made: Made) -> None:
    decoder = made.runtime("prefill")
    given = decoder.feed(TEXT[:BLOCK], logits=True)
    assert decoder.counters == {"blocks": 0, "steps": BLOCK}
    np.testing.assert_array_equal(given, stepped(made.runtime(None), TEXT[:BLOCK]))


def test_what_was_taken_back_leaves_no_trace(made: Made) -> None:
    decoder = made.runtime("block")
    expected = stepped(decoder, TEXT[:12])
    decoder.feed([0] * 9)
    decoder.roll_back(5)
    assert decoder.position() == 5
    np.testing.assert_array_equal(stepped(decoder, TEXT[5:12]), expected[5:])
    with pytest.raises(ModelError, match="has 12 positions and can't go back to 13"):
        decoder.roll_back(13)
    with pytest.raises(ModelError, match="can't go back to -1"):
        decoder.roll_back(-1)


def test_texts_that_were_forked_go_on_each_for_itself(made: Made) -> None:
    decoder = made.runtime("block")
    decoder.feed(TEXT[:10])
    decoder.fork([0, 0, 0])
    others = [[token + i for token in (3, 7, 1)] for i in range(3)]
    texts = np.stack([stepped(decoder, others[i], i) for i in range(3)])
    for i in range(3):
        expected = made.logits(TEXT[:10] + others[i])[10:]
        np.testing.assert_allclose(texts[i], expected, atol=TOLERANCE)
    # Text 0 is given up, text 2 goes on twice.
    decoder.fork([2, 1, 2])
    again = [decoder.step(5, text) for text in range(3)]
    np.testing.assert_array_equal(again[0], again[2])
    assert not np.array_equal(again[0], again[1])


def test_a_batch_of_texts_is_fed_each_its_own(made: Made) -> None:
    decoder = made.runtime("block")
    decoder.restart()
    decoder.fork([0, 0])
    batch = [TEXT[:11], TEXT[11:23]]
    for text, tokens in enumerate(batch):
        given = decoder.feed(tokens, logits=True, text=text)
        np.testing.assert_allclose(given, made.logits(tokens), atol=TOLERANCE)
    assert [decoder.position(text) for text in range(2)] == [11, 12]
    with pytest.raises(IndexError):
        decoder.step(0, 2)


def test_rows_stand_for_tokens(made: Made) -> None:
    decoder = made.runtime("block")
    rows = made.rows[TEXT[:13]].numpy()
    by_rows = decoder.feed_rows(rows, logits=True)
    decoder.restart()
    np.testing.assert_array_equal(by_rows, decoder.feed(TEXT[:13], logits=True))
    assert rows.shape[1] == WIDTH


def test_tokens_and_texts_that_do_not_fit_are_refused(made: Made) -> None:
    decoder = made.runtime("block")
    with pytest.raises(ModelError, match="no row for token 23"):
        decoder.feed([1] * 9 + [VOCABULARY])
    decoder.restart()
    with pytest.raises(ModelError, match="longer than the decoder's cache"):
        decoder.feed([*TEXT, 0])
    assert decoder.position() == 0


def test_a_graph_that_lacks_what_a_decoder_needs_is_refused(made: Made, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no input angles"):
        made.runtime(None, positions={"angles": made.folder / "sin.npy"})
    np.save(tmp_path / "short.npy", np.zeros((3, 4), np.float32))
    short = {f"rope_{name}": tmp_path / "short.npy" for name in ("cos", "sin")}
    with pytest.raises(BundleError, match=r"short\.npy"):
        made.runtime(None, positions=short)
    with pytest.raises(ModelError, match="is no step of a decoder: it takes 8 positions"):
        made.runtime(None, step=made.signatures["block"])
