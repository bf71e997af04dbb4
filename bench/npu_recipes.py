#!/usr/bin/env python3
"""Every recipe of static quantisation: size, noise, word error rate, and an estimate of its speed.

Each is made of a float32 bundle in a temporary directory, calibrated on recordings of the package
moonshine-voice, and hears those of $SOTTO_TEST_AUDIO, which it was not calibrated on: greedily, in
the bundle's longest window, on the CPU (int16 by LiteRT's reference kernels: slow).

    python bench/npu_recipes.py models/whisper-base-fp32-30s
    python bench/npu_recipes.py models/whisper-base-fp32-30s --recipes int8,int8-all --clips jfk
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from precision import Results, graph_bytes, rate

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test"))

from comparison.clips import Clip, clips_for, manifest_clips, packaged_clips  # noqa: E402
from comparison.score import WITHOUT_SPACES  # noqa: E402

import sotto  # noqa: E402
from sotto.asr import SpeechModel  # noqa: E402
from sotto.bundle import read_manifest  # noqa: E402
from sotto.errors import OptionError  # noqa: E402
from sotto.export.quantize.recipes import RECIPES, find_recipe  # noqa: E402
from sotto.export.whisper.calibration import calibrate  # noqa: E402
from sotto.export.whisper.passages import Distance  # noqa: E402
from sotto.export.whisper.static_bundle import quantize_for_npu  # noqa: E402
from sotto.npu.check import check  # noqa: E402
from sotto.npu.plugin import socs  # noqa: E402
from sotto.terminal import clean_exits, hushed_libraries, report, run  # noqa: E402

NOTHING = -1000.0
"""dB: garbage is to be measured, too."""

COLUMNS = (
    "MB of graphs",
    "encoder dB",
    "logits dB",
    "English WER",
    "WER against fp32",
    "CER against fp32 (zh, ja)",
    "whole on the NPU",
    "encoder ms",
    "ms a token",
)


def make(
    source: Path, folder: Path, names: list[str]
) -> tuple[dict[str, Path], dict[str, Distance]]:
    """A bundle for each recipe, and how far it is from the float32 one."""
    audio = [clip.path for clip in packaged_clips()]
    bundles, distances = {}, {}
    with hushed_libraries():
        ranges = calibrate(source, read_manifest(source), [*audio], report)
        for name in names:
            bundles[name] = folder / name
            distances[name] = quantize_for_npu(
                *(source, bundles[name], [*audio], find_recipe(name), report),
                ranges=ranges,
                min_decibel=NOTHING,
            )
    return bundles, distances


def listen(bundles: dict[str, Path], clips: list[Clip]) -> Results:
    """Each clip by each bundle, one bundle after the other."""
    results: Results = {}
    for name, bundle in bundles.items():
        model = SpeechModel(bundle)
        results[name] = []
        for clip in clips:
            language = clip.language if model.multilingual else "en"
            heard = model.recognize(
                clip.samples, language=language, window=_longest(bundle), temperature=0.0
            )
            report(f"{name}: {clip.name}: {heard.text.strip()}")
            results[name].append(heard)
    return results


def _longest(bundle: Path) -> int:
    return max(window.seconds for window in read_manifest(bundle).windows)


def whole(bundle: Path) -> str:
    """Of how many graphs and SoCs the plugin and the rules say so."""
    found = check(bundle, socs(), None, lambda _: None)
    answers = [
        not graph.verdict.refusals and partitioning.whole
        for graph in found.graphs
        for partitioning in graph.partitionings.values()
    ]
    return f"{sum(answers)} of {len(answers)}"


def latency(bundle: Path, soc: str) -> tuple[str, str]:
    """The estimated range of the encoder's and of a step's milliseconds."""
    if find_spec("sotto.npu.estimate") is None:
        return "", ""
    from sotto.npu.estimate import estimate

    found = estimate(bundle, soc)
    window = read_manifest(bundle).windows[-1]
    ranges = [found.signatures[graph.name].ms for graph in (window.encoder, window.step)]
    return tuple(f"{r.low:.1f} to {r.high:.1f}" for r in ranges)  # type: ignore[return-value]


def npu_recipes(
    source: Annotated[Path, typer.Argument(help="Bundle of fp32.")] = Path(
        "models/whisper-base-fp32-30s"
    ),
    recipes: Annotated[str, typer.Option(help="With commas between.")] = ",".join(RECIPES),
    clips: Annotated[
        str, typer.Option(help="Recordings by name, with commas between. Default: all.")
    ] = "",
    soc: Annotated[str, typer.Option(help="SoC of the estimate.")] = "mt6991",
) -> None:
    """Every recipe of static quantisation: size, noise, word error rate, estimated speed."""
    with clean_exits(), tempfile.TemporaryDirectory() as folder:
        whisper = read_manifest(source).whisper
        multilingual = whisper is not None and whisper.multilingual
        chosen = clips_for(multilingual, manifest_clips())
        if clips:
            chosen = [clip for clip in chosen if clip.name in clips.split(",")]
        if not chosen:
            raise OptionError(
                "no recordings: set SOTTO_TEST_AUDIO to a folder with a manifest.json"
            )
        bundles, distances = make(source, Path(folder), recipes.split(","))
        results = listen({"fp32": source, **bundles}, chosen)
        table = Table(
            title=f"{source}, sotto {sotto.__version__}, {platform.machine()}, "
            f"{os.cpu_count()} CPUs, {len(chosen)} recordings, estimate for {soc}"
        )
        table.add_column("recipe", no_wrap=True)
        for column in COLUMNS:
            table.add_column(column, justify="right")
        english = [clip.reference if clip.language == "en" else None for clip in chosen]
        full = [heard.text for heard in results["fp32"]]
        spaceless = [clip.language in WITHOUT_SPACES for clip in chosen]
        words = [None if less else text for text, less in zip(full, spaceless, strict=True)]
        characters = [text if less else None for text, less in zip(full, spaceless, strict=True)]
        for name, heard in results.items():
            bundle, distance = bundles.get(name, source), distances.get(name)
            table.add_row(
                name,
                f"{graph_bytes(bundle) / 1e6:.1f}",
                "" if distance is None else f"{distance.encoder:.1f}",
                "" if distance is None else f"{distance.logits:.1f}",
                rate(english, heard, "en"),
                # Any language with spaces: of several, only what all have in common is normalised.
                rate(words, heard, "fr"),
                rate(characters, heard, "zh"),
                whole(bundle),
                *latency(bundle, soc),
            )
        Console(width=None if sys.stdout.isatty() else 160).print(table)


if __name__ == "__main__":
    run(npu_recipes)
