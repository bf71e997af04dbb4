"""What all tests are made over: recordings of real speech, and bundles of real models."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from comparison.bundles import Precision, ensure_bundle
from comparison.clips import audio_folder

# A shell's background jobs ignore Ctrl-C, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
def bundle() -> Callable[[str, Precision], Path]:
    """A bundle's directory by checkpoint and precision: ``bundle("base", "int8")``.

    Made under ``models/`` by step 1 and step 2 where it is missing, which takes minutes.
    """

    def make(name: str, precision: Precision) -> Path:
        pytest.importorskip("torch", reason="making bundles needs pip install 'sotto[convert]'")
        return ensure_bundle(name, precision)

    return make
