#!/usr/bin/env python3
"""A recording through the C++ runtime and through openai-whisper, side by side. See --help."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from comparison.clips import Clip
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from sotto.asr import Segment, SpeechModel, Transcription, load_model
from sotto.bundle import read_manifest
from sotto.export.recording import packaged_recording
from sotto.terminal import clean_exits, run

console = Console(highlight=False)

SHOWN = 8
"""Places where the words differ, of which the demo tells."""


def peak_memory() -> str:
    """The process's largest resident size so far, where the system tells."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return f"{int(line.split()[1]) / 1024:.0f} MB"
    return "unknown"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def show_segment(segment: Segment) -> None:
    """Prints when it was said, and what."""
    console.print(f"[dim]{segment.start:5.1f} s[/] {escape(segment.text.strip())}")


def show_runtime(model: SpeechModel, clip: Clip, opened: float) -> Transcription:
    """Transcribes, printing segments as they are done, then where the time went."""
    console.print(
        f"[bold]{clip.path.name}[/], {clip.seconds:.1f} s, through "
        f"{model.directory} ({model.precision}, C++ runtime)"
    )
    result = model.recognize(clip.samples, on_segment=show_segment)
    profile = result.profile
    seconds = (profile.total_ms - profile.load_ms) / 1000
    step = profile.decoder_ms / profile.decoder_steps
    written = profile.cache_bytes_written // profile.decoder_steps
    rows = [
        ("open", opened * 1000, "sha256 checked, tables mapped; once"),
        ("load", profile.load_ms, "graphs; once"),
        ("log-mel", profile.log_mel_ms, "both passes over the audio"),
        ("encoder", profile.encoder_ms, f"{_count(profile.encoder_runs, 'run')}, all cross K/V"),
        (
            "decoder",
            profile.decoder_ms,
            f"{_count(profile.decoder_steps, 'step')}, {step:.1f} ms and {written:,} bytes "
            "of cache each",
        ),
    ]
    table = Table("stage", "ms", "of what", title="Sotto")
    table.columns[1].justify = "right"
    for name, milliseconds, what in rows:
        table.add_row(name, f"{milliseconds:.0f}", what)
    table.add_section()
    table.add_row(
        "audio to text",
        f"{seconds * 1000:.0f}",
        f"{clip.seconds / seconds:.0f} times faster than real time; language "
        f"{result.language}; peak memory {peak_memory()}",
    )
    console.print(table)
    return result


def show_baseline(model: SpeechModel, clip: Clip, result: Transcription) -> None:
    """openai-whisper with the same weights, its time, and which words differ."""
    with console.status("loading PyTorch and openai-whisper with the same weights"):
        from comparison.baseline import Baseline
        from comparison.word_difference import changed_words

        baseline = Baseline(read_manifest(model.directory))
    with console.status("openai-whisper transcribes"):
        expected = baseline.transcribe(clip)
    console.print(Panel(expected.text, title="openai-whisper, float32, PyTorch"))
    seconds = (result.profile.total_ms - result.profile.load_ms) / 1000
    console.print(
        f"openai-whisper: {expected.seconds:.2f} s (loading: {expected.load_seconds:.1f} s). "
        f"Sotto: {seconds:.2f} s, [bold]{expected.seconds / seconds:.1f} times as fast[/], "
        "on the same CPU, one run each."
    )
    changes = changed_words(expected.text, result.text)
    if not changes:
        console.print("[bold green]The transcripts are equal.[/]")
        return
    places, words = _count(len(changes), "place"), len(expected.text.split())
    console.print(
        f"The transcripts differ in {places} of {words} words, which is what {model.precision} "
        "weights and windows as short as the audio cost here:"
    )
    for change in changes[:SHOWN]:
        console.print(f"  {change}", markup=False)
    if len(changes) > SHOWN:
        console.print(f"  and {len(changes) - SHOWN} more")


def demo(
    bundle: Annotated[Path, typer.Argument(help="Directory of a bundle.")] = Path(
        "models/whisper-base"
    ),
    audio: Annotated[
        Path | None,
        typer.Argument(help="A recording of yours. Default: one that an installed package has."),
    ] = None,
) -> None:
    """Transcribe a recording with the C++ runtime, then with openai-whisper, and compare."""
    with clean_exits():
        clip = Clip(audio or packaged_recording(), None)
        started = time.perf_counter()
        model = load_model(bundle)
        result = show_runtime(model, clip, time.perf_counter() - started)
        show_baseline(model, clip, result)


if __name__ == "__main__":
    run(demo)
