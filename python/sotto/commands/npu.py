"""``sotto npu``: what MediaTek's NPU will make of a model, asked on any machine."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sotto.commands.npu_estimate import estimate
from sotto.commands.npu_simulate import simulate
from sotto.commands.output import print_whole
from sotto.commands.step3 import step3
from sotto.terminal import clean_exits, report

if TYPE_CHECKING:
    from sotto.npu.check import Check, GraphCheck

SHOWN = 12
"""Findings of a table; JSON has all."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="MediaTek's NPU: will a model run whole on it?",
)

Model = Annotated[Path, typer.Argument(help="Bundle, or a .tflite file.")]
Soc = Annotated[str, typer.Option(help="SoCs with commas between, such as mt6991, or all.")]
Adapter = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the vendor's libneuron_adapter.so. Default: the installed "
        "ai_edge_litert_sdk_mediatek's, else Sotto's own, which knows the public contracts alone."
    ),
]
Plugin = Annotated[
    bool, typer.Option(help="Run MediaTek's compiler plugin (Linux, x86-64) beside the rules.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@app.callback()
def _npu() -> None:
    """MediaTek's NPU: will a model run whole on it?"""


@app.command()
def check(
    model: Model,
    soc: Soc = "mt6991",
    adapter: Adapter = None,
    plugin: Plugin = True,
    as_json: Json = False,
) -> None:
    """Say whether a model runs whole on the NPU, and what keeps it off.

    sotto npu check models/whisper-base-fp32 --soc all

    Two judges: Sotto's rules, which read the graphs, and MediaTek's own compiler plugin, which
    LiteRT's package ships. Without the vendor's SDK a library of Sotto's answers the plugin by
    the public contracts of NNAPI: "whole" then means that nothing public speaks against it.

    Exit code 0: each graph is one partition with no operation outside; 1: it is not, or an error.
    """
    with clean_exits():
        from sotto.npu.check import check as check_model
        from sotto.npu.plugin import chosen_socs

        found = check_model(model, chosen_socs(soc) if plugin else [], adapter, report)
        if as_json:
            print_whole(json.dumps(_as_json(found), ensure_ascii=False) + "\n")
        else:
            _print(model, found)
    if not found.whole:
        raise typer.Exit(1)


def _as_json(found: Check) -> dict[str, Any]:
    return {
        "whole": found.whole,
        "adapter": found.adapter,
        "graphs": [{"whole": graph.whole, **asdict(graph)} for graph in found.graphs],
    }


def _print(model: Path, found: Check) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    answer = "runs whole" if found.whole else "does not run whole"
    # Not the table's title, which is broken to the table's width.
    console.print(f"{model} {answer} on the NPU", soft_wrap=True, highlight=False, markup=False)
    table = Table()
    table.add_column("graph", no_wrap=True)
    table.add_column("operations", justify="right")
    table.add_column("refused by the rules", justify="right")
    groups = _by_answer(found)
    for socs in groups:
        name = ", ".join(socs) if len(socs) < 4 else f"{len(socs)} SoCs, such as {socs[-1]}"
        table.add_column(name, justify="right")
    for graph in found.graphs:
        cells = [_partitions(graph, socs[0]) for socs in groups]
        table.add_row(
            f"{graph.file} {graph.verdict.signature}",
            str(sum(graph.verdict.counts.values())),
            str(len(graph.verdict.refusals) or "none"),
            *cells,
        )
    console.print(table)
    if found.adapter:
        console.print(f"The plugin was answered by {found.adapter}.", soft_wrap=True)
    lines = _findings(found)
    for line in lines[:SHOWN]:
        console.print(line, soft_wrap=True, highlight=False)
    if len(lines) > SHOWN:
        console.print(f"… and {len(lines) - SHOWN} more; --json has all")


def _by_answer(found: Check) -> list[list[str]]:
    """The SoCs, those with the same answers together."""
    answers: dict[tuple[Any, ...], list[str]] = {}
    socs = found.graphs[0].partitionings if found.graphs else {}
    for soc in socs:
        answer = tuple(_partitions(graph, soc) for graph in found.graphs)
        answers.setdefault(answer, []).append(soc)
    return list(answers.values())


def _partitions(graph: GraphCheck, soc: str) -> str:
    one = graph.partitionings[soc]
    outside = one.operations - one.selected
    return f"{one.partitions} partition{'s' * (one.partitions != 1)}, {outside} outside"


def _findings(found: Check) -> list[str]:
    """What both judges say, a line a reason: refusals first."""
    places: dict[tuple[str, str], list[str]] = {}
    for graph in found.graphs:
        for finding in graph.verdict.findings:
            judge = "refused" if finding.refused else "differs"
            name = f"{finding.name} " if finding.name else ""
            where = f"{graph.file} {name}({finding.place})"
            places.setdefault((judge, finding.reason), []).append(where)
        for one in graph.partitionings.values():
            for place, name, reason in one.refusals:
                where = f"{graph.file} {graph.verdict.signature}, operation {place} ({name})"
                places.setdefault(("plugin refused", reason), []).append(where)
    lines = []
    for judge, reason in sorted(places, key=lambda key: key[0] == "differs"):
        several = list(dict.fromkeys(places[judge, reason]))
        more = f" and {len(several) - 1} more" if len(several) > 1 else ""
        lines.append(f"{judge}: {several[0]}{more}: {reason}")
    return lines


app.command()(simulate)
app.command()(estimate)
app.command("compile")(step3)
