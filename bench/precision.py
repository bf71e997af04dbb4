#!/usr/bin/env python3
"""Every precision of a float32 bundle: bytes, speed and word error rate.

Each is made by sotto quantize in a temporary directory and hears the recordings of
$SOTTO_TEST_AUDIO and of the package moonshine-voice, in the 30 s window, greedily. Clip by clip,
not precision by precision: what else the machine does then slows all alike.

    python bench/precision.py models/whisper-base-fp32
    python bench/precision.py models/whisper-base-fp32 --exceptions exceptions.json
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test"))

from comparison.clips import Clip, all_clips, clips_for  # noqa: E402
from comparison.score import WITHOUT_SPACES, error_rate  # noqa: E402

import sotto  # noqa: E402
from sotto.asr import SpeechModel, Transcription  # noqa: E402
from sotto.errors import ConversionError  # noqa: E402
from sotto.export.quantize.precision import PRECISIONS, Exceptions  # noqa: E402
from sotto.export.recording import packaged_recording  # noqa: E402
from sotto.export.whisper.requantize import quantize_bundle  # noqa: E402
from sotto.terminal import clean_exits, hushed_libraries, report, run  # noqa: E402

Results = dict[str, list[Transcription]]
"""By precision, one a clip."""


def graph_bytes(bundle: Path) -> int:
    return sum(file.stat().st_size for file in bundle.glob("*.tflite"))


def make_bundles(
    source: Path, folder: Path, precisions: list[str], exceptions: Exceptions | None
) -> dict[str, Path]:
    """Bundles by what the table calls them; a precision that is too far off is left out."""
    bundles = {}
    with hushed_libraries():
        for precision in precisions:
            variants = {precision: Exceptions()}
            if exceptions is not None and precision != "fp32":
                variants[f"{precision} with exceptions"] = exceptions
            for name, excepted in variants.items():
                if precision == "fp32":
                    bundles[name] = source
                    continue
                report(f"making {name}")
                target = folder / name.replace(" ", "-")
                try:
                    quantize_bundle(
                        source, target, [packaged_recording()], precision, excepted, lambda _: None
                    )
                    bundles[name] = target
                except ConversionError as error:
                    report(f"left out: {error}")
    return bundles


def hear(models: dict[str, SpeechModel], clips: list[Clip]) -> Results:
    """Each clip by each model, twice; the second time counts."""
    results: Results = defaultdict(list)
    for clip in clips:
        report(clip.name)
        for name, model in models.items():
            language = clip.language if model.multilingual else "en"
            for _ in range(2):
                heard = model.recognize(clip.samples, language=language, window=30, temperature=0.0)
            results[name].append(heard)
    return results


def rate(said: list[str | None], heard: list[Transcription], as_: str) -> str:
    """Errors over the clips of which something is said; normalised as a language's text is."""
    pairs = [(text, result.text) for text, result in zip(said, heard, strict=True) if text]
    return f"{error_rate(pairs, as_):.1%}" if pairs else ""


def precision(
    source: Annotated[Path, typer.Argument(help="Bundle of fp32.")] = Path(
        "models/whisper-base-fp32"
    ),
    precisions: Annotated[str, typer.Option(help="With commas between.")] = ",".join(PRECISIONS),
    exceptions: Annotated[
        Path | None, typer.Option(help="File of exceptions; each precision also runs with them.")
    ] = None,
) -> None:
    """Every precision of a float32 bundle: bytes, speed and word error rate."""
    with clean_exits(), tempfile.TemporaryDirectory() as folder:
        excepted = None if exceptions is None else Exceptions.read(exceptions)
        names = ["fp32", *(name for name in precisions.split(",") if name != "fp32")]
        bundles = make_bundles(source, Path(folder), names, excepted)
        models = {name: SpeechModel(bundle) for name, bundle in bundles.items()}
        clips = clips_for(next(iter(models.values())).multilingual, all_clips())
        results = hear(models, clips)
        table = Table(
            title=f"{source}, sotto {sotto.__version__}, {platform.machine()}, "
            f"{os.cpu_count()} CPUs, {len(clips)} recordings"
        )
        table.add_column("precision", no_wrap=True)
        for column in (
            "MB of graphs",
            "encoder ms",
            "ms a token",
            "English WER",
            "WER against fp32",
            "CER against fp32 (zh, ja)",
        ):
            table.add_column(column, justify="right")
        english = [clip.reference if clip.language == "en" else None for clip in clips]
        spaceless = [clip.language in WITHOUT_SPACES for clip in clips]
        full = [result.text for result in results["fp32"]]
        words = [None if less else text for text, less in zip(full, spaceless, strict=True)]
        characters = [text if less else None for text, less in zip(full, spaceless, strict=True)]
        for name, heard in results.items():
            profiles = [result.profile for result in heard]
            table.add_row(
                name,
                f"{graph_bytes(bundles[name]) / 1e6:.1f}",
                f"{statistics.median(p.encoder_ms / p.encoder_runs for p in profiles):.0f}",
                f"{statistics.median(p.decoder_ms / p.decoder_steps for p in profiles):.1f}",
                rate(english, heard, "en"),
                # Any language with spaces: of several, only what all have in common is normalised.
                rate(words, heard, "fr"),
                rate(characters, heard, "zh"),
            )
        Console(width=None if sys.stdout.isatty() else 140).print(table)


if __name__ == "__main__":
    run(precision)
