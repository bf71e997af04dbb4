"""The machine's cores, divided among jobs."""

from __future__ import annotations

from typing import NamedTuple

from sotto._runtime import usable_cpus
from sotto.errors import OptionError

MAX_JOBS = 1024

MAX_THREADS = 4
"""Of a job, as the runtime's default: more wait for each other more than they help."""


class Share(NamedTuple):
    """How many jobs there are at once, and the threads of each; 0: the runtime's default."""

    jobs: int
    threads: int


def share_cores(jobs: int, threads: int, files: int) -> Share:
    """No more threads in all than cores, unless it is asked for.

    Args:
        jobs: at once; 0 is as many as there are cores.
        threads: of each job; 0 is its share of the cores, 4 at most.
        files: to work on: there are no more jobs than that.

    Raises:
        OptionError: there can't be so many jobs.
    """
    if not 0 <= jobs <= MAX_JOBS:
        raise OptionError(f"jobs is {jobs}; expected 0 to {MAX_JOBS}")
    cores = usable_cpus()
    jobs = min(jobs or cores, files)
    if threads or jobs == 1:
        return Share(jobs, threads)
    return Share(jobs, min(max(cores // jobs, 1), MAX_THREADS))
