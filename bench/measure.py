"""Measures a peer that is a library, in the process that this runs in."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from measurement import Heard, Job, Measurement
from noise import CpuTime, is_noisy, others_seconds
from peers.peer import SAMPLES_A_WINDOW, Peer, Recogniser, Stages


def milliseconds(call: Callable[[], object]) -> float:
    """That ``call`` took."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def measure_library(peer: Peer, job: Job) -> Measurement:
    """Loads a peer, warms it up and times it; see ``peers/peer.py`` for the order."""
    import_ms = milliseconds(lambda: importlib.import_module(peer.library))
    started = time.perf_counter()
    recogniser = peer.load(Path(job.weights), job.setting, job.threads)
    load_ms = (time.perf_counter() - started) * 1000
    heard: list[Heard] = []
    peak_mib = 0.0
    for file in job.recordings:
        samples = np.load(file)
        # Only the first call finds what loading left undone.
        cold = _limited(recogniser, samples, 1) if job.runs and not heard else None
        limits = job.limits if file == job.recordings[-1] else []
        each, peak_mib = _hear(recogniser, samples, job, limits)
        heard.append(replace(each, cold_first_token_ms=cold))
    return Measurement(import_ms, load_ms, peak_mib, heard)


def _hear(
    recogniser: Recogniser, samples: np.ndarray, job: Job, limits: list[int]
) -> tuple[Heard, float]:
    """One recording, and the peak memory before anything was watched."""
    text = recogniser.transcribe(samples, timestamps=job.timestamps)
    if not job.runs:
        return Heard(text), recogniser.peak_mib()
    calls = []
    before = CpuTime.now()
    for _ in range(job.runs):
        started = time.perf_counter()
        text = recogniser.transcribe(samples, timestamps=job.timestamps)
        calls.append((time.perf_counter() - started) * 1000)
    after = CpuTime.now()
    peak = recogniser.peak_mib()
    others, wall = others_seconds(before, after), after.wall - before.wall
    first = _limited(recogniser, samples, 1) if job.watch else None
    stages = recogniser.stages(samples[:SAMPLES_A_WINDOW]) if job.watch else Stages()
    limited = {str(n): _limited(recogniser, samples, n) for n in limits}
    return (
        Heard(
            text=text,
            call_ms=calls,
            others_share=others / wall,
            noisy=is_noisy(others, wall),
            first_token_ms=first,
            encoder_ms=stages.encoder_ms,
            decoder_ms=stages.decoder_ms,
            steps=stages.steps,
            limit_ms={count: value for count, value in limited.items() if value is not None},
        ),
        peak,
    )


def _limited(recogniser: Recogniser, samples: np.ndarray, count: int) -> float | None:
    """Milliseconds of a call that ends after ``count`` tokens; None where that can't be done."""
    done = False

    def call() -> None:
        nonlocal done
        done = recogniser.first_tokens(samples[:SAMPLES_A_WINDOW], count)

    took = milliseconds(call)
    return took if done else None
