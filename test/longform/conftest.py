"""The reference, whose results are kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import comparison  # noqa: F401 (before PyTorch: it sets how OpenMP waits)
import pytest
from comparison.bundles import Precision

pytest.importorskip("whisper", reason="openai-whisper is the reference")

from comparison.baseline import Baseline
from openai_whisper import OpenaiWhisper, cache_of


@pytest.fixture(scope="session")
def reference(
    request: pytest.FixtureRequest,
    bundle: Callable[[str, Precision], Path],
    baseline: Callable[[str], Baseline],
) -> Callable[[str], OpenaiWhisper]:
    """openai-whisper by checkpoint: ``reference("base")``."""
    kept = cache_of(request.config)
    return cache(lambda name: OpenaiWhisper(bundle(name, "fp32"), lambda: baseline(name), kept))
