"""The reference and the runtime with the same weights, loaded once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import comparison  # noqa: F401 (before PyTorch: it sets how OpenMP waits)
import pytest
from comparison.bundles import Precision, ensure_bundle

pytest.importorskip("whisper", reason="openai-whisper is the reference")

from openai_whisper import OpenaiWhisper

from sotto.asr import SpeechModel


@pytest.fixture(scope="session")
def reference(request: pytest.FixtureRequest) -> Callable[[str], OpenaiWhisper]:
    """openai-whisper by checkpoint: ``reference("base")``."""
    kept = request.config.cache
    assert kept is not None
    return cache(lambda name: OpenaiWhisper(ensure_bundle(name, "fp32"), kept))


@pytest.fixture(scope="session")
def speech() -> Callable[[str, Precision], SpeechModel]:
    """The runtime by checkpoint and precision: ``speech("base", "fp32")``."""
    return cache(lambda name, precision: SpeechModel(ensure_bundle(name, precision)))
