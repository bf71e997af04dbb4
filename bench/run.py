#!/usr/bin/env python3
"""Sotto and its peers, on the same weights, audio and threads, in one run. See --help."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from cases import NAMES, find_cases
from contenders import choose, prepare
from findings import Findings
from peers import all_peers
from peers.peer import Peer
from plan import Plan
from sotto.terminal import INTERRUPTED, clean_exits, report, run

ROOT = Path(__file__).resolve().parents[1]
ALL_CASES = ",".join(NAMES)
QUICK_CASES = "2s,11s"
BELOW = ("ai-edge-litert", "ctranslate2", "numpy", "torch")
"""What the peers stand on, whose versions matter as much."""


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def about(chosen: Iterable[Peer], options: str) -> dict[str, object]:
    """Machine, date and versions."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
    libraries = sorted({peer.distribution for peer in chosen} | set(BELOW))
    versions = {name: importlib.metadata.version(name) for name in libraries if _installed(name)}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{cpu}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "command": options,
        "decoding": "greedy, temperature 0 alone, English, no voice activity detection, the text "
        "before a window is its prompt; timestamps from 30 s on",
    }


def parts(text: str) -> list[str]:
    """What commas separate."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _counts(threads: str) -> list[int]:
    counts = parts(threads)
    if not counts or not all(count.isdecimal() and int(count) > 0 for count in counts):
        raise typer.BadParameter(f"--threads {threads!r}: expected numbers such as 1,2")
    return [int(count) for count in counts]


def bench(
    models: Annotated[str, typer.Option(help="Checkpoints' names: base,tiny.en")] = "base",
    cases: Annotated[str, typer.Option(help="Lengths of audio.")] = ALL_CASES,
    threads: Annotated[str, typer.Option(help="Numbers of CPU threads.")] = "1,2",
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each contender.")] = 3,
    peers: Annotated[
        str,
        typer.Option(help="sotto,faster-whisper:int8 and so on. Default: all, in all settings."),
    ] = "",
    out: Annotated[Path, typer.Option(help="Directory of bench.json, bench.md, pictures.")] = (
        ROOT / "bench" / "outputs"
    ),
    accuracy: Annotated[bool, typer.Option(help="Word error rates.")] = True,
    growth: Annotated[bool, typer.Option(help="Cost by length and by tokens.")] = True,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Minutes: 2 s and 11 s, 2 rounds, all threads, each peer's first setting.",
        ),
    ] = False,
) -> None:
    """Sotto and every peer that is installed, on the same weights, audio and threads.

    The weights of each peer are made from the same checkpoint, under build/bench. Each
    measurement is a process of its own, and the contenders take turns, round by round. While
    something else uses the CPU, measurements are repeated or dropped: leave the machine alone.

    First, 11 s of audio are transcribed in all of a peer's settings; the cases are then run in
    its fastest, long-form with the greatest number of threads alone. If that is too
    long: --threads 2 --rounds 2 --no-growth.

    Progress goes to standard error, tables to standard output and to --out, written anew after
    each case: after Ctrl-C they hold what was measured before. Examples:

        python bench/run.py --quick

        python bench/run.py --cases 11s --threads 2 --peers sotto:int8,faster-whisper:int8
    """
    with clean_exits():
        counts = _counts(threads)
        if quick:
            cases = QUICK_CASES if cases == ALL_CASES else cases
            counts, rounds, growth = [max(counts)], min(rounds, 2), False
        try:
            chosen, found = choose(parts(peers), report), find_cases(parts(cases))
        except KeyError as error:
            raise typer.BadParameter(
                f"there is no {error}; peers: {', '.join(all_peers())}; cases: {', '.join(NAMES)}"
            ) from None
        if quick:
            chosen = {peer: settings[:1] for peer, settings in chosen.items()}
        out.mkdir(parents=True, exist_ok=True)
        findings = Findings(about(chosen, " ".join(["bench/run.py", *sys.argv[1:]])))
        findings.write(out)
        started = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as folder:
                for model in parts(models):
                    everyone = prepare(model, chosen)
                    plan = Plan(model, rounds, counts, Path(folder), findings, out)
                    contenders = plan.settings(everyone)
                    plan.cases(found, contenders)
                    if accuracy:
                        plan.accuracy(everyone, all_clips=not quick)
                    if growth:
                        plan.growth(contenders)
            findings.complete = True
        except KeyboardInterrupt:
            report(f"interrupted; {out} holds what was measured before")
            raise typer.Exit(INTERRUPTED) from None
        findings.write(out)
        findings.draw(out)
        Console(width=None if sys.stdout.isatty() else 200).print(
            Markdown((out / "bench.md").read_text(encoding="utf-8"))
        )
        report(f"wrote {out} in {(time.monotonic() - started) / 60:.0f} min")


if __name__ == "__main__":
    run(bench)
