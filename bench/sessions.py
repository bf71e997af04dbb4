#!/usr/bin/env python3
"""What another session costs in memory, and what several at once do in a minute.

Memory is the process's own (``Private_*`` of /proc/self/smaps_rollup) and its share of what it
shares (``Pss``), before and after each further session of one model has transcribed a clip, with
and without the words' times, whose graphs are loaded when first asked for. A fresh process for
each window. Speed is clips a minute of N threads over one model, against N models of the same
process, and against N processes; each has its share of the cores.

    python bench/sessions.py models/whisper-base
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import sotto
from sotto import _runtime
from sotto.asr import SpeechModel
from sotto.asr.options import TranscribeOptions
from sotto.export.recording import packaged_recording
from sotto.preprocess import SAMPLE_RATE, read_audio
from sotto.terminal import report, run

MEBIBYTE = 1 << 20
SESSIONS = 4


def own_memory() -> dict[str, float]:
    """MiB that are this process's alone, and its share of all: ``private`` and ``pss``."""
    sizes: dict[str, int] = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0])
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return {"private": private / 1024, "pss": sizes["Pss"] / 1024}


def clip(seconds: int) -> np.ndarray:
    """The first seconds of a recording of speech."""
    return read_audio(packaged_recording())[: seconds * SAMPLE_RATE]


def cost(bundle: Path, window: int, words: bool) -> list[dict[str, float]]:
    """Memory after 0, 1, 2 … sessions of one model have transcribed a clip, in this process."""
    options = TranscribeOptions(window=window, language="en", word_timestamps=words).to_runtime()
    audio = clip(min(window - 1, 9))
    model = SpeechModel(bundle, threads=1)
    memory = [own_memory()]
    sessions = []
    for _ in range(SESSIONS):
        sessions.append(model.runtime.session())
        sessions[-1].transcribe(lambda: iter([audio]), options)
        memory.append(own_memory())
    return memory


def at_once(works: Sequence[Callable[[], Any]]) -> float:
    """Seconds until all are done, on a thread each."""
    threads = [threading.Thread(target=work) for work in works]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def rate(models: list[SpeechModel], clips: int) -> float:
    """Clips a minute of a thread for each entry of `models`, which may be one model's."""
    audio = clip(9)

    def work(model: SpeechModel) -> None:
        for _ in range(clips):
            model.recognize(audio, language="en")

    at_once([lambda model=model: model.recognize(audio, language="en") for model in models])  # type: ignore[misc]
    seconds = at_once([lambda model=model: work(model) for model in models])  # type: ignore[misc]
    return 60 * clips * len(models) / seconds


def in_a_process(*arguments: object) -> subprocess.Popen[str]:
    """This program with what follows ``--part``."""
    command = [sys.executable, __file__, "--part", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> Any:
    """What a part printed last. Raises CalledProcessError if it failed."""
    out, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return json.loads(out.splitlines()[-1])


def part(kind: str, bundle: Path, *numbers: int) -> Any:
    """What a process of its own measures."""
    if kind == "cost":
        return cost(bundle, numbers[0], bool(numbers[1]))
    count, threads, clips, shared = numbers
    first = SpeechModel(bundle, threads=threads)
    others = [first if shared else SpeechModel(bundle, threads=threads) for _ in range(count - 1)]
    return rate([first, *others], clips)


def print_memory(bundle: Path, title: str) -> None:
    """A table of what each further session costs, by window."""
    table = Table(title=f"{title}: MiB of each session")
    for name in ("window", "words", "model", "first", "second", "third", "fourth"):
        table.add_column(name, justify="right")
    for window in SpeechModel(bundle).windows:
        for words in (0, 1):
            report(f"memory of the {window} s window, {'with' if words else 'without'} words")
            memory = answer(in_a_process("cost", bundle, window, words))
            for kind in ("private", "pss"):
                values = [each[kind] for each in memory]
                steps = np.diff(values)
                cells = [f"{values[0]:.0f}", *(f"{step:.1f}" for step in steps)]
                table.add_row(f"{window} s, {kind}", "yes" if words else "no", *cells)
    Console(width=120).print(table)


def print_speed(bundle: Path, title: str, jobs: int, rounds: int, clips: int) -> None:
    """A table of clips a minute; rounds take turns."""
    threads = max(1, _runtime.usable_cpus() // jobs)
    rates: dict[str, list[float]] = {"sessions": [], "models": [], "processes": []}
    for turn in range(rounds):
        report(f"speed, round {turn + 1} of {rounds}")
        rates["sessions"].append(answer(in_a_process("rate", bundle, jobs, threads, clips, 1)))
        rates["models"].append(answer(in_a_process("rate", bundle, jobs, threads, clips, 0)))
        several = [in_a_process("rate", bundle, 1, threads, clips, 1) for _ in range(jobs)]
        rates["processes"].append(sum(map(answer, several)))
    table = Table(title=f"{title}: clips of 9 s a minute, {jobs} at once, {threads} threads each")
    for name in ("", "median", "slowest, fastest"):
        table.add_column(name, justify="right")
    for name, values in rates.items():
        spread = f"{min(values):.1f}, {max(values):.1f}"
        table.add_row(f"{jobs} {name}", f"{statistics.median(values):.1f}", spread)
    Console(width=120).print(table)


def sessions(
    bundle: Annotated[Path, typer.Argument(help="Bundle to measure.")],
    jobs: Annotated[int, typer.Option(help="At once; 0: as many as there are cores.")] = 0,
    rounds: Annotated[int, typer.Option(help="Of the speed; 0 measures memory alone.")] = 3,
    clips: Annotated[int, typer.Option(help="That each thread transcribes a round.")] = 8,
) -> None:
    """Memory and speed of sessions that share weights."""
    versions = f"sotto {sotto.__version__}, ai-edge-litert {version('ai-edge-litert')}"
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs"
    title = f"{datetime.now(UTC):%Y-%m-%d}, {machine}; {versions}; {bundle.name}"
    print_memory(bundle, title)
    if rounds:
        print_speed(bundle, title, jobs or _runtime.usable_cpus(), rounds, clips)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        print(json.dumps(part(sys.argv[2], Path(sys.argv[3]), *map(int, sys.argv[4:]))))
    else:
        run(sessions)
