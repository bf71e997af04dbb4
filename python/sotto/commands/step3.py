"""``sotto npu compile``, which is step 3 of a conversion."""

from __future__ import annotations

import json
import shlex
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from sotto.commands.output import print_whole
from sotto.errors import OptionError
from sotto.terminal import clean_exits, report, run

if TYPE_CHECKING:
    from sotto.npu.compile import Compiler
    from sotto.npu.result import CompiledSoc

__all__ = ["run", "step3"]

BACKENDS = ("litert", "ncc")


def step3(
    bundle: Annotated[
        Path,
        typer.Argument(help="Bundle that step 2 wrote with --precision fp32, or a static one."),
    ],
    soc: Annotated[
        str, typer.Option(help="SoCs with commas between, such as mt6991,mt6989, or all.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Bundle to write. Default: BUNDLE itself; of a dry run none, unless --keep."
        ),
    ] = None,
    windows: Annotated[
        str,
        typer.Option(
            help="Of a model that hears: seconds with commas between, or all. Default: the "
            "longest alone."
        ),
    ] = "",
    roles: Annotated[
        str,
        typer.Option(
            help="Of a model that transcribes: some of encoder, decoder, prefill and alignment "
            "(for word timestamps); each costs its weights again. Default: all but the last."
        ),
    ] = "",
    graphs: Annotated[
        str,
        typer.Option(
            help="Graphs by name or pattern, with commas between, such as 'text_128x1,image_*', "
            "in place of --windows and --roles. Default of texts: the longest; of pictures: one."
        ),
    ] = "",
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Compile with Sotto's own library in place of MediaTek's: shows that all goes "
            "through, and gives no code for a device.",
        ),
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Write a dry run's files into BUNDLE, too.")
    ] = False,
    backend: Annotated[
        str,
        typer.Option(
            help="litert, or ncc: DLA files by NeuroPilot's ncc-tflite, for Genio boards."
        ),
    ] = "litert",
    adapter: Annotated[
        Path | None,
        typer.Option(
            help="Of litert: folder of MediaTek's libneuron_adapter.so. Default: the installed "
            "ai_edge_litert_sdk_mediatek's."
        ),
    ] = None,
    ncc: Annotated[
        Path | None,
        typer.Option(help="Of ncc: the executable. Default: ncc-tflite on the PATH."),
    ] = None,
    arch: Annotated[
        str, typer.Option(help="Of ncc: such as mdla3.0. Default: the SoC's, where it is known.")
    ] = "",
    ncc_options: Annotated[
        str, typer.Option(help="Of ncc: more of its options, such as '--disallow-bridge'.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Step 3: a bundle's graphs become code for the NPUs of SoCs, ahead of time.

    Every signature must be one partition with no operation outside, and stay what it was: the same
    names, tensors and shapes. Without --dry-run it needs MediaTek's SDK. Examples:

        sotto npu compile models/whisper-base-fp32 --soc mt6991 --dry-run

        sotto npu compile models/whisper-base-fp32 --soc mt8390 --backend ncc

        sotto npu compile models/all-MiniLM-L6-v2-fp32 --soc mt6991 --dry-run --graphs 'text_*x1'

    Exit code 0: all is compiled; 1: an error, which leaves everything as it was.
    """
    with clean_exits():
        start = time.perf_counter()
        from sotto.npu.compile import compile_bundle
        from sotto.npu.selection import Choice

        if keep and not dry_run:
            raise OptionError("keep: what is no dry run is kept anyway")
        choice = Choice(_seconds(windows), _names(roles), _names(graphs))
        compiler = _compiler(soc, backend, dry_run, adapter, ncc, arch, ncc_options)
        target = out or (bundle if keep or not dry_run else None)
        found = compile_bundle(bundle, compiler, target, report, choice=choice)
        if as_json:
            print_whole(json.dumps([asdict(one) for one in found]) + "\n")
        else:
            _print(bundle, found)
        kept = "kept nothing" if target is None else f"wrote {target}"
        report(f"{kept} in {time.perf_counter() - start:.0f} s")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",")) if text else ()


def _seconds(text: str) -> tuple[int, ...]:
    """As ``Choice`` takes them."""
    if text in ("", "all"):
        return (0,) if text else ()
    try:
        seconds = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"windows {text!r}: expected seconds such as 10,30, or all") from None
    if min(seconds) < 1:
        raise OptionError(f"windows {text!r}: expected seconds from 1 on, or all")
    return tuple(dict.fromkeys(seconds))


def _compiler(
    soc: str,
    backend: str,
    dry_run: bool,
    adapter: Path | None,
    ncc: Path | None,
    arch: str,
    options: str,
) -> Compiler:
    if backend == "litert":
        from sotto.npu.aot import find_compiler
        from sotto.npu.plugin import chosen_socs

        _refuse(backend, {"ncc": ncc, "arch": arch, "ncc-options": options})
        if dry_run:
            _refuse("a dry run", {"adapter": adapter})
        return find_compiler(chosen_socs(soc), dry_run=dry_run, adapter=adapter)
    if backend == "ncc":
        from sotto.npu.ncc import find_ncc

        _refuse(backend, {"adapter": adapter, "dry-run": dry_run})
        try:
            more = tuple(shlex.split(options))
        except ValueError as error:
            raise OptionError(f"ncc-options {options!r}: {error}") from error
        return find_ncc(soc, tool=ncc, architecture=arch, options=more)
    raise OptionError(f"backend {backend!r}: expected {' or '.join(BACKENDS)}")


def _refuse(who: str, options: dict[str, object]) -> None:
    """Raises OptionError for an option that would mean nothing."""
    for name, value in options.items():
        if value:
            raise OptionError(f"{name} {value}: {who} has no such option")


def _print(bundle: Path, found: list[CompiledSoc]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(title=f"{bundle} compiled")
    table.add_column("SoC", no_wrap=True)
    for column in ("compiler", "file"):
        table.add_column(column)
    for column in ("signatures", "partitions", "operations", "Neuron's", "outside", "MB"):
        table.add_column(column, justify="right")
    for one in found:
        for file in one.files:
            neuron = sum(count for graph in file.graphs for count in graph.neuron.values())
            table.add_row(
                one.soc,
                f"{file.compiler} {file.sdk}".strip(),
                file.path,
                ", ".join(graph.signature for graph in file.graphs),
                str(sum(graph.partitions for graph in file.graphs)),
                str(sum(graph.operations for graph in file.graphs)),
                str(neuron or "not told"),
                str(sum(graph.outside for graph in file.graphs)),
                f"{file.bytes / 1e6:.0f}",
            )
    console.print(table)
