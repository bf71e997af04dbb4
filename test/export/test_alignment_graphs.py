"""The graphs for word timestamps: made by default, left out on demand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import random_whisper
import torch
from scripts import Script

from sotto.asr import load_model
from sotto.bundle import TensorSpec, read_manifest
from sotto.checkpoints import load_checkpoint
from sotto.checkpoints.alignment import default_alignment_heads
from sotto.checkpoints.checkpoint import AlignmentHeads
from sotto.export.whisper.reference import ALIGNMENT_TOLERANCE, Reference
from sotto.export.whisper.torchscript import decoder_spec
from sotto.graphs import signatures
from sotto.graphs.alignment import AlignmentBlock
from sotto.graphs.whisper import Encoder
from sotto.preprocess import read_audio

CACHE = 96
FRAMES = 200


def test_a_checkpoint_that_names_no_heads_gets_openai_whispers_default() -> None:
    from dataclasses import asdict

    from whisper.model import ModelDimensions, Whisper

    for dims in random_whisper.DIMS.values():
        indices = Whisper(ModelDimensions(**asdict(dims))).alignment_heads.indices().T.tolist()
        assert default_alignment_heads(dims) == [tuple(pair) for pair in indices]
        assert indices


def test_it_shares_the_decoders_weights_and_may_be_left_out(
    fp32: Path, checkpoints: dict[str, Path], step1: Script, step2: Script, tmp_path: Path
) -> None:
    arguments = ("--out", tmp_path / "source", "--windows", "1", "--cache", "16", "--no-alignment")
    done = step1("--model", checkpoints["tiny.en"], *arguments)
    assert done.status == 0, done.err
    assert "align_1s" not in done.err
    bundle = tmp_path / "without"
    assert step2(tmp_path / "source", "--precision", "fp32", "--out", bundle).status == 0
    (window,) = read_manifest(fp32).windows
    assert window.alignment is not None
    assert (window.alignment.name, window.alignment.file) == ("align_1s", "decoder.tflite")
    assert window.alignment.outputs[-1] == TensorSpec("attention", (1, 1, 16, 50))
    (window,) = read_manifest(bundle).windows
    assert window.alignment is None
    sizes = [read_manifest(at).files["decoder.tflite"].size for at in (fp32, bundle)]
    # The embedding table alone is 13 MB.
    assert sizes[0] - sizes[1] < 5e5
    assert (
        load_model(bundle)
        .recognize(
            np.zeros(16_000, np.float32), sample_len=3, temperature=0.0, no_speech_threshold=None
        )
        .profile.encoder_runs
    )


def test_all_heads_of_the_last_half_of_the_layers_are_its_own(
    checkpoints: dict[str, Path], step1: Script, tmp_path: Path
) -> None:
    arguments = ("--out", tmp_path / "bundle", "--windows", "2", "--cache", "96")
    done = step1("--model", checkpoints["large-v3"], *arguments)
    assert done.status == 0, done.err
    assert "align_2s: largest difference" in done.err
    manifest = read_manifest(tmp_path / "bundle")
    assert manifest.whisper is not None
    assert manifest.whisper.alignment_heads == ((1, 0),)
    assert manifest.torchscript is not None
    (graph,) = (
        graph for graph in manifest.torchscript.graphs["decoder"] if graph.role == "alignment"
    )
    assert graph.outputs[-1] == TensorSpec("attention", (1, 1, 64, 100))


def test_a_block_is_no_longer_than_the_cache(
    checkpoints: dict[str, Path], step1: Script, tmp_path: Path
) -> None:
    arguments = ("--out", tmp_path / "bundle", "--windows", "1", "--cache", "16")
    assert step1("--model", checkpoints["tiny.en"], *arguments).status == 0
    scripts = read_manifest(tmp_path / "bundle").torchscript
    assert scripts is not None
    (graph,) = (graph for graph in scripts.graphs["decoder"] if graph.role == "alignment")
    assert graph.shape("mask") == (1, 1, 16, 32)


@pytest.mark.parametrize(("heads", "passed"), [([(0, 0), (1, 0)], True), ([(1, 0), (0, 0)], False)])
@torch.no_grad()
def test_scores_of_another_head_are_beyond_the_tolerance(
    checkpoints: dict[str, Path], speech: Path, heads: AlignmentHeads, passed: bool
) -> None:
    checkpoint = load_checkpoint(checkpoints["large-v3"])
    dims, seconds = checkpoint.dims, FRAMES // 100
    reference = Reference(checkpoint, read_audio(speech))
    cross = Encoder(checkpoint.state, dims, FRAMES).eval()(reference.window(FRAMES))
    signature = signatures.alignment(dims, seconds, CACHE, len(heads))
    graph = AlignmentBlock(checkpoint.state, dims, CACHE, 64, [(0, 0), (1, 0)]).eval()
    spec = decoder_spec(dims, CACHE)
    difference = reference.compare_alignment(FRAMES, cross, graph, signature, spec, heads)
    assert difference.passed == passed
    assert passed or difference.largest > 10 * ALIGNMENT_TOLERANCE
    assert re.match(r"align_2s: largest difference", str(difference))
    assert np.isfinite(difference.scale)
