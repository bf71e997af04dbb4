"""The alignment graph in the C++ runtime against openai-whisper's own attention scores.

``whisper/timing.py``, ``find_alignment``, is followed to where it takes the softmax over the
frames: raw scores of the alignment heads, and the probability of each token of the text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("whisper", reason="openai-whisper is the reference")

import torch
from comparison.baseline import Baseline
from comparison.bundles import Precision
from comparison.clips import packaged_clips
from whisper.decoding import DecodingOptions
from whisper.model import disable_sdpa

from sotto._runtime import Aligner
from sotto.bundle import Decoder, link_files, read_manifest, write_manifest
from sotto.errors import BundleError, CancelledError, ModelError
from sotto.runtime.locate import find_litert

WINDOW = 30

SCORE_TOLERANCE = 5e-3
"""Absolute, on raw scores up to 20: XNNPACK sums one by one what torch sums in blocks, from the
encoder on, whose outputs are some 2e-3 apart. 3e-3 was seen."""

PROBABILITY_TOLERANCE = 1e-4
"""Absolute, for fp32, for the same reason. 1e-5 was seen."""


@dataclass(frozen=True)
class Heard:
    """What openai-whisper makes of a recording's first 30 s."""

    log_mel: np.ndarray
    tokens: list[int]
    scores: np.ndarray
    logits: np.ndarray


@pytest.fixture(scope="module")
def heard(
    bundle: Callable[[str, Precision], Path], baseline: Callable[[str], Baseline]
) -> Callable[[str], Heard]:
    """``heard(model)``: over two_cities.wav, text tokens and all."""

    @cache
    @torch.no_grad()
    def hear(name: str) -> Heard:
        whisper = read_manifest(bundle(name, "fp32")).whisper
        assert whisper is not None
        reference = baseline(name)
        clip = next(clip for clip in packaged_clips() if clip.name == "two_cities")
        tokenizer = reference.tokenizer("en")
        log_mel = reference.log_mel(clip.first_window)
        sampled = reference.model.decode(log_mel[0], DecodingOptions(language="en", fp16=False))
        text = [token for token in sampled.tokens if token < tokenizer.eot]
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        tokens = [*start, *text, tokenizer.eot]
        found: list[torch.Tensor] = []
        hooks = [
            block.cross_attn.register_forward_hook(lambda _, __, outs: found.append(outs[-1][0]))
            for block in reference.model.decoder.blocks
        ]
        with disable_sdpa():
            logits = reference.model(log_mel, torch.tensor([tokens]))[0]
        for hook in hooks:
            hook.remove()
        scores = np.stack([found[layer][head] for layer, head in whisper.alignment_heads])
        return Heard(log_mel.numpy()[0], tokens, scores, logits.numpy())

    return hear


def probabilities(logits: np.ndarray, tokens: list[int], eot: int) -> np.ndarray:
    """Of each token but the first, among the text tokens, as ``find_alignment`` has them."""
    rows = torch.from_numpy(logits[:-1, :eot]).softmax(-1).numpy()
    wanted = np.array(tokens[1:])
    is_text = wanted < eot
    return rows[np.flatnonzero(is_text), wanted[is_text]]


def aligner(bundle: Path, window: int = WINDOW) -> Aligner:
    return Aligner(bundle, window=window, threads=2, library=find_litert())


@pytest.mark.parametrize("model", ["tiny.en", "base"])
def test_scores_and_probabilities_are_openai_whispers(
    bundle: Callable[[str, Precision], Path], heard: Callable[[str], Heard], model: str
) -> None:
    expected = heard(model)
    directory = bundle(model, "fp32")
    logits, scores = aligner(directory).align(expected.log_mel, expected.tokens)
    assert len(expected.tokens) > 64  # several blocks, the last one padded
    assert scores.shape == expected.scores.shape
    assert np.abs(scores - expected.scores).max() <= SCORE_TOLERANCE
    whisper = read_manifest(directory).whisper
    assert whisper is not None
    eot = whisper.tokens.eot
    actual, wanted = (probabilities(of, expected.tokens, eot) for of in (logits, expected.logits))
    assert len(actual) > 60
    assert np.abs(actual - wanted).max() <= PROBABILITY_TOLERANCE
    # The text is what was said: a token out of its place would be improbable.
    assert np.median(actual) > 0.5


