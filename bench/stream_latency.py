#!/usr/bin/env python3
"""How long after its end a word of a stream is confirmed, and what that takes.

Each clip is pushed in blocks of 0.1 s, as fast as they are taken. A word's latency is the audio
pushed when it was confirmed less the word's end, and the time that push took: what a live listener
would have had whose decodings are done before the next is due. That holds where the busy share is
below 1; the word's end is the decoder's own. The busy share is the time in pushes, of the audio's.
The word error rate is against the same model's text of the whole recording.

    python bench/stream_latency.py models/whisper-base --step 0.5 --step 1
"""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import sotto
from sotto.asr import SpeechModel
from sotto.asr.pace import fast_blocks
from sotto.commands.latency import Latency
from sotto.preprocess import SAMPLE_RATE
from sotto.terminal import report, run

sys.path.append(str(Path(__file__).resolve().parent.parent / "test"))
from comparison.clips import all_clips
from comparison.score import error_rate

CLIPS = ["jfk", "libri-1088-134315-0000", "two_cities", "ted_60"]


def measure(model: SpeechModel, audio: np.ndarray, step: float, vad: bool) -> tuple[str, Latency]:
    """The text of a stream, and the latencies of its words."""
    latency, text = Latency(live=False), ""
    stream = model.stream(language="en", step=step, vad=vad)
    for block in fast_blocks(audio):
        update = stream.push(block)
        latency.add(update)
        text += update.confirmed_text
    update = stream.finish()
    latency.add(update)
    return text + update.confirmed_text, latency


def stream_latency(
    bundles: Annotated[list[Path], typer.Argument(help="Bundles to measure.")],
    step: Annotated[list[float] | None, typer.Option(help="Seconds between decodings.")] = None,
    clip: Annotated[list[str] | None, typer.Option(help="Recordings, by name.")] = None,
    vad: Annotated[bool, typer.Option(help="With the bundle silero-vad.")] = True,
) -> None:
    """Latency of a stream's words."""
    versions = f"sotto {sotto.__version__}, ai-edge-litert {version('ai-edge-litert')}"
    title = f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} CPUs; {versions}"
    table = Table(title=title)
    for name in ("bundle", "clip", "step, s"):
        table.add_column(name)
    columns = (
        "words",
        "median, s",
        "90%, s",
        "longest, s",
        "busy",
        "ms a decoding",
        "WER to whole",
    )
    for name in columns:
        table.add_column(name, justify="right")
    clips = {each.name: each for each in all_clips()}
    for bundle in bundles:
        model = sotto.load_model(bundle)
        for name in clip or CLIPS:
            audio = clips[name].samples
            measure(model, audio[: 3 * SAMPLE_RATE], 1.0, vad)  # loads the graphs
            whole = model.recognize(audio, language="en").text
            for seconds in step or [0.5, 1.0]:
                report(f"{bundle.name}, {name}, step {seconds} s")
                text, latency = measure(model, audio, seconds, vad)
                table.add_row(
                    bundle.name,
                    name,
                    f"{seconds}",
                    str(len(latency.seconds)),
                    *(f"{each:.2f}" for each in latency.quantiles),
                    f"{latency.compute_share:.0%}",
                    f"{latency.milliseconds_a_decoding:.0f}",
                    f"{error_rate([(whole, text)], 'en'):.1%}",
                )
    Console(width=120).print(table)


if __name__ == "__main__":
    run(stream_latency)
