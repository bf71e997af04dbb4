"""``sotto npu simulate``: what a model gives in the NPU's arithmetic, beside the CPU's."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sotto.commands.output import finite, print_whole
from sotto.errors import OptionError
from sotto.terminal import clean_exits, report

if TYPE_CHECKING:
    from sotto.export.embedding.simulate import SimulatedGraph
    from sotto.index.folder.items import Item
    from sotto.npu.arithmetic import Arithmetic
    from sotto.npu.clips import Clip
    from sotto.npu.recorded import LayerNoise
    from sotto.npu.simulate import Simulated

SHOWN = 12
"""Layers and inputs of a table; JSON has all."""

Model = Annotated[
    Path, typer.Argument(help="Bundle of fp32, as step 2 writes it, or statically quantised.")
]
Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        help="Of a model that hears speech: recordings, or folders whose manifest.json lists some. "
        "Of one that embeds: texts, pictures, recordings; - is standard input, a text a line. "
        "Default: samples.",
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
Soc = Annotated[str, typer.Option(help="SoC that the plugin legalises for.")]
Window = Annotated[
    int,
    typer.Option(help="Of a model that transcribes: seconds, one of the bundle's; 0: the longest."),
]
Graphs = Annotated[
    str,
    typer.Option(
        help="Of a model that embeds: graphs by name or pattern, with commas between. Default: "
        "those that step 3 compiles."
    ),
]
Layers = Annotated[bool, typer.Option("--layers", help="Also layers, those with most noise first.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@dataclass(frozen=True)
class _Asked:
    """What the command was asked for, but for how it is printed."""

    model: Path
    inputs: list[str]
    against: Path | None
    arithmetic: Arithmetic
    soc: str
    window: int
    graphs: tuple[str, ...]
    layers: bool


_Found = tuple[dict[str, Any], Callable[[Console, str], None]]
"""The JSON's object, and what prints it as tables under a title."""


def simulate(
    model: Model,
    inputs: Inputs = None,
    against: Against = None,
    storage: Storage = "fp16",
    accumulate: Accumulate = "fp32",
    gelu: Gelu = "tanh",
    soc: Soc = "mt6991",
    window: Window = 0,
    graphs: Graphs = "",
    layers: Layers = False,
    as_json: Json = False,
) -> None:
    """Transcribe, embed or find speech in the NPU's arithmetic, beside the CPU's.

    sotto npu simulate models/whisper-base-fp32 speech.wav

    sotto npu simulate models/all-MiniLM-L6-v2-fp32 notes.txt

    sotto npu simulate models/silero-vad speech.wav

    The graphs are those that MediaTek's plugin legalises, computed with fp16 storage, fp16
    products and the tanh form of GELU, or in integers where they are quantised.

    Of a model that transcribes both sides decode greedily, without timestamps, window by window.
    Of one that embeds, the cosine of each vector to the CPU's in float32 is told; of a detector,
    how many decisions, speech or not, are others than float32's. Without inputs it runs over sample
    texts, pictures and speech.

    A folder's manifest.json is {"clips": [{"file": …, "language": …, "reference": …}]}: where it
    has a human's transcript, the word error rate of both sides against it is told, too.
    """
    with clean_exits():
        from sotto.bundle import read_manifest

        arithmetic = _arithmetic(storage, accumulate, gelu)
        patterns = tuple(name.strip() for name in graphs.split(",") if name.strip())
        asked = _Asked(
            *(model, inputs or [], against, arithmetic, _one_soc(soc), window, patterns, layers)
        )
        purpose = read_manifest(model, verify=False).purpose
        if window and purpose != "transcribes":
            raise OptionError(f"window {window}: {model} {purpose}, and has none to choose")
        if graphs and not purpose.startswith("embeds"):
            raise OptionError(f"graphs {graphs!r}: {model} {purpose}, and has none to choose")
        families = {"transcribes": _speech, "finds speech": _detector}
        report(f"legalising {model} for {asked.soc}")
        result, show = families.get(purpose, _encoders)(asked)
        if as_json:
            print_whole(json.dumps(finite(result), ensure_ascii=False) + "\n")
        else:
            title = f"{model}: {storage}, sums in {accumulate}, GELU {gelu}"
            show(Console(width=None if sys.stdout.isatty() else 140), title)


def _arithmetic(storage: str, accumulate: str, gelu: str) -> Arithmetic:
    from sotto.npu.arithmetic import Arithmetic

    for name, value, choices in (
        ("storage", storage, ("fp16", "fp32")),
        ("accumulate", accumulate, ("fp32", "fp16")),
        ("gelu", gelu, ("tanh", "erf")),
    ):
        if value not in choices:
            raise OptionError(f"{name} {value!r}: expected {' or '.join(choices)}")
    return Arithmetic(storage, accumulate, gelu)  # type: ignore[arg-type]  # checked


def _one_soc(soc: str) -> str:
    from sotto.npu.plugin import chosen_socs

    chosen, *others = chosen_socs(soc)
    if others:
        raise OptionError(f"soc {soc!r}: simulate takes one")
    return chosen


