"""``sotto npu estimate``: about how fast a model will be, and what would help."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sotto.commands.output import print_whole
from sotto.errors import OptionError
from sotto.terminal import clean_exits, report

if TYPE_CHECKING:
    from sotto.npu.estimate import Estimate, SignatureEstimate, Transcription
    from sotto.npu.published import Comparison
    from sotto.npu.roofline import Range

WIDTH = 140
"""Columns of a table that is not printed to a terminal."""

Model = Annotated[
    Path | None,
    typer.Argument(help="Bundle of fp32 or statically quantised, or a .tflite file."),
]
Soc = Annotated[str, typer.Option(help="SoCs with commas between, such as mt6991, or all.")]
Seconds = Annotated[float, typer.Option(help="Length of a recording to estimate.")]
Tokens = Annotated[int, typer.Option(help="Tokens that are decoded of it.")]
Prompt = Annotated[int, typer.Option(help="Tokens that are read before each window.")]
Checked = Annotated[
    bool,
    typer.Option("--check", help="Compare the estimate with each published measurement instead."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
Picture = Annotated[
    Path | None,
    typer.Option(help="Also a picture (.png, .svg or .pdf): needs matplotlib, of the extra bench."),
]


def estimate(
    model: Model = None,
    soc: Soc = "mt6991",
    seconds: Seconds = 10.0,
    tokens: Tokens = 40,
    prompt: Prompt = 0,
    check: Checked = False,
    as_json: Json = False,
    picture: Picture = None,
) -> None:
    """Estimate how fast a model will be on a SoC's NPU, what bounds it, and what would help.

    sotto npu estimate models/whisper-base-fp32 --soc mt6989

    A roofline: the graphs' multiply-adds, by precision, and bytes (weights, inputs and outputs,
    and activations that do not fit on the chip), over the SoC's public peaks and the share of them
    that published measurements of Whisper on NPUs reach. Each figure of a SoC has its source; where
    there is none it is a wide range, marked as assumed. The answer is a range, not a number.

    sotto npu estimate --check

    shows how far the estimate is from every published measurement that was found.
    """
    with clean_exits():
        if check:
            _check(as_json)
            return
        if model is None:
            raise OptionError("name a bundle or a .tflite file, or say --check")
        from sotto.npu.estimate import estimates, transcription
        from sotto.npu.socs import chosen

        report(f"counting {model}")
        found = estimates(model, chosen(soc))
        heard = [
            transcription(one, seconds, tokens, prompt) if one.windows else None for one in found
        ]
        if picture is not None:
            from sotto.npu.picture import draw

            draw(found, picture)
            report(f"wrote {picture}")
        if as_json:
            rows = [_as_json(one, text) for one, text in zip(found, heard, strict=True)]
            print_whole(json.dumps(rows, ensure_ascii=False) + "\n")
        elif len(found) == 1:
            _print_one(model, found[0])
            _print_recording(heard[0], seconds, tokens)
        else:
            _print_several(model, found, heard, f"{seconds:g} s, {tokens} tokens")


def _as_json(found: Estimate, heard: Transcription | None) -> dict[str, Any]:
    signatures = {
        name: {**asdict(one), "bound": one.timing.bound} for name, one in found.signatures.items()
    }
    for one in signatures.values():
        sizes = one["work"].pop("activations")
        one["work"]["largest_activation"] = max(sizes, default=0)
    recording = None if heard is None else {**asdict(heard), "total": asdict(heard.total)}
    return {
        "soc": asdict(found.soc),
        "precision": found.precision,
        "signatures": signatures,
        "recording": recording,
    }


def _print_one(model: Path, found: Estimate) -> None:
    soc = found.soc
    console = _console()
    table = Table(title=f"{model} on {soc.key} ({soc.name}; {soc.npu}; {soc.memory})")
    table.add_column("signature", no_wrap=True)
    table.add_column("bound by")
    for column in (
        *("ms", "ms, arithmetic", "ms, memory", "GMAC"),
        *("MB of weights", "MB in and out", "MB spilled"),
    ):
        table.add_column(column, justify="right")
    for one in found.signatures.values():
        table.add_row(one.signature, one.timing.bound, *_cells(one, found))
    console.print(table)
    for name in _main_signatures(found):
        one = found.signatures[name]
        console.print(f"{name} is bound by {one.timing.bound}. What would change it:")
        for piece in one.advice:
            console.print(f"  {piece.change}: {_saved(piece.saved)}", soft_wrap=True)
    _print_figures(console, found)


def _main_signatures(found: Estimate) -> list[str]:
    """Of a Whisper bundle those of its longest window but the alignment's; else all."""
    if not found.windows:
        return list(found.signatures)
    longest = found.windows[max(found.windows)]
    graphs = (longest.encoder, longest.step, longest.prefill)
    return [graph.name for graph in graphs if graph is not None]


