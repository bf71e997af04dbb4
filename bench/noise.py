"""Whether something else used the CPU while a worker was timed.

A second busy process on two cores turns 10 ms a token into 300, so a run during which others
took CPU time is measured again. What the machine was busy with, from /proc/stat, less what this
process and its children took, is what others took. Time that a hypervisor gave to other machines
is noted, but does not count: on a shared host it is never nothing, and it meets all alike.
"""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

SHARE = 0.08
"""Of a core: what others may take of the time measured. An idle system takes 1 to 3 %."""

GRAIN = 0.03
"""Seconds that /proc/stat, which counts in hundredths on each core, may be wrong by."""


@dataclass(frozen=True)
class CpuTime:
    """Seconds since some point in the past.

    Attributes:
        wall: on the clock.
        machine: of CPU time, all cores, that was not idle.
        stolen: of CPU time, all cores, that a hypervisor gave to other machines.
        own: of CPU time of this process and of its children that have ended.
    """

    wall: float
    machine: float
    stolen: float
    own: float

    @classmethod
    def now(cls) -> CpuTime:
        """As of this moment."""
        own = 0.0
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            own += usage.ru_utime + usage.ru_stime
        stat = Path("/proc/stat").read_text(encoding="ascii")
        machine, stolen = machine_seconds(stat, os.sysconf("SC_CLK_TCK"))
        return cls(time.perf_counter(), machine, stolen, own)


def machine_seconds(stat: str, ticks: int) -> tuple[float, float]:
    """CPU seconds that were not idle, and that were stolen, from the text of /proc/stat.

    Args:
        stat: its first line is ``cpu user nice system idle iowait irq softirq steal …``; what
            guests took, after that, is in user already.
        ticks: of its counts, a second.
    """
    label, *counts = stat.splitlines()[0].split()
    if label != "cpu":
        raise ValueError(f"/proc/stat begins with {label!r}, not with cpu")
    user, nice, system, _idle, _iowait, irq, softirq, stolen = map(int, counts[:8])
    return (user + nice + system + irq + softirq) / ticks, stolen / ticks


def others_seconds(start: CpuTime, end: CpuTime) -> float:
    """CPU seconds that others took between the two."""
    return max(0.0, (end.machine - start.machine) - (end.own - start.own))


def is_noisy(others: float, wall: float) -> bool:
    """Whether others took more than a measurement of ``wall`` seconds bears."""
    return others > GRAIN + SHARE * wall


def wait_for_quiet(max_seconds: float) -> bool:
    """Sleeps until the machine has been idle for a third of a second; False if it never was."""
    end = time.monotonic() + max_seconds
    while True:
        before = CpuTime.now()
        time.sleep(0.33)
        after = CpuTime.now()
        if not is_noisy(others_seconds(before, after), after.wall - before.wall):
            return True
        if time.monotonic() > end:
            return False