def _clips(asked: _Asked) -> list[Clip]:
    """The recordings that were named, or a packaged one."""
    from sotto.export.recording import packaged_recording
    from sotto.npu.clips import Clip, read_clips

    if not asked.inputs:
        return [Clip(packaged_recording(), "en")]
    return read_clips([Path(name) for name in asked.inputs])


# ---- models that transcribe ---------------------------------------------------------------


def _speech(asked: _Asked) -> _Found:
    from sotto.asr import SpeechModel
    from sotto.npu.simulate import Simulator

    clips = _clips(asked)
    simulator = Simulator(*(asked.model, asked.arithmetic, asked.soc, asked.window, asked.against))
    if not simulator.multilingual:
        clips = [clip for clip in clips if clip.language in (None, "en")]
    speech = SpeechModel(simulator.reference, verify=False)
    found = {}
    for clip in clips:
        report(f"hearing {clip.path}")
        found[str(clip.path)] = simulator.hear(speech, str(clip.path), clip.language)
    first = str(clips[0].path) if asked.layers and clips else None
    noise = simulator.layers(next(iter(simulator.windows(first)))) if first else []
    rates = _rates(clips, found)
    result = {
        **rates,
        "recordings": {name: asdict(one) for name, one in found.items()},
        "layers": [asdict(one) for one in noise],
    }

    def show(console: Console, title: str) -> None:
        table = _table(title, "recording", "tokens", "first that differs", "encoder dB")
        for name, one in found.items():
            first = "none" if one.first_difference is None else str(one.first_difference)
            table.add_row(Path(name).name, str(one.tokens), first, f"{one.encoder:.1f}")
        console.print(table)
        for one in found.values():
            console.print(one.heard, soft_wrap=True, highlight=False, markup=False)
        _show_layers(console, noise)
        _print_rates(rates)

    return result, show


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


# ---- models that embed --------------------------------------------------------------------


def _encoders(asked: _Asked) -> _Found:
    from sotto.export.embedding.simulate import simulate_encoders
    from sotto.npu.selection import Choice

    found = simulate_encoders(
        *(asked.model, asked.arithmetic, asked.soc, asked.against),
        items=_items(asked.inputs),
        choice=Choice(graphs=asked.graphs),
        layers=asked.layers,
    )
    rows = [{**asdict(one), "least": one.min_cosine, "mean": one.mean} for one in found]

    def show(console: Console, title: str) -> None:
        table = _table(title, "graph", "vectors", "least cosine", "mean", "dB")
        for one in found:
            cosines = (f"{one.min_cosine:.5f}", f"{one.mean:.5f}")
            table.add_row(one.graph, str(len(one.cosines)), *cosines, f"{one.decibel:.1f}")
        console.print(table)
        for one in found:
            _show_items(console, one)
            _show_layers(console, one.layers)

    return {"graphs": rows}, show


def _items(names: Sequence[str]) -> list[Item]:
    """Texts, pictures and recordings. Raises OptionError for what is none of these."""
    from sotto.index.folder.items import items_of
    from sotto.index.folder.reading import UnreadableError

    items: list[Item] = []
    for name in names:
        try:
            items += items_of(name)
        except UnreadableError as error:
            raise OptionError(f"{name}: {error}") from error
    if names and not items:
        raise OptionError(f"{', '.join(names)}: there is no text on standard input")
    return items


def _show_items(console: Console, graph: SimulatedGraph) -> None:
    """Each input, those that are furthest off first."""
    pairs = sorted(zip(graph.cosines, graph.items, strict=False))
    for cosine, name in pairs[:SHOWN]:
        console.print(
            f"{graph.graph}: {cosine:.5f} {name:.80}", soft_wrap=True, highlight=False, markup=False
        )


# ---- detectors of speech ------------------------------------------------------------------


def _detector(asked: _Asked) -> _Found:
    from sotto.export.vad.simulate import simulate_detector

    recordings = [str(clip.path) for clip in _clips(asked)]
    found = simulate_detector(
        *(asked.model, recordings, asked.arithmetic, asked.soc, asked.against), layers=asked.layers
    )

    def show(console: Console, title: str) -> None:
        columns = ("chunks", "decisions changed", "seconds", "spans apart", "largest difference")
        table = _table(title, "recording", *columns, "dB")
        for one in found:
            heard = one.decisions
            decided = (str(heard.chunks), str(heard.changed))
            spans = (f"{heard.seconds:.1f}", f"{heard.apart:.2f}")
            table.add_row(
                *(one.recording, *decided, *spans, f"{heard.largest:.2g}", f"{one.decibel:.1f}")
            )
        console.print(table)
        for one in found:
            _show_layers(console, one.layers)

    return {"recordings": [asdict(one) for one in found]}, show


# ---- tables -------------------------------------------------------------------------------


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _show_layers(console: Console, noise: Iterable[LayerNoise]) -> None:
    for layer in sorted(noise, key=lambda one: one.decibel)[:SHOWN]:
        console.print(f"{layer.layer}: {layer.decibel:.1f} dB, up to {layer.largest:.0f}")
