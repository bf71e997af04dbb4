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
from sotto.commands.output import finite, print_whole
from sotto.commands.step3 import step3
from sotto.errors import OptionError
from sotto.terminal import clean_exits, report

if TYPE_CHECKING:
    from sotto.npu.arithmetic import Arithmetic
    from sotto.npu.check import Check, GraphCheck
    from sotto.npu.clips import Clip
    from sotto.npu.recorded import LayerNoise
    from sotto.npu.simulate import Simulated

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


Audio = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Of a model that transcribes: recordings of speech, or folders whose manifest.json "
        "lists some.",
        show_default=False,
    ),
]
Against = Annotated[
    Path | None,
    typer.Option(help="Bundle of fp32 that the CPU runs, where MODEL is statically quantised."),
]
Accumulate = Annotated[str, typer.Option(help="Sums of products in fp32, or in fp16.")]
Storage = Annotated[str, typer.Option(help="Tensors in fp16, or in fp32 to check the simulator.")]
Gelu = Annotated[str, typer.Option(help="tanh, as the NPU computes it, or erf.")]
Window = Annotated[int, typer.Option(help="Seconds, one of the bundle's; 0 is the longest.")]
Layers = Annotated[
    bool, typer.Option("--layers", help="Also the encoder's layers, those with most noise first.")
]
Graphs = Annotated[
    str,
    typer.Option(
        help="Of a model that embeds: graphs by name or pattern, with commas between. Default: "
        "those that step 3 compiles."
    ),
]


@app.command()
def simulate(
    model: Annotated[
        Path, typer.Argument(help="Bundle of fp32, as step 2 writes it, or statically quantised.")
    ],
    audio: Audio = None,
    against: Against = None,
    storage: Storage = "fp16",
    accumulate: Accumulate = "fp32",
    gelu: Gelu = "tanh",
    soc: Annotated[str, typer.Option(help="SoC that the plugin legalises for.")] = "mt6991",
    window: Window = 0,
    graphs: Graphs = "",
    layers: Layers = False,
    as_json: Json = False,
) -> None:
    """Transcribe or embed in the NPU's arithmetic, beside the CPU's.

    sotto npu simulate models/whisper-base-fp32 speech.wav

    sotto npu simulate models/all-MiniLM-L6-v2-fp32

    The graphs are those that MediaTek's plugin legalises, computed with fp16 storage, fp16
    products and the tanh form of GELU, or in integers where they are quantised.

    Of a model that transcribes both sides decode greedily, without timestamps, window by window.
    Of one that embeds, the cosine of each vector to the CPU's in float32 is told, over sample
    texts, pictures and speech.

    A folder's manifest.json is {"clips": [{"file": …, "language": …, "reference": …}]}: where it
    has a human's transcript, the word error rate of both sides against it is told, too.
    """
    with clean_exits():
        from sotto.bundle import read_manifest
        from sotto.npu.arithmetic import Arithmetic
        from sotto.npu.plugin import chosen_socs

        for name, value, choices in (
            ("storage", storage, ("fp16", "fp32")),
            ("accumulate", accumulate, ("fp32", "fp16")),
            ("gelu", gelu, ("tanh", "erf")),
        ):
            if value not in choices:
                raise OptionError(f"{name} {value!r}: expected {' or '.join(choices)}")
        chosen, *others = chosen_socs(soc)
        if others:
            raise OptionError(f"soc {soc!r}: simulate takes one")
        arithmetic = Arithmetic(storage, accumulate, gelu)  # type: ignore[arg-type]  # checked
        title = f"{model}: {storage}, sums in {accumulate}, GELU {gelu}"
        manifest = read_manifest(model, verify=False)
        if manifest.whisper is None and manifest.embedding is None:
            raise OptionError(f"{model} {manifest.purpose}: it neither transcribes nor embeds")
        if manifest.embedding is not None:
            if audio or window:
                raise OptionError(f"{model} embeds: it is run over samples, so leave audio out")
            _simulate_encoders(model, arithmetic, chosen, against, graphs, layers, title, as_json)
            return
        if graphs or not audio:
            raise OptionError("name recordings, and no graphs: it is a window that is simulated")
        _simulate_speech(model, arithmetic, chosen, against, audio, window, layers, title, as_json)


