"""Which recordings a test runs over, and when each of them is tried."""

from __future__ import annotations

import pytest

from .clips import all_clips, clips_for

CLIPS = all_clips()

IN_CI = ("tiny.en-two_cities", "base-jfk", "base-ja_test_clip")
"""Two windows, the larger model, another language."""


def each_recording(
    *models: str,
    quick: tuple[str, ...] = (),
    languages: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    longer: float = 0,
) -> pytest.MarkDecorator:
    """Parameters (model, clip) for every recording in a language of the model.

    Those in ``quick`` are part of ``make test``, those in ``IN_CI`` are marked slow, and all others
    are marked slow and grid.

    Args:
        models: checkpoints' names.
        quick: ``model-clip`` of those that are not marked slow.
        languages: of the recordings, if not all.
        only: ``model-clip`` of those that are taken, if not all.
        longer: seconds; only recordings longer than that.
    """
    chosen = {
        f"{model}-{clip.name}": (model, clip)
        for model in models
        for clip in clips_for(not model.endswith(".en"), CLIPS)
        if (not languages or clip.language in languages)
        and (not only or f"{model}-{clip.name}" in only)
        and (not longer or clip.seconds > longer)
    }
    if not chosen:
        skip = pytest.mark.skip(reason="no such recordings: set SOTTO_TEST_AUDIO")
        return pytest.mark.parametrize(("model", "clip"), [pytest.param("", None, marks=skip)])

    def marks(name: str) -> list[pytest.MarkDecorator]:
        if name in quick:
            return []
        return [pytest.mark.slow] if name in IN_CI else [pytest.mark.slow, pytest.mark.grid]

    return pytest.mark.parametrize(
        ("model", "clip"),
        [pytest.param(*pair, id=name, marks=marks(name)) for name, pair in chosen.items()],
    )
