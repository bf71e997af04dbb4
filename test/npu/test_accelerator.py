"""The runtime on an NPU: the path of a phone, with Sotto's dispatch library at the NPU's place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from comparison.clips import packaged_clips
from compiled_bundle import NpuBundle

from sotto.asr import SpeechModel, Transcription
from sotto.npu.plugin import own_adapter
from sotto.runtime.locate import DISPATCH

Bundle = Callable[[str, str], Path]

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.skipif(
        own_adapter() is None, reason="the dispatch library is built on Linux alone"
    ),
]


def seconds(name: str, begin: int, end: int) -> np.ndarray:
    """A part of a packaged recording."""
    clip = next(clip for clip in packaged_clips() if clip.name == name)
    return clip.samples[begin * 16_000 : end * 16_000]


CLIPS = {"beckett": seconds("beckett", 0, 6), "two_cities": seconds("two_cities", 0, 8)}


def on_npu(bundle: Path) -> SpeechModel:
    return SpeechModel(bundle, accelerator="npu", npu_dispatch="host")


def said(result: Transcription) -> str:
    return re.sub(r"[^a-z ]", "", result.text.lower()).strip()


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.usefixtures("exact")
def test_in_fp32_the_npu_gives_the_cpus_tokens(clip: str, compiled: Path, bundle: Bundle) -> None:
    expected = SpeechModel(bundle("tiny.en", "fp32")).recognize(CLIPS[clip])
    found = on_npu(compiled).recognize(CLIPS[clip])
    assert expected.tokens
    assert found.tokens == expected.tokens
    # Sums in another order: openai-whisper itself is 1e-3 away in its logits.
    assert found.segments[0].avg_logprob == pytest.approx(
        expected.segments[0].avg_logprob, abs=1e-3
    )


@pytest.mark.parametrize("clip", CLIPS)
def test_in_fp16_the_npu_gives_the_cpus_words(clip: str, compiled: Path, bundle: Bundle) -> None:
    expected = SpeechModel(bundle("tiny.en", "fp32")).recognize(CLIPS[clip])
    assert said(on_npu(compiled).recognize(CLIPS[clip])) == said(expected)


@pytest.mark.usefixtures("exact")
def test_memory_of_the_host_serves_as_well_where_the_npu_takes_it(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = on_npu(compiled).recognize(CLIPS["beckett"])
    monkeypatch.setenv("SOTTO_NPU_BUFFERS", "host")
    assert on_npu(compiled).recognize(CLIPS["beckett"]).tokens == devices.tokens


def test_the_result_says_what_it_ran_on(compiled: Path) -> None:
    speech = on_npu(compiled)
    assert (speech.accelerator, speech.device) == ("npu", "npu")
    assert speech.recognize(CLIPS["beckett"]).profile.accelerator == "npu"
    assert SpeechModel(compiled).recognize(CLIPS["beckett"]).profile.accelerator == "cpu"


@pytest.mark.usefixtures("exact")
def test_beams_and_a_prompt_run_on_the_npu(compiled: Path, bundle: Bundle) -> None:
    # Beams change buffers from step to step; a prompt runs through the prefill graph.
    options = {"beam_size": 2, "initial_prompt": "A play by Samuel Beckett, read by its author."}
    expected = SpeechModel(bundle("tiny.en", "fp32")).recognize(CLIPS["beckett"], **options)
    assert on_npu(compiled).recognize(CLIPS["beckett"], **options).tokens == expected.tokens


@pytest.mark.parametrize("where", ["the npu", "the cpu"])
@pytest.mark.usefixtures("exact")
def test_words_are_timed_on_the_npu_or_else_on_the_cpu_over_its_memory(
    where: str, bundle: Bundle, compiled_files: dict[str, Path], tmp_path: Path
) -> None:
    made = NpuBundle(bundle("tiny.en", "fp32"), tmp_path / "tiny.en")
    aligned = ["align_30s"] if where == "the npu" else []
    made.add(compiled_files, ["encode_30s", "decode_30s", "prefill_30s", *aligned])
    expected = SpeechModel(bundle("tiny.en", "fp32")).recognize(
        CLIPS["beckett"], word_timestamps=True
    )
    found = on_npu(made.directory).recognize(CLIPS["beckett"], word_timestamps=True)
    words = [
        [(w.word, w.start, w.end) for w in each.segments[0].words] for each in (expected, found)
    ]
    assert words[0]
    assert words[1] == words[0]


def test_sottos_own_library_is_beside_the_runtime() -> None:
    adapter = own_adapter()
    assert adapter is not None
    assert (adapter / "dispatch" / DISPATCH).is_file()
