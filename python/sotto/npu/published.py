"""Published measurements of Whisper on NPUs (``measurements.json``), and what follows from them.

Some of them say what share of the published peaks is reached; the others are held out, to check the
estimate by.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sotto.npu.roofline import Efficiency, Range, min_traffic, operations, timing
from sotto.npu.socs import find_soc, launch_ms
from sotto.npu.whisper_work import SIZES, whisper_work
from sotto.npu.work import Work


@dataclass(frozen=True)
class Measurement:
    """A published figure.

    Attributes:
        model: Whisper's size.
        stage: as :func:`sotto.npu.whisper_work.whisper_work` has it.
        precision: likewise.
        soc: as :func:`sotto.npu.socs.find_soc` has it.
        ms: of one run, milliseconds.
        runtime: what ran it.
        note: what sets it apart; may be empty.
        source: title and address.
        calibrates: whether the shares of the peaks come from it.
        work: that the stage takes.
    """

    model: str
    stage: str
    precision: str
    soc: str
    ms: float
    runtime: str
    note: str
    source: str
    calibrates: bool
    work: Work


@dataclass(frozen=True)
class NotEvaluated:
    """A published figure that can't be compared, and why."""

    what: str
    source: str
    why: str


@dataclass(frozen=True)
class Comparison:
    """A measurement beside the estimate for it.

    Attributes:
        measurement: published.
        estimate: range for the same stage on the same SoC.
        error: 1 inside the range; else by what factor the measurement is above it (more than 1) or
            below it (less than 1).
        blind: the range if nothing had been measured on this SoC.
        blind_error: of that range.
    """

    measurement: Measurement
    estimate: Range
    error: float
    blind: Range
    blind_error: float


@cache
def measurements() -> tuple[Measurement, ...]:
    """All that were found and can be compared."""
    return tuple(
        _measurement(entry, soc, ms)
        for entry in _table()["series"]
        for soc, ms in entry["ms"].items()
    )


@cache
def not_evaluated() -> tuple[NotEvaluated, ...]:
    """All that were found and can't be compared."""
    return tuple(
        NotEvaluated(entry["what"], _source(entry["source"]), entry["why"])
        for entry in _table()["not_evaluated"]
    )


@cache
def efficiency_of(soc: str, *, blind: bool = False) -> Efficiency:
    """The shares of its peaks that a SoC reaches.

    By its own measurements of an encoder, which arithmetic bounds, and of a decoder's step, which
    memory bounds; where it has none, by those of all SoCs. Nobody published Whisper with int8
    activations: they are taken to reach the share that fp16 does.

    Args:
        soc: as :func:`sotto.npu.socs.find_soc` has it.
        blind: as if there were no measurement of this SoC.
    """
    calibrating = [
        one for one in measurements() if one.calibrates and not (blind and one.soc == soc)
    ]
    steps = [one for one in calibrating if one.stage == "step"]
    encoders = [one for one in calibrating if one.stage != "step"]
    fp16, int16 = (
        _compute_shares([one for one in encoders if one.precision == precision], soc)
        for precision in ("fp16", "int16")
    )
    return Efficiency({"fp16": fp16, "int16": int16, "int8": fp16}, _memory_shares(steps, soc))


def check() -> list[Comparison]:
    """Compares the estimate with each measurement, those that calibrate it included."""
    found = []
    for one in measurements():
        estimate, blind = (
            timing(one.work, find_soc(one.soc), efficiency_of(one.soc, blind=unseen)).total
            for unseen in (False, True)
        )
        errors = _error(one.ms, estimate), _error(one.ms, blind)
        found.append(Comparison(one, estimate, errors[0], blind, errors[1]))
    return found


def _error(ms: float, estimate: Range) -> float:
    # A measurement that made an end of the range is that end, but for rounding.
    if ms < estimate.low * (1 - 1e-9):
        return ms / estimate.low
    return ms / estimate.high if ms > estimate.high * (1 + 1e-9) else 1.0


def _compute_shares(encoders: list[Measurement], soc: str) -> tuple[float, float]:
    return _ends(
        [
            (operations(one.work) * 1e3, one.ms, find_soc(one.soc).peak(one.precision))
            for one in _own_or_all(encoders, soc)
        ]
    )


def _memory_shares(steps: list[Measurement], soc: str) -> tuple[float, float]:
    found = []
    for one in _own_or_all(steps, soc):
        memory = find_soc(one.soc).memory_gbs
        found.append((min_traffic(one.work) / 1e6, one.ms, (memory.low, memory.high)))
    return _ends(found)


def _own_or_all(calibrating: list[Measurement], soc: str) -> list[Measurement]:
    return [one for one in calibrating if one.soc == soc] or calibrating


def _ends(reached: list[tuple[float, float, tuple[float, float]]]) -> tuple[float, float]:
    """Least and greatest share, so that what was measured lies inside.

    Args:
        reached: amount, milliseconds, and the range of the peak in amounts a millisecond.
    """
    launch = launch_ms().low
    return (
        min(amount / ms / minimum for amount, ms, (minimum, _) in reached),
        max(amount / (ms - launch) / maximum for amount, ms, (_, maximum) in reached),
    )


@cache
def _table() -> dict[str, Any]:
    text = (files("sotto.npu") / "measurements.json").read_text("utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def _source(name: str) -> str:
    source = _table()["sources"][name]
    return f"{source['title']}, {source['url']}"


def _measurement(entry: dict[str, Any], soc: str, ms: float) -> Measurement:
    return Measurement(
        model=entry["model"],
        stage=entry["stage"],
        precision=entry["precision"],
        soc=soc,
        ms=ms,
        runtime=entry["runtime"],
        note=entry.get("note", ""),
        source=_source(entry["source"]),
        calibrates=entry["calibrates"],
        work=whisper_work(
            SIZES[entry["model"]],
            entry["stage"],
            entry["precision"],
            cache=entry.get("cache", 0),
            boundary=entry["boundary"],
        ),
    )
