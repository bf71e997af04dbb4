"""What would make a graph faster: the graph is changed in the count, and estimated again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from sotto.bundle import Decoder, Manifest, SpeechEncoder
from sotto.npu.roofline import Efficiency, Range, timing
from sotto.npu.socs import Soc
from sotto.npu.whisper_work import Sizes, whisper_work
from sotto.npu.work import Work

SHORT_CACHE = 128
"""Tokens of a shorter cache, to say what it would save."""

SHORT_WINDOW = 10
"""Seconds of a shorter window, likewise."""

MIN_SAVING = 0.02
"""Share of a run: what saves less is not named."""

Shapes = Mapping[str, tuple[int, ...]]

_FLOAT32 = 4
_POSITIONS_A_SECOND = 50


@dataclass(frozen=True)
class Advice:
    """What a change would save.

    Attributes:
        change: what to do.
        saved: milliseconds of a run, at both ends of the range; below 0 it costs.
    """

    change: str
    saved: Range


def advice(
    work: Work, inputs: Shapes, manifest: Manifest | None, soc: Soc, efficiency: Efficiency
) -> list[Advice]:
    """Changes that would save, or cost, a share worth naming; those that save most first.

    Args:
        work: of the graph as it is.
        inputs: shapes by name.
        manifest: of the bundle; None of a file alone.
        soc: for which.
        efficiency: of the SoC.
    """
    before = timing(work, soc, efficiency)
    found = []
    for change, changed in _changes(work, inputs, manifest):
        after = timing(changed, soc, efficiency).total
        saved = Range(before.total.low - after.low, before.total.high - after.high)
        found.append(Advice(change, saved))
    if "hidden" in inputs:
        found.append(Advice("several runs in one invocation", before.launch))
    return sorted(
        (
            one
            for one in found
            if abs(one.saved.low) > MIN_SAVING * before.total.low
            or abs(one.saved.high) > MIN_SAVING * before.total.high
        ),
        key=lambda one: -one.saved.high,
    )


def _changes(work: Work, inputs: Shapes, manifest: Manifest | None) -> Iterator[tuple[str, Work]]:
    if floats := work.macs.get("fp16"):
        rest = {name: macs for name, macs in work.macs.items() if name != "fp16"}
        for kind, halved in (("int16", False), ("int8", True)):
            yield (
                f"int8 weights, {kind} activations",
                replace(
                    work,
                    macs={**rest, kind: rest.get(kind, 0) + floats},
                    weights=work.weights - work.float_weights // 2,
                    float_weights=0,
                    activations=tuple(a // (1 + halved) for a in work.activations),
                ),
            )
        yield "inputs and outputs in fp16", replace(work, boundary=work.boundary // 2)
    if cached := _cache(inputs):
        yield f"a cache of {SHORT_CACHE} tokens", _without(work, cached)
    if manifest is not None and manifest.whisper is not None and "log_mel" in inputs:
        yield from _shorter_encoder(work, inputs["log_mel"], manifest)
    if heard := _beyond(inputs, "cross_", SHORT_WINDOW * _POSITIONS_A_SECOND):
        yield f"a window of {SHORT_WINDOW} s", _without(work, heard)


def _cache(inputs: Shapes) -> int:
    return _beyond(inputs, "self_", SHORT_CACHE)


def _beyond(inputs: Shapes, prefix: str, kept: int) -> int:
    """Elements of keys ``[1, H, T, 64]`` and values ``[1, H, 64, T]`` beyond ``kept`` positions."""
    found = 0
    for name, shape in inputs.items():
        if name.startswith(prefix) and len(shape) == 4:
            positions = shape[2] if name.startswith(f"{prefix}k") else shape[3]
            found += prod(shape) // max(positions, 1) * max(0, positions - kept)
    return found


def _without(work: Work, elements: int) -> Work:
    """Without some of the inputs' elements, each of which is multiplied once a token."""
    macs = {name: n - elements if name == "fp16" else n for name, n in work.macs.items()}
    return replace(work, macs=macs, boundary=work.boundary - _FLOAT32 * elements)


def _shorter_encoder(
    work: Work, log_mel: Sequence[int], manifest: Manifest
) -> Iterator[tuple[str, Work]]:
    positions, short = log_mel[2] // 2, SHORT_WINDOW * _POSITIONS_A_SECOND
    if positions <= short:
        return
    encoder, decoder = manifest.need(SpeechEncoder).spec, manifest.need(Decoder).spec
    sizes = Sizes(
        n_mels=log_mel[1],
        state=encoder.width,
        heads=encoder.heads,
        encoder_layers=encoder.layers,
        decoder_layers=decoder.layers,
        vocabulary=decoder.vocabulary,
    )
    now, then = (
        whisper_work(sizes, "encoder+kv", positions=count).macs["fp16"]
        for count in (positions, short)
    )
    yield (
        f"a window of {SHORT_WINDOW} s",
        replace(
            work,
            macs={name: macs * then // now for name, macs in work.macs.items()},
            boundary=work.boundary * short // positions,
            activations=tuple(a * short // positions for a in work.activations),
        ),
    )
