#!/usr/bin/env python3
"""Sotto and its peers, on the same weights, audio and threads, in one run. See --help."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from accuracy import word_errors
from cases import NAMES, Case, english_clips, find_cases, growing, write_samples
from figures import Result
from findings import Findings
from growth import LENGTHS, TOKENS, Growth
from measurement import Job
from peers import all_peers
from peers.peer import Peer
from rounds import Contender, WorkerError, choose, run_rounds, run_worker
from sotto.errors import SottoError
from sotto.terminal import INTERRUPTED, clean_exits, report, run
from tables import Accuracy

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "build" / "bench"
QUICK_CASES = ["2s", "11s", "30s"]
BASELINE = "openai-whisper fp32"


def prepare(model: str, chosen: list[tuple[Peer, str]]) -> list[Contender]:
    """Makes each peer's weights; a peer that can't is left out with a line that says why."""
    contenders = []
    for peer, setting in chosen:
        folder = WEIGHTS / peer.name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            weights = peer.prepare(model, setting, folder)
        except SottoError as error:
            report(f"{peer.name} {setting}: no {model}, left out: {error}")
            continue
        size = peer.disk_bytes(weights)
        contenders.append(Contender(peer.name, setting, str(weights), size))
    return contenders


def a_job(contender: Contender, threads: int, recordings: list[str], **rest: object) -> Job:
    """A worker's job for one contender."""
    return Job(
        peer=contender.peer,
        setting=contender.setting,
        weights=contender.weights,
        threads=threads,
        recordings=recordings,
        **rest,  # type: ignore[arg-type]
    )


def takes(contender: Contender, seconds: float) -> bool:
    """Whether its peer takes audio of that length in one call."""
    return seconds <= all_peers()[contender.peer].most_seconds()


def measure_case(
    case: Case, model: str, contenders: list[Contender], threads: int, rounds: int, folder: Path
) -> list[Result]:
    """One case, interleaved over all contenders that take audio of its length."""
    file = write_samples(case.samples, case.name, folder)
    jobs = {
        contender: a_job(contender, threads, [file], timestamps=case.timestamps, runs=case.runs)
        for contender in contenders
        if takes(contender, case.seconds)
    }
    results = {
        contender: Result(
            model, threads, case.name, case.seconds, contender.name, contender.disk_bytes
        )
        for contender in jobs
    }
    for number, contender, measurement in run_rounds(jobs, rounds, report):
        results[contender].rounds[number] = measurement
        first = measurement.heard[0]
        report(
            f"{model} {case.name} {threads} threads, round {number + 1} of {rounds}: "
            f"{contender.name} {first.milliseconds:.0f} ms"
        )
    return [result for result in results.values() if result.rounds]


def measure_accuracy(model: str, contenders: list[Contender], folder: Path) -> list[Accuracy]:
    """Word errors over all English recordings: what was said, or openai-whisper's text."""
    clips = english_clips()
    files = {clip.name: write_samples(clip.samples, clip.name, folder) for clip in clips}
    texts: dict[str, dict[str, str]] = {}
    for contender in contenders:
        fit = [clip for clip in clips if takes(contender, clip.seconds)]
        job = a_job(
            contender,
            os.cpu_count() or 1,
            [files[clip.name] for clip in fit],
            timestamps=all_peers()[contender.peer].most_seconds() == float("inf"),
            runs=0,
        )
        report(f"{model}: what {contender.name} hears in {len(fit)} recordings")
        try:
            measured = run_worker(job)
        except WorkerError as error:
            report(f"{contender.name} failed, left out: {error}")
            continue
        texts[contender.name] = {
            clip.name: each.text for clip, each in zip(fit, measured.heard, strict=True)
        }
    said = {clip.name: clip.reference for clip in clips if clip.reference}
    rows = []
    for name, heard in texts.items():
        expected = {clip: said[clip] for clip in heard if clip in said}
        rest = {
            clip: text
            for clip, text in texts.get(BASELINE, {}).items()
            if clip in heard and clip not in said
        }
        against = word_errors(rest, heard) if rest and name != BASELINE else None
        rows.append(Accuracy(model, name, word_errors(expected, heard), against))
    return rows


