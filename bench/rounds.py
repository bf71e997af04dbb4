"""Runs workers round by round: every contender once, then every contender once again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from contenders import Contender
from measurement import Job, Measurement
from noise import wait_for_quiet
from peers import peer_named

WORKER = Path(__file__).with_name("worker.py")
ATTEMPTS = 3
"""At one measurement, as long as others use the CPU meanwhile."""
QUIET_SECONDS = 20
WORKER_SECONDS = 300


class WorkerError(Exception):
    """A worker ended without a measurement; the message is the end of what it printed."""


def run_worker(job: Job) -> Measurement:
    """One measurement in a fresh process.

    Raises:
        WorkerError: it failed, or took more than ``WORKER_SECONDS``.
    """
    threads = str(job.threads)
    environment = {
        **os.environ,
        # Whatever libraries do besides is held to the same number of threads.
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads),
        "HF_HUB_OFFLINE": "1",
        **peer_named(job.peer).environment,
    }
    try:
        done = subprocess.run(
            [sys.executable, str(WORKER), json.dumps(asdict(job))],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=WORKER_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise WorkerError(f"no result after {WORKER_SECONDS} s") from None
    if done.returncode != 0:
        raise WorkerError(done.stderr.strip()[-600:])
    return Measurement.from_json(json.loads(done.stdout))


def run_rounds(
    jobs: dict[Contender, Job], rounds: int, report: Callable[[str], None]
) -> Iterator[tuple[int, Contender, Measurement]]:
    """Each contender's job once a round, interleaved, so that drift meets all alike.

    A measurement during which others used the CPU is taken again, ``ATTEMPTS`` times in all;
    the last is given back as it is, and says that it is noisy. A contender whose worker fails
    is left out of later rounds.
    """
    failed: set[Contender] = set()
    for number in range(rounds):
        for contender in _alternating(jobs, number):
            if contender in failed:
                continue
            for attempt in range(1, ATTEMPTS + 1):
                if not wait_for_quiet(QUIET_SECONDS):
                    report(f"other processes have used the CPU for {QUIET_SECONDS} s")
                try:
                    measurement = run_worker(jobs[contender])
                except WorkerError as error:
                    report(f"{contender.name} failed, left out: {error}")
                    failed.add(contender)
                    break
                if not measurement.noisy:
                    break
                share = max(heard.others_share for heard in measurement.heard)
                report(
                    f"{contender.name}: others took {share:.0%} of a core meanwhile, "
                    f"attempt {attempt} of {ATTEMPTS}"
                )
            if contender not in failed:
                yield number, contender, measurement


def _alternating(jobs: dict[Contender, Job], number: int) -> Iterable[Contender]:
    """There and back: who comes after whom changes from round to round."""
    return list(jobs) if number % 2 == 0 else reversed(list(jobs))
