"""Peak memory of whole transcriptions, each in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import BRIEF, NATIVE, SOTTO, peak_mib

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")

PYTHON = [sys.executable, "-c"]
SCRIPT = "import sys, sotto; print(sotto.load_model(sys.argv[1]).transcribe(sys.argv[2])['text'])"

# Without packed weights of an earlier run, which take some 30 MiB less; bench/footprint.py counts.
NATIVE_MIB, PYTHON_MIB = 230, 300


def test_memory_of_eleven_seconds_natively(base: Path, jfk_wav: Path) -> None:
    assert peak_mib(NATIVE, "--model", base, jfk_wav) < NATIVE_MIB


def test_memory_of_eleven_seconds_from_python(base: Path, jfk_wav: Path) -> None:
    assert peak_mib([*PYTHON, SCRIPT], base, jfk_wav) < PYTHON_MIB


def test_windows_and_words_share_the_packed_weights(
    tiny_en: Path, jfk_wav: Path, repeated: Callable[[int, str], Path]
) -> None:
    options = ["--model", tiny_en, "--sample-len", "8", "--word-timestamps", "True"]
    one = peak_mib(NATIVE, *options, "--window", "10", jfk_wav)
    all_windows = peak_mib(NATIVE, *options, jfk_wav, repeated(1, "wav"))
    # Packed once more, the weights would be another 35 MiB a graph.
    assert all_windows < one + 100


GROWTH_MIB = 16
"""Allowed between a short and a long file: what allocators keep. Seven minutes more of float32
samples would be 26 MiB, three hours 659 MiB."""


@pytest.mark.parametrize("suffix", ["wav", pytest.param("flac", marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_length_of_the_file(
    tiny_en: Path, repeated: Callable[[int, str], Path], suffix: str
) -> None:
    # A prompt's buffers are made with the first prompt, which a minute of BRIEF doesn't give.
    options = ["transcribe", "--model", str(tiny_en), "--condition_on_previous_text", "False"]
    options += [*BRIEF, "1"]
    short, long = (peak_mib(SOTTO, *options, repeated(minutes, suffix)) for minutes in (1, 8))
    assert long < short + GROWTH_MIB


def test_memory_of_the_native_command_does_not_grow_with_the_length_of_the_file(
    tiny_en: Path, repeated: Callable[[int, str], Path]
) -> None:
    options = ["--model", str(tiny_en), "--sample-len", "1"]
    options += ["--condition-on-previous-text", "False"]
    short, long = (peak_mib(NATIVE, *options, repeated(minutes, "wav")) for minutes in (1, 8))
    assert long < short + GROWTH_MIB


@pytest.mark.slow
def test_three_hours_are_transcribed_in_the_memory_of_two_minutes(
    tiny_en: Path, repeated: Callable[[int, str], Path]
) -> None:
    options = ["transcribe", "--model", str(tiny_en), "--condition_on_previous_text", "False"]
    options += [*BRIEF, "1"]
    short, long = (peak_mib(SOTTO, *options, repeated(minutes, "flac")) for minutes in (2, 180))
    assert long < short + GROWTH_MIB
