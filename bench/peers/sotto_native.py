"""Sotto's program without Python: what a device runs. Memory is the program's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from measurement import Heard, Job, Measurement
from noise import CpuTime, is_noisy, others_seconds
from peers.peer import SAMPLES_A_WINDOW, Peer, Recogniser
from peers.sotto import Sotto
from wav import write_wav

PROFILE = re.compile(
    r"audio, \w+: (?P<total>\d+) ms \(load (?P<load>\d+), log-mel \d+, encoder (?P<encoder>\d+) "
    r"in \d+ runs, decoder (?P<decoder>\d+) in (?P<steps>\d+) steps"
)
MAX_TOKENS = 224
"""Of a window; more than any of the cases has."""


@dataclass(frozen=True)
class Run:
    """One run of the program.

    Attributes:
        text: of the last file.
        wall_ms: from its start to its end.
        peak_mib: its largest resident set.
        profiles: milliseconds of each file by stage, and steps.
    """

    text: str
    wall_ms: float
    peak_mib: float
    profiles: list[dict[str, int]]


def run_program(job: Job, files: list[Path], limit: int | None = None) -> Run:
    """Runs it once over ``files``; ``limit`` is of tokens."""
    from sotto.runtime.locate import find_litert

    command = [str(Path(sys.executable).parent / "sotto-native"), "--profile"]
    command += ["--litert", str(find_litert()), "--model", job.weights, "--language", "en"]
    command += ["--temperature", "0", "--threads", str(job.threads)]
    command += ["--without-timestamps", str(not job.timestamps or limit is not None)]
    command += ["--sample-len", str(limit)] if limit is not None else []
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as told,
        subprocess.Popen([*command, *map(str, files)], stdout=out, stderr=told) as process,
    ):
        _, status, usage = os.wait4(process.pid, 0)
        wall_ms = (time.perf_counter() - started) * 1000
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), told.seek(0)
        texts, messages = out.read().splitlines(), told.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {messages}")
    profiles = [{k: int(v) for k, v in m.groupdict().items()} for m in PROFILE.finditer(messages)]
    if len(profiles) != len(files):
        raise RuntimeError(
            f"{command[0]} told {len(profiles)} profiles of {len(files)}: {messages}"
        )
    return Run(texts[-1], wall_ms, usage.ru_maxrss / 1024, profiles)


class SottoNative(Peer):
    """The program ``sotto-native`` over a WAV file.

    Of two runs of the same file in one process, the second is the warm one. Loading is what the
    process took besides the two calls.
    """

    name = "sotto-native"
    library = "sotto"
    distribution = "sotto"
    settings = Sotto.settings

    def prepare(self, model: str, setting: str, folder: Path) -> Path:
        return Sotto().prepare(model, setting, folder.with_name("sotto"))

    def disk_bytes(self, weights: Path) -> int:
        return Sotto().disk_bytes(weights)

    def load(self, weights: Path, setting: str, threads: int) -> Recogniser:
        raise NotImplementedError("a program, which is not loaded: see measure")

    def measure(self, job: Job) -> Measurement:
        heard, loads, peaks = [], [], []
        with tempfile.TemporaryDirectory() as folder:
            for file in job.recordings:
                clip = Path(folder) / f"{Path(file).stem}.wav"
                samples = np.load(file)
                write_wav(clip, samples)
                window = clip.with_suffix(".window.wav")
                write_wav(window, samples[:SAMPLES_A_WINDOW])
                limits = job.limits if file == job.recordings[-1] else []
                each, load_ms, peak_mib = _hear(job, clip, window, limits)
                heard.append(each)
                loads.append(load_ms)
                peaks.append(peak_mib)
        return Measurement(0.0, loads[0], max(peaks), heard)


def _hear(job: Job, clip: Path, window: Path, limits: list[int]) -> tuple[Heard, float, float]:
    """One recording, of whose first 30 s ``window`` is; milliseconds of loading; MiB."""
    if not job.runs:
        run = run_program(job, [clip])
        return Heard(run.text), 0.0, run.peak_mib
    before = CpuTime.now()
    run = run_program(job, [clip] * (job.runs + 1))
    after = CpuTime.now()
    others, wall = others_seconds(before, after), after.wall - before.wall
    load_ms = run.wall_ms - sum(each["total"] - each["load"] for each in run.profiles)
    cold = first = None
    stages: dict[str, int] = {}
    if job.watch:
        # Without the loading, which Measurement.start_ms adds.
        cold = max(0.0, run_program(job, [window], limit=1).wall_ms - load_ms)
        first = _warm(job, window, 1)["total"]
        stages = _warm(job, window, MAX_TOKENS)
    heard = Heard(
        text=run.text,
        call_ms=[float(each["total"]) for each in run.profiles[1:]],
        others_share=others / wall,
        noisy=is_noisy(others, wall),
        cold_first_token_ms=cold,
        first_token_ms=first,
        encoder_ms=stages.get("encoder"),
        decoder_ms=stages.get("decoder"),
        steps=stages.get("steps"),
        limit_ms={str(count): _warm(job, window, count)["total"] for count in limits},
    )
    return heard, load_ms, run.peak_mib


def _warm(job: Job, window: Path, limit: int) -> dict[str, int]:
    """The second of two calls in a process, text alone, limited to some tokens."""
    return run_program(job, [window] * 2, limit=limit).profiles[-1]


PEER = SottoNative()
