"""Which measurements are dropped because something else used the CPU."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from noise import CpuTime, is_noisy, machine_seconds, others_seconds

STAT = "cpu  100 20 30 4000 500 6 7 80 90 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n"


def spin(seconds: float) -> None:
    """Takes CPU time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_idle_and_waiting_are_not_busy_and_guests_are_not_counted_twice() -> None:
    busy, _ = machine_seconds(STAT, ticks=100)
    assert busy == pytest.approx((100 + 20 + 30 + 6 + 7) / 100)


def test_stolen_time_is_told_apart() -> None:
    _, stolen = machine_seconds(STAT, ticks=100)
    assert stolen == pytest.approx(0.8)


def test_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="intr"):
        machine_seconds("intr 1 2 3", ticks=100)


def test_what_this_process_took_is_not_others() -> None:
    start = CpuTime(wall=0.0, machine=100.0, stolen=0.0, own=10.0)
    end = CpuTime(wall=2.0, machine=103.5, stolen=0.5, own=13.0)
    assert others_seconds(start, end) == pytest.approx(0.5)


def test_rounding_of_the_counts_does_not_make_others_negative() -> None:
    start = CpuTime(wall=0.0, machine=100.0, stolen=0.0, own=10.0)
    end = CpuTime(wall=1.0, machine=100.99, stolen=0.0, own=11.0)
    assert others_seconds(start, end) == 0.0


@pytest.mark.parametrize(
    ("others", "wall", "noisy"),
    [
        (0.02, 0.1, False),
        (0.05, 1.0, False),
        (0.2, 1.0, True),
        (0.2, 10.0, False),
        (1.0, 1.0, True),
    ],
)
def test_a_busy_core_is_noise_and_an_idle_system_is_not(
    others: float, wall: float, noisy: bool
) -> None:
    assert is_noisy(others, wall) is noisy


def test_own_time_holds_this_process_and_its_ended_children() -> None:
    before = CpuTime.now()
    spin(0.2)
    here = CpuTime.now()
    program = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", program], check=True)
    child = CpuTime.now()
    assert here.own - before.own >= 0.19
    assert child.own - here.own >= 0.29


def test_a_process_that_is_not_ours_is_seen() -> None:
    # A child counts as our own only once it has ended: until then it stands for others.
    busy = "import time\nwhile time.process_time() < 30: pass"
    with subprocess.Popen([sys.executable, "-c", busy]) as other:
        time.sleep(0.1)
        before = CpuTime.now()
        time.sleep(0.6)
        after = CpuTime.now()
        other.kill()
    if after.stolen - before.stolen > 0.2 or os.getloadavg()[0] > 4 * (os.cpu_count() or 1):
        pytest.skip("the machine is too busy to tell")
    assert is_noisy(others_seconds(before, after), after.wall - before.wall)
