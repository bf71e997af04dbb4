"""``sotto search``: what an index holds, by meaning and words, by a picture, or by a sound."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sotto.commands.accelerator import Accelerator, AcceleratorOption, NpuDispatch, Soc
from sotto.commands.index_options import (
    IndexOption,
    ModalityOption,
    StorageOption,
    index_location,
    modalities,
    storage_options,
)
from sotto.commands.output import make_text_printable, print_whole
from sotto.terminal import clean_exits, report

if TYPE_CHECKING:
    from sotto.index import Hit, Record
    from sotto.index.across import Question

SNIPPET = 160
"""Characters."""


class Match(Enum):
    """How a text is looked for."""

    hybrid = "hybrid"
    meaning = "meaning"
    words = "words"


def search(
    text: Annotated[
        str | None, typer.Argument(help="What to look for, in words.", show_default=False)
    ] = None,
    index: IndexOption = None,
    image: Annotated[
        Path | None, typer.Option(help="Look for what is like this picture.", show_default=False)
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(help="Look for what sounds like this.", show_default=False)
    ] = None,
    match: Annotated[
        Match, typer.Option(help="By meaning, by the words themselves, or by both.")
    ] = Match.hybrid,
    modality: ModalityOption = "text,code,image,audio",
    under: Annotated[
        Path | None, typer.Option(help="Only in this folder or file.", show_default=False)
    ] = None,
    top: Annotated[int, typer.Option(help="How many results.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="Bundle to embed the question with, if it is no longer where it was.",
            show_default=False,
        ),
    ] = None,
    threads: Annotated[int, typer.Option(help="Of the model; 0: 4 at most.")] = 0,
    accelerator: AcceleratorOption = Accelerator.cpu,
    soc: Soc = None,
    npu_dispatch: NpuDispatch = None,
    storage_option: StorageOption = None,
) -> None:
    """Search an index.

    sotto search "when is the launch?"

    sotto search --image holiday.jpg --top 3

    Results have the file, its lines or the seconds in a recording, a score and what is there: as a
    table on a terminal, else as lines of score, path, place and text with tabs between them.
    """
    with clean_exits():
        make_text_printable()
        question = _question(text, image, audio, match.value, top, modality, under)
        from sotto.index import Index
        from sotto.index.across import ask

        options = storage_options(storage_option)
        opened = Index(index_location(index), storage_options=options, create=False)
        hits = ask(
            opened,
            question,
            bundle=model,
            warn=report,
            threads=threads,
            accelerator=accelerator.value,
            soc=soc,
            npu_dispatch=npu_dispatch,
        )
        words = (text or "").split()
        if as_json:
            print_whole("".join(_json_line(hit) for hit in hits))
        elif sys.stdout.isatty():
            Console().print(_table(hits, words))
        else:
            print_whole("".join(_line(hit, words) for hit in hits))
        if not hits:
            report("nothing found")


def _question(
    text: str | None,
    image: Path | None,
    audio: Path | None,
    match: str,
    top: int,
    modality: str,
    under: Path | None,
) -> Question:
    from sotto.index import Where
    from sotto.index.across import Question

    given = [
        (name, str(item))
        for name, item in (("text", text), ("image", image), ("audio", audio))
        if item is not None
    ]
    if len(given) != 1 or not given[0][1].strip():
        raise typer.BadParameter("expected one of a text, --image and --audio")
    chosen = modalities(modality)
    where = Where(modalities=chosen, under=None if under is None else str(under.resolve()))
    return Question(given[0][1], given[0][0], match, top, where)


def place(record: Record) -> str:
    """Lines ``12-20``, or seconds ``83.2-110.0 s``; empty where there are none."""
    if record.lines:
        return "-".join(map(str, dict.fromkeys(record.lines)))
    if record.seconds:
        return f"{record.seconds[0]:.1f}-{record.seconds[1]:.1f} s"
    return ""


def snippet(text: str, words: list[str]) -> str:
    """At most :data:`SNIPPET` characters of a text, around the first of the words in it."""
    text = " ".join(text.split())
    lowered = text.lower()
    found = [lowered.find(word.lower()) for word in sorted(words, key=len, reverse=True)]
    first = next((each for each in found if each >= 0), 0)
    begin = max(0, min(first - SNIPPET // 3, len(text) - SNIPPET))
    piece = text[begin : begin + SNIPPET]
    return ("…" if begin else "") + piece + ("…" if begin + SNIPPET < len(text) else "")


def _line(hit: Hit, words: list[str]) -> str:
    path = hit.record.path.replace("\t", " ").replace("\n", " ")
    return f"{hit.score:.4f}\t{path}\t{place(hit.record)}\t{snippet(hit.record.text, words)}\n"


def _json_line(hit: Hit) -> str:
    known = {"score": hit.score, "similarity": hit.similarity, "space": hit.space}
    return json.dumps({**known, **asdict(hit.record)}, ensure_ascii=False) + "\n"


def _table(hits: list[Hit], words: list[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("where", overflow="fold")
    table.add_column("what", ratio=1)
    for hit in hits:
        where = Text(_shortened(hit.record.path), style="bold")
        where.append(f" {place(hit.record)}", style="cyan")
        what = snippet(hit.record.text, words) or f"({hit.record.modality})"
        table.add_row(f"{hit.score:.3f}", where, Text(what))
    return table


def _shortened(path: str) -> str:
    """Relative to the working directory where it is below it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
