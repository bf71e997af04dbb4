"""What all tests are made over: recordings of real speech, and bundles of real models."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from comparison.bundles import (
    Precision,
    ensure_bundle,
    ensure_exact_bundle,
    ensure_vad_bundle,
)
from comparison.clips import REPOSITORY, audio_folder
from made_once import MadeOnce

from sotto.asr import SpeechModel
from sotto.bundle import read_manifest

if TYPE_CHECKING:
    from comparison.baseline import Baseline

# Packed weights of hundreds of small bundles are nothing for the user's own cache.
os.environ.setdefault("SOTTO_WEIGHT_CACHE", str(REPOSITORY / "build" / "test-weights"))

# A shell's background jobs ignore Ctrl-C, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ENDS = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--within",
        type=float,
        metavar="SECONDS",
        help="fail each test that has not begun SECONDS after the start",
    )


def pytest_configure(config: pytest.Config) -> None:
    seconds = config.getoption("--within")
    if seconds is not None:
        config.stash[ENDS] = time.monotonic() + seconds


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    # A suite that has no more time fails, and says of which tests nothing is known.
    if time.monotonic() >= item.config.stash.get(ENDS, float("inf")):
        seconds = item.config.getoption("--within")
        pytest.fail(f"left out: the {seconds:g} seconds of --within are over", pytrace=False)


@pytest.fixture(scope="session")
def recording() -> Callable[[str], Path]:
    """The path of a recording by its file name; skips where the recordings are absent."""

    def find(name: str) -> Path:
        folder = audio_folder()
        if not (folder / name).is_file():
            pytest.skip(f"no {name} in {folder}: set SOTTO_TEST_AUDIO to the recordings")
        return folder / name

    return find


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """``made_once(name, fill)``: a folder that ``fill`` fills, once for all processes."""
    return MadeOnce(tmp_path_factory)


@pytest.fixture(scope="session")
def bundle() -> Callable[[str, Precision], Path]:
    """A bundle's directory by checkpoint and precision: ``bundle("base", "int8")``.

    Those in fp32, which are for comparisons with openai-whisper, have its window alone. Made
    under ``models/`` by step 1 and step 2 where it is missing, which takes minutes. What is there
    is checked once, as that takes a second.
    """

    @cache
    def make(name: str, precision: Precision) -> Path:
        pytest.importorskip("torch", reason="making bundles needs pip install 'sotto[convert]'")
        return ensure_bundle(name, precision) if precision == "int8" else ensure_exact_bundle(name)

    return make


@pytest.fixture(scope="session")
def vad() -> Path:
    """The bundle of Silero VAD, made where it is missing."""
    pytest.importorskip("silero_vad", reason="its weights: pip install 'sotto[weights]'")
    return ensure_vad_bundle()


@pytest.fixture(scope="session")
def speech(bundle: Callable[[str, Precision], Path]) -> Callable[[str, Precision], SpeechModel]:
    """The runtime by checkpoint and precision, loaded once: ``speech("base", "fp32")``."""
    return cache(lambda name, precision: SpeechModel(bundle(name, precision)))


@pytest.fixture(scope="session")
def baseline(bundle: Callable[[str, Precision], Path]) -> Callable[[str], Baseline]:
    """openai-whisper with a bundle's weights, by checkpoint, loaded once."""
    pytest.importorskip("whisper", reason="openai-whisper is the reference")
    from comparison.baseline import Baseline

    return cache(lambda name: Baseline(read_manifest(bundle(name, "fp32"))))