def _simulate_encoders(
    model: Path,
    arithmetic: Arithmetic,
    soc: str,
    against: Path | None,
    graphs: str,
    layers: bool,
    title: str,
    as_json: bool,
) -> None:
    from sotto.export.embedding.simulate import simulate_encoders
    from sotto.npu.selection import Choice

    report(f"legalising {model} for {soc}")
    choice = Choice(graphs=tuple(name.strip() for name in graphs.split(",") if name.strip()))
    found = simulate_encoders(model, arithmetic, soc, against, choice=choice, layers=layers)
    if as_json:
        rows = [{**asdict(one), "least": one.least, "mean": one.mean} for one in found]
        print_whole(json.dumps(finite({"graphs": rows}), ensure_ascii=False) + "\n")
        return
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(title=title)
    for column in ("graph", "vectors", "least cosine", "mean", "dB"):
        table.add_column(column, justify="left" if column == "graph" else "right")
    for one in found:
        cosines = (f"{one.least:.5f}", f"{one.mean:.5f}")
        table.add_row(one.graph, str(len(one.cosines)), *cosines, f"{one.decibel:.1f}")
    console.print(table)
    for one in found:
        _print_layers(console, one.layers)


def _simulate_speech(
    model: Path,
    arithmetic: Arithmetic,
    soc: str,
    against: Path | None,
    audio: list[Path],
    window: int,
    layers: bool,
    title: str,
    as_json: bool,
) -> None:
    from sotto.asr import SpeechModel
    from sotto.npu.clips import read_clips
    from sotto.npu.simulate import Simulator

    clips = read_clips(audio)
    report(f"legalising {model} for {soc}")
    simulator = Simulator(model, arithmetic, soc, window, against)
    if not simulator.multilingual:
        clips = [clip for clip in clips if clip.language in (None, "en")]
    speech = SpeechModel(simulator.reference, verify=False)
    found = {}
    for clip in clips:
        report(f"hearing {clip.path}")
        found[str(clip.path)] = simulator.hear(speech, str(clip.path), clip.language)
    first = str(clips[0].path) if layers and clips else None
    noise = simulator.layers(next(iter(simulator.windows(first)))) if first else []
    rates = _rates(clips, found)
    if as_json:
        result = {
            **rates,
            "recordings": {name: asdict(one) for name, one in found.items()},
            "layers": [asdict(one) for one in noise],
        }
        print_whole(json.dumps(finite(result), ensure_ascii=False) + "\n")
    else:
        _print_simulated(title, found, noise)
        _print_rates(rates)


def _rates(clips: list[Clip], found: dict[str, Simulated]) -> dict[str, Any]:
    """Errors of the NPU's arithmetic by the CPU's words, and of both by those of a human."""
    from sotto.export.word_errors import count_units, human_error_rate, word_error_rate

    heard = list(found.values())
    rate = word_error_rate(
        [one.expected for one in heard],
        [one.heard for one in heard],
        [one.language for one in heard],
    )
    pairs = [
        (clip.reference, found[str(clip.path)]) for clip in clips if clip.reference is not None
    ]
    said = [reference for reference, _ in pairs]
    languages = [one.language for _, one in pairs]
    human = {
        "recordings": len(pairs),
        "words": count_units(said, languages),
        "cpu": human_error_rate(said, [one.expected for _, one in pairs], languages),
        "npu": human_error_rate(said, [one.heard for _, one in pairs], languages),
    }
    return {"word_error_rate": rate, "against_humans": human if pairs else None}


def _print_rates(rates: dict[str, Any]) -> None:
    rate, human = rates["word_error_rate"], rates["against_humans"]
    print_whole(f"word error rate against the CPU's float32: {rate:.1%}\n")
    if human is not None:
        print_whole(
            f"against a human's transcripts ({human['recordings']} recordings, {human['words']} "
            f"words, in Chinese and Japanese characters): CPU {human['cpu']:.1%}, "
            f"NPU {human['npu']:.1%}\n"
        )


def _print_simulated(title: str, found: dict[str, Simulated], noise: list[LayerNoise]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(title=title)
    for column in ("recording", "tokens", "first that differs", "encoder dB"):
        table.add_column(column, justify="left" if column == "recording" else "right")
    for name, one in found.items():
        first = "none" if one.first_difference is None else str(one.first_difference)
        table.add_row(Path(name).name, str(one.tokens), first, f"{one.encoder:.1f}")
    console.print(table)
    for one in found.values():
        console.print(one.heard, soft_wrap=True, highlight=False, markup=False)
    _print_layers(console, noise)


def _print_layers(console: Console, noise: list[LayerNoise]) -> None:
    for layer in sorted(noise, key=lambda one: one.decibel)[:SHOWN]:
        console.print(f"{layer.layer}: {layer.decibel:.1f} dB, up to {layer.largest:.0f}")


app.command()(estimate)
app.command("compile")(step3)