def test_int8_scores_attend_to_the_same_frames(
    bundle: Callable[[str, Precision], Path], heard: Callable[[str], Heard]
) -> None:
    expected = heard("base")
    _, scores = aligner(bundle("base", "int8")).align(expected.log_mel, expected.tokens)
    difference = np.square(scores - expected.scores).mean()
    # As loose as step 2 is with int8: 12 dB.
    assert 10 * np.log10(np.square(expected.scores).mean() / difference) > 12
    correlation = np.corrcoef(scores.ravel(), expected.scores.ravel())[0, 1]
    assert correlation > 0.95


def test_a_text_may_be_aligned_again_and_after_another(
    bundle: Callable[[str, Precision], Path], heard: Callable[[str], Heard]
) -> None:
    expected = heard("tiny.en")
    graph = aligner(bundle("tiny.en", "fp32"))
    first = graph.align(expected.log_mel, expected.tokens)
    graph.align(expected.log_mel, expected.tokens[::-1])
    again = graph.align(expected.log_mel, expected.tokens)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("count", [1, 63, 64, 65])
def test_the_number_of_tokens_changes_nothing_before_the_last(
    bundle: Callable[[str, Precision], Path], heard: Callable[[str], Heard], count: int
) -> None:
    expected = heard("tiny.en")
    graph = aligner(bundle("tiny.en", "fp32"))
    logits, scores = graph.align(expected.log_mel, expected.tokens[:count])
    assert logits.shape[0] == scores.shape[1] == count
    assert np.abs(scores - expected.scores[:, :count]).max() <= SCORE_TOLERANCE


def test_a_whole_cache_fits_and_one_token_more_is_refused(
    bundle: Callable[[str, Precision], Path], heard: Callable[[str], Heard]
) -> None:
    expected = heard("tiny.en")
    graph = aligner(bundle("tiny.en", "fp32"))
    full = (expected.tokens * 8)[:448]
    logits, scores = graph.align(expected.log_mel, full)
    assert np.isfinite(logits).all()
    assert np.isfinite(scores).all()
    with pytest.raises(ModelError, match="449 tokens is longer than the decoder's cache of 448"):
        graph.align(expected.log_mel, [*full, 0])
    with pytest.raises(ModelError, match="no row"):
        graph.align(expected.log_mel, [10**6])


def test_it_is_cancelled_between_blocks_and_can_run_again(
    bundle: Callable[[str, Precision], Path], heard: Callable[[str], Heard]
) -> None:
    expected = heard("tiny.en")
    graph = aligner(bundle("tiny.en", "fp32"))
    for blocks in (0, 1):
        with pytest.raises(CancelledError, match="the transcription was cancelled"):
            graph.align(expected.log_mel, expected.tokens, blocks=blocks)
    _, scores = graph.align(expected.log_mel, expected.tokens, blocks=2)
    assert np.abs(scores - expected.scores).max() <= SCORE_TOLERANCE


def test_no_tokens_give_no_scores(
    bundle: Callable[[str, Precision], Path], heard: Callable[[str], Heard]
) -> None:
    logits, scores = aligner(bundle("tiny.en", "fp32")).align(heard("tiny.en").log_mel, [])
    assert logits.shape == (0, 51864)
    assert scores.shape[1] == 0


def test_a_bundle_without_alignment_stays_readable_and_says_what_it_lacks(
    bundle: Callable[[str, Precision], Path], tmp_path: Path
) -> None:
    source, older = bundle("tiny.en", "fp32"), tmp_path / "older"
    older.mkdir()
    manifest = replace(read_manifest(source, verify=False), torchscript=None)
    decoder = manifest.need(Decoder)
    kept = tuple(graph for graph in decoder.graphs if graph.role != "alignment")
    manifest = manifest.with_component(decoder.with_graphs(kept))
    names = [name for name in manifest.files if not name.startswith("torchscript")]
    link_files(source, older, names)
    write_manifest(older, manifest, names)
    with pytest.raises(
        BundleError, match=r"no alignment graph for its window of 30 s.*sotto convert"
    ):
        aligner(older)
