"""The least and the most that a graph's work takes on a SoC.

A roofline (Williams, Waterman and Patterson, 2009): a run takes as long as the slower of its
arithmetic and its traffic, at a share of the published peaks, and what the invocation costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sotto.errors import ModelError
from sotto.npu.socs import Soc, launch_ms
from sotto.npu.work import Work

MIB = 1 << 20


@dataclass(frozen=True)
class Range:
    """Milliseconds, from the least to the most."""

    low: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, times: float) -> Range:
        return Range(self.low * times, self.high * times)


@dataclass(frozen=True)
class Efficiency:
    """Shares of the peaks that are reached: the least of the least peak, the most of the greatest.

    What a SoC reaches may be better known than its peaks; its shares are then as uncertain as
    those, and the least may be above the most.

    Attributes:
        compute: of operations a second, by precision.
        memory: of bytes a second.
    """

    compute: Mapping[str, tuple[float, float]]
    memory: tuple[float, float]


@dataclass(frozen=True)
class Timing:
    """What a run takes.

    Attributes:
        compute: by arithmetic alone.
        memory: by traffic alone.
        launch: by the invocation.
        total: the greater of compute and memory, and the launch.
    """

    compute: Range
    memory: Range
    launch: Range
    total: Range

    @property
    def bound(self) -> str:
        """``compute``, ``memory`` or ``launch``; two where the range's ends differ."""
        ends = []
        for pick in (_low, _high):
            parts = {name: pick(getattr(self, name)) for name in ("compute", "memory", "launch")}
            ends.append(max(parts, key=lambda name: parts[name]))
        return " or ".join(dict.fromkeys(ends))


def _low(times: Range) -> float:
    return times.low


def _high(times: Range) -> float:
    return times.high


def timing(work: Work, soc: Soc, efficiency: Efficiency) -> Timing:
    """Milliseconds of one run.

    Raises:
        ModelError: the graph has float activations over int8 weights, which no NPU here computes.
    """
    if work.macs.get("hybrid"):
        raise ModelError(
            "float activations over int8 weights (dynamic-range quantisation) are a precision for "
            "CPUs, which the NPU refuses; estimate a bundle of --precision fp32, or a static one"
        )
    launch = launch_ms()
    arithmetic = Range(0, 0)
    for precision, macs in work.macs.items():
        (minimum, maximum), (low, high) = soc.peak(precision), efficiency.compute[precision]
        arithmetic += Range(2 * macs / (maximum * high) / 1e9, 2 * macs / (minimum * low) / 1e9)
    on_chip, memory = soc.on_chip_mib, soc.memory_gbs
    traffic = Range(
        _traffic(work, on_chip.high) / (memory.high * efficiency.memory[1]) / 1e6,
        _traffic(work, on_chip.low) / (memory.low * efficiency.memory[0]) / 1e6,
    )
    invocation = Range(launch.low, launch.high)
    slower = Range(
        max(arithmetic.low, traffic.low),
        max(arithmetic.high, traffic.high),
    )
    return Timing(arithmetic, traffic, invocation, slower + invocation)


def operations(work: Work) -> float:
    """Tera-operations, two a multiply-add."""
    return 2 * sum(work.macs.values()) / 1e12


def min_traffic(work: Work) -> int:
    """Bytes that move even if every activation stays on the chip."""
    return work.weights + work.boundary


def _traffic(work: Work, on_chip_mib: float) -> int:
    return min_traffic(work) + work.spilled(on_chip_mib * MIB)