def _cells(one: SignatureEstimate, found: Estimate) -> Sequence[str]:
    work, on_chip = one.work, found.soc.on_chip_mib
    spilled = (work.spilled(size * (1 << 20)) / 1e6 for size in (on_chip.high, on_chip.low))
    return (
        _range(one.ms),
        _range(one.timing.compute),
        _range(one.timing.memory),
        f"{sum(work.macs.values()) / 1e9:.2f}",
        f"{work.weights / 1e6:.1f}",
        f"{work.boundary / 1e6:.1f}",
        _between(*spilled),
    )


def _print_figures(console: Console, found: Estimate) -> None:
    for name, figure in found.soc.figures().items():
        text = f"{name} {_between(figure.low, figure.high, exact=True)}"
        if figure.assumed:
            text += f", assumed: {figure.assumed}"
        if figure.sources:
            text += f" [{'; '.join(figure.sources)}]"
        console.print(text, soft_wrap=True, highlight=False, markup=False)
    for line in (found.soc.compiled, *found.soc.boards):
        if line:
            console.print(line, soft_wrap=True, highlight=False, markup=False)


def _print_recording(heard: Transcription | None, seconds: float, tokens: int) -> None:
    if heard is None:
        return
    windows = f"{heard.windows} windows" if heard.windows > 1 else "a window"
    print_whole(
        f"{seconds:g} s of audio, {tokens} tokens, in {windows} of {heard.window} s: "
        f"{_range(heard.total)} ms on the NPU (encoder {_range(heard.encoder)}, prompt "
        f"{_range(heard.prompt)}, steps {_range(heard.steps)})\n"
    )


def _print_several(
    model: Path, found: list[Estimate], heard: list[Transcription | None], recording: str
) -> None:
    table = Table(title=f"{model}: ms on the NPU")
    for column in ("SoC", "name", "TOPS", "GB/s"):
        table.add_column(column, no_wrap=column == "SoC")
    names = _main_signatures(found[0])
    for column in (*names, *([recording] if heard[0] is not None else [])):
        table.add_column(column, justify="right")
    for one, text in zip(found, heard, strict=True):
        soc = one.soc
        peaks = (soc.tops_int8, soc.memory_gbs)
        table.add_row(
            soc.key,
            soc.name,
            *(_between(p.low, p.high, exact=True) + "*" * bool(p.assumed) for p in peaks),
            *(_range(one.signatures[name].ms) for name in names),
            *([_range(text.total)] if text is not None else []),
        )
    console = _console()
    console.print(table)
    console.print("* assumed, in whole or in part; one SoC alone shows its figures' sources")


def _check(as_json: bool) -> None:
    from sotto.npu.published import check, not_evaluated

    found = check()
    if as_json:
        rows = [asdict(one) for one in found]
        for row in rows:
            row["measurement"].pop("work")
        result = {"compared": rows, "not_evaluated": [asdict(one) for one in not_evaluated()]}
        print_whole(json.dumps(result, ensure_ascii=False) + "\n")
        return
    _print_check(found)
    console = _console()
    for left in not_evaluated():
        console.print(
            f"not compared: {left.what}: {left.why} [{left.source}]",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )


def _print_check(found: list[Comparison]) -> None:
    table = Table(title="Published measurements of Whisper on NPUs, and the estimates for them")
    for column in ("SoC", "model", "stage", "precision"):
        table.add_column(column, no_wrap=True)
    for column in ("ms", "estimate", "error", "blind", "error"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("")
    for one in found:
        told = one.measurement
        table.add_row(
            *(told.soc, told.model, told.stage, told.precision),
            _number(told.ms),
            _range(one.estimate),
            _error(one.error),
            _range(one.blind),
            _error(one.blind_error),
            "calibrates" if told.calibrates else told.note,
        )
    console = _console()
    console.print(table)
    held = [one for one in found if not one.measurement.calibrates and not one.measurement.note]
    inside = sum(one.error == 1 for one in held)
    worst = max((max(one.error, 1 / one.error) for one in held), default=1.0)
    blind = sum(one.blind_error == 1 for one in found)
    console.print(
        f"Held out, graphs adapted to the NPU: {inside} of {len(held)} inside, the others by up to "
        f"a factor of {worst:.2f}. Blind (as if nothing were measured on that SoC): {blind} of all "
        f"{len(found)} inside.",
        soft_wrap=True,
    )
    for source in dict.fromkeys(one.measurement.source for one in found):
        console.print(source, soft_wrap=True, highlight=False, markup=False)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else WIDTH)


def _error(factor: float) -> str:
    return "inside" if factor == 1 else f"x {factor:.2f}"


def _saved(saved: Range) -> str:
    ends = (-saved.low, -saved.high)
    return " to ".join(f"{'+' if ms > 0 else '-'}{_number(abs(ms))}" for ms in ends) + " ms"


def _range(times: Range) -> str:
    return _between(times.low, times.high)


def _between(low: float, high: float, *, exact: bool = False) -> str:
    texts = [f"{value:g}" if exact else _number(value) for value in (low, high)]
    return " to ".join(dict.fromkeys(texts))


def _number(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
