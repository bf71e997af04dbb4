#!/usr/bin/env python3
"""Writes results.json: what openai-whisper gives for three recordings. See --help."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

sys.path.insert(0, str(Path(__file__).parents[1]))

from comparison.baseline import Baseline
from comparison.clips import audio_folder

from sotto.bundle import read_manifest
from sotto.preprocess import read_audio
from sotto.terminal import run

# Key of results.json -> recording and options; greedy, so that the same comes out again.
CASES = {
    "english": ("jfk.flac", {"language": "en"}),
    "english words": ("ted_60.m4a", {"language": "en", "word_timestamps": True}),
    "japanese words": ("ja_test_clip.wav", {"language": "ja", "word_timestamps": True}),
}


def make_results(
    bundle: Annotated[Path, typer.Argument(help="Its checkpoint is used.")] = Path(
        "models/whisper-base-fp32"
    ),
) -> None:
    """Transcribe the test recordings with openai-whisper 20250625."""
    model = Baseline(read_manifest(bundle)).model
    results = {
        key: model.transcribe(
            read_audio(audio_folder() / name), temperature=0.0, fp16=False, **options
        )
        for key, (name, options) in CASES.items()
    }
    target = Path(__file__).with_name("results.json")
    target.write_text(json.dumps(results, ensure_ascii=False, default=float) + "\n")


if __name__ == "__main__":
    run(make_results)
