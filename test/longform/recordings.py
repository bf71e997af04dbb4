"""Which recordings a test runs over, and which of them only when there is time."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.clips import Clip, all_clips, clips_for
from sounds import silence

CLIPS = all_clips()


def each_recording(
    *models: str,
    quick: tuple[str, ...] = (),
    languages: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    longer: float = 0,
) -> pytest.MarkDecorator:
    """Parameters (model, clip) for every recording in a language of the model.

    Args:
        models: checkpoints' names.
        quick: ``model-clip`` of those that are not marked slow.
        languages: of the recordings, if not all.
        only: ``model-clip`` of those that are taken, if not all.
        longer: seconds; only recordings longer than that.
    """
    chosen = [
        (model, clip)
        for model in models
        for clip in clips_for(not model.endswith(".en"), CLIPS)
        if (not languages or clip.language in languages)
        and (not only or f"{model}-{clip.name}" in only)
        and (not longer or clip.seconds > longer)
    ]
    if not chosen:
        skip = pytest.mark.skip(reason="no such recordings: set SOTTO_TEST_AUDIO")
        return pytest.mark.parametrize(("model", "clip"), [pytest.param("", None, marks=skip)])
    return pytest.mark.parametrize(
        ("model", "clip"),
        [
            pytest.param(
                model,
                clip,
                id=f"{model}-{clip.name}",
                marks=[] if f"{model}-{clip.name}" in quick else [pytest.mark.slow],
            )
            for model, clip in chosen
        ],
    )


def two_windows() -> np.ndarray:
    """Speech, silence and other speech: two windows with little text, float32 [n]."""
    quiet = silence(20)
    return np.concatenate([recording("jfk").samples, quiet, recording("mr_quilter").samples])


def recording(name: str) -> Clip:
    """A recording by name; skips where it is absent."""
    for clip in CLIPS:
        if clip.name == name:
            return clip
    pytest.skip(f"no recording {name}: set SOTTO_TEST_AUDIO to the recordings")
