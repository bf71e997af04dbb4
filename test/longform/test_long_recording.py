"""Half an hour of speech: memory stays as it is, and no seam loses or repeats a word."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from comparison.clips import manifest_clips
from comparison.score import error_rate
from made_recording import Placed, write_recording
from recordings import CLIPS

from sotto.asr import SpeechModel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

SECONDS = 1800

SETTLED = 180
"""Seconds of audio after which all graphs and buffers are there."""

GROWTH = 8
"""MiB: the result itself, some 6,000 words as Python objects, and what malloc leaves unused."""


class Recognised(NamedTuple):
    """What came of the recording: where its clips are, words, (seconds done, MiB)."""

    placed: list[Placed]
    words: list[tuple[str, float, float]]
    memory: list[tuple[float, float]]


@pytest.fixture(scope="module")
def recognised(
    tmp_path_factory: pytest.TempPathFactory, speech: Callable[[str, str], SpeechModel]
) -> Recognised:
    """Half an hour through the int8 base model in a process of its own."""
    if not manifest_clips():
        pytest.skip("no recordings: set SOTTO_TEST_AUDIO")
    path = tmp_path_factory.mktemp("long") / "long.wav"
    clips = [clip for clip in CLIPS if clip.language == "en" and clip.name != "two_cities"]
    placed = write_recording(path, clips, SECONDS)
    script = Path(__file__).parent / "memory_of_recognition.py"
    bundle = speech("base", "int8").directory
    done = subprocess.run(
        [sys.executable, str(script), str(bundle), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in done.stderr.splitlines() if line[:1].isdigit()]
    memory = [(float(seconds), float(mib)) for seconds, mib in lines]
    return Recognised(placed, [tuple(word) for word in json.loads(done.stdout)], memory)


def heard(recognised: Recognised, place: Placed) -> str:
    """The words whose middle lies in a clip."""
    return "".join(
        word
        for word, start, end in recognised.words
        if place.start <= (start + end) / 2 < place.end
    )


def test_memory_does_not_grow_after_the_first_minutes(recognised: Recognised) -> None:
    settled = max(mib for seconds, mib in recognised.memory if seconds <= SETTLED)
    assert recognised.memory[-1][0] >= SECONDS
    assert max(mib for _, mib in recognised.memory) <= settled + GROWTH


def test_words_are_in_order_and_within_the_recording(recognised: Recognised) -> None:
    starts = [start for _, start, _ in recognised.words]
    assert starts == sorted(starts)
    assert all(start <= end for _, start, end in recognised.words)
    assert recognised.words[-1][2] <= recognised.placed[-1].end + 1


def test_each_clip_is_heard_as_it_is_alone(
    recognised: Recognised, speech: Callable[[str, str], SpeechModel]
) -> None:
    model = speech("base", "int8")
    clips = {place.clip.name: place.clip for place in recognised.placed}
    alone = {
        name: model.recognize(clip.samples, language="en").text for name, clip in clips.items()
    }
    pairs = [(alone[place.clip.name], heard(recognised, place)) for place in recognised.placed]
    # A neighbour changes a word now and then; a seam that lost or repeated something, many.
    assert error_rate(pairs, "en") <= 0.05
    rates = [error_rate([pair], "en") for pair in pairs]
    worst = max(range(len(rates)), key=lambda index: rates[index])
    assert rates[worst] <= 0.5, f"{recognised.placed[worst]}: {pairs[worst]}"


def test_the_words_are_those_that_were_said(recognised: Recognised) -> None:
    pairs = [
        (place.clip.reference, heard(recognised, place))
        for place in recognised.placed
        if place.clip.reference is not None
    ]
    assert error_rate(pairs, "en") <= 0.1