def measure_growth(
    model: str, contenders: list[Contender], threads: int, rounds: int, folder: Path
) -> list[Growth]:
    """Cost by length and by tokens."""
    files = [
        write_samples(case.samples, f"growing-{case.name}", folder) for case in growing(LENGTHS)
    ]
    jobs = {
        contender: a_job(
            contender, threads, files, timestamps=False, runs=1, watch=False, limits=TOKENS
        )
        for contender in contenders
    }
    found = {contender: Growth(model, contender.name, threads) for contender in jobs}
    for number, contender, measurement in run_rounds(jobs, rounds, report):
        found[contender].rounds.append(measurement)
        report(f"{model} growth, round {number + 1} of {rounds}: {contender.name}")
    return [growth for growth in found.values() if growth.rounds]


def about(chosen: list[tuple[Peer, str]], options: str) -> dict[str, object]:
    """Machine, date and versions."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
    libraries = {peer.distribution for peer, _ in chosen}
    versions = {name: importlib.metadata.version(name) for name in sorted(libraries)}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{cpu}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "command": options,
        "decoding": "greedy, temperature 0 alone, English, no voice activity detection, the text "
        "before a window is its prompt; timestamps from 30 s on",
    }


def first_of_each(chosen: list[tuple[Peer, str]]) -> list[tuple[Peer, str]]:
    """The first chosen setting of each peer."""
    return list({peer.name: (peer, setting) for peer, setting in reversed(chosen)}.values())[::-1]


def bench(
    models: Annotated[list[str], typer.Option("--models", help="Checkpoints' names.")] = ["base"],  # noqa: B006
    cases: Annotated[
        list[str] | None, typer.Option("--cases", help=f"Of {', '.join(NAMES)}. Default: all.")
    ] = None,
    threads: Annotated[list[int], typer.Option("--threads", help="CPU threads.")] = [1, 2],  # noqa: B006
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each contender.")] = 5,
    peers: Annotated[
        list[str] | None,
        typer.Option("--peers", help="PEER or PEER:SETTING, such as faster-whisper:int8."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Directory of bench.json, bench.md, pictures.")] = (
        ROOT / "bench" / "outputs"
    ),
    accuracy: Annotated[bool, typer.Option(help="Word error rates.")] = True,
    growth: Annotated[bool, typer.Option(help="Cost by length and by tokens.")] = True,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="One setting a peer, 3 cases, all CPUs, 3 rounds; minutes."),
    ] = False,
) -> None:
    """Sotto and every peer that is installed, on the same weights, audio and threads.

    Options that take several values are repeated: --cases 2s --cases 11s. The weights of each
    peer are made from the same checkpoint, under build/bench. Each measurement is a process of
    its own; the contenders take turns, round by round. While something else uses the CPU,
    measurements are dropped and repeated: leave the machine alone meanwhile.

    Progress goes to standard error, tables to standard output and to --out, written anew after
    each case: after Ctrl-C they hold what was measured. Examples:

        python bench/run.py --quick
        python bench/run.py --models base --threads 2 --cases 11s --peers sotto:int8 \\
            --peers faster-whisper:int8 --no-growth --no-accuracy
    """
    with clean_exits():
        if quick:
            cases, rounds, growth = cases or QUICK_CASES, min(rounds, 3), False
            threads = [max(threads)]
        try:
            chosen = choose(peers or [], report)
            found = find_cases(cases or list(NAMES))
        except KeyError as error:
            raise typer.BadParameter(f"there is no {error}") from None
        if quick and not peers:
            chosen = first_of_each(chosen)
        out.mkdir(parents=True, exist_ok=True)
        findings = Findings(about(chosen, " ".join(["bench/run.py", *sys.argv[1:]])))
        started = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as folder:
                for model in models:
                    contenders = prepare(model, chosen)
                    for count in threads:
                        for case in found:
                            findings.results += measure_case(
                                case, model, contenders, count, rounds, Path(folder)
                            )
                            findings.write(out)
                    if accuracy:
                        findings.accuracy += measure_accuracy(model, contenders, Path(folder))
                    if growth:
                        names = {
                            f"{peer.name} {setting}" for peer, setting in first_of_each(chosen)
                        }
                        fast = [each for each in contenders if each.name in names]
                        findings.growth += measure_growth(
                            model, fast, max(threads), min(rounds, 3), Path(folder)
                        )
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
