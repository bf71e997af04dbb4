"""``sotto index``: folders into an index, and what it holds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sotto.commands.accelerator import Accelerator, AcceleratorOption, NpuDispatch, Soc
from sotto.commands.index_options import (
    IndexOption,
    ModalityOption,
    StorageOption,
    index_location,
    modalities,
    storage_options,
)
from sotto.commands.indexing import Bars, outcome_line
from sotto.commands.output import make_text_printable, print_whole
from sotto.terminal import FAILURE, clean_exits, report

if TYPE_CHECKING:
    from sotto.index import Index

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Fill an index with folders of files, and look at what it holds.",
)

Folders = Annotated[
    list[Path], typer.Argument(help="Folders, or single files.", show_default=False)
]
Model = Annotated[
    str, typer.Option(help="Bundle of a text encoder: a directory, or its name under models/.")
]
Speech = Annotated[
    str,
    typer.Option(
        "--speech_model",
        help="Bundle of a Whisper, which writes down what is said in recordings; none leaves it.",
    ),
]
ImageModel = Annotated[
    str | None,
    typer.Option(
        "--image_model", help="Bundle of an image encoder, or a CLIP.", show_default=False
    ),
]
AudioModel = Annotated[
    str | None,
    typer.Option(
        "--audio_model",
        help="Bundle of an audio encoder: recordings are then also found by their sound.",
        show_default=False,
    ),
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Remove from the index what is gone from the folders.")
]
Hidden = Annotated[
    bool, typer.Option("--hidden", help="Also what begins with a dot, such as .config.")
]
Follow = Annotated[
    bool, typer.Option("--follow", help="Also what symbolic links to folders lead to.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        help="Pattern of names or of paths below the folder, such as '*.log'; may be repeated.",
        show_default=False,
    ),
]
Threads = Annotated[
    int, typer.Option(help="Of each model; 0: as many as there are big cores, 4 at most.")
]


@app.command()
def add(
    folders: Folders,
    index: IndexOption = None,
    model: Model = "all-MiniLM-L6-v2",
    speech_model: Speech = "base",
    image_model: ImageModel = None,
    audio_model: AudioModel = None,
    modality: ModalityOption = "text,code,image,audio",
    prune: Prune = False,
    hidden: Hidden = False,
    follow: Follow = False,
    exclude: Exclude = None,
    threads: Threads = 0,
    accelerator: AcceleratorOption = Accelerator.cpu,
    soc: Soc = None,
    npu_dispatch: NpuDispatch = None,
    storage_option: StorageOption = None,
) -> None:
    """Index the files of folders, or bring an index of them up to date.

    sotto index add ~/Notes ~/Recordings

    sotto index add ~/Pictures --image_model models/clip-vit-base-patch32

    Files are told apart by their content. Those that did not change since the last time are left
    as they are; what can't be read is reported and passed by, and the status is then 1. Ctrl-C
    leaves a good index: the next run goes on from there.
    """
    with clean_exits():
        from sotto.index import Index
        from sotto.index.folder import FolderOptions, Models, WalkOptions, add_folder

        opened = Index(index_location(index), storage_options=storage_options(storage_option))
        speech = None if speech_model.lower() in ("", "none") else speech_model
        where = (threads, accelerator.value, soc, npu_dispatch)
        models = Models(model, speech, image_model, audio_model, *where)
        walk = WalkOptions(hidden, follow, exclude or [])
        options = FolderOptions(walk, modalities(modality), prune)
        problems = 0
        for folder in folders:
            with Bars() as bars:
                outcome = add_folder(opened, folder, models, options, bars)
            problems += outcome.problems
            report(f"{folder}: {outcome_line(outcome)}")
        opened.optimize()
        if problems:
            raise typer.Exit(FAILURE)


@app.command()
def status(
    index: IndexOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    storage_option: StorageOption = None,
) -> None:
    """What the index holds: files by modality, records and vectors by model."""
    with clean_exits():
        make_text_printable()
        opened = _open(index, storage_option)
        files = Counter(file.modality for file in opened.files())
        collections = [
            {
                "space": each.space,
                "dimensions": each.dimensions,
                "records": each.count(),
                "approximate": each.is_approximate(),
                "bundle": each.bundle,
            }
            for each in opened.collections()
        ]
        if as_json:
            known = {"index": opened.uri, "files": dict(files), "collections": collections}
            print_whole(json.dumps(known, ensure_ascii=False) + "\n")
            return
        print_whole(f"{opened.uri}\n")
        print_whole("".join(f"{count:8} {modality} files\n" for modality, count in files.items()))
        for each in collections:
            searched = "an index of them" if each["approximate"] else "all compared"
            print_whole(
                f"{each['records']:8} records of {each['space']}, {each['dimensions']} "
                f"dimensions, {searched}\n"
            )


@app.command(name="list")
def list_files(
    folder: Annotated[
        Path | None, typer.Argument(help="Only what is below it.", show_default=False)
    ] = None,
    index: IndexOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON each.")] = False,
    storage_option: StorageOption = None,
) -> None:
    """The files that were indexed: modality, records and path of each."""
    with clean_exits():
        make_text_printable()
        opened = _open(index, storage_option)
        for file in opened.files(under=None if folder is None else str(folder.resolve())):
            if as_json:
                print_whole(json.dumps(vars(file), ensure_ascii=False) + "\n")
            else:
                print_whole(f"{file.modality}\t{file.records}\t{file.path}\n")


@app.command()
def remove(
    paths: Annotated[
        list[Path], typer.Argument(help="Files or folders, which stay.", show_default=False)
    ],
    index: IndexOption = None,
    storage_option: StorageOption = None,
) -> None:
    """Remove files from the index; the files themselves stay."""
    with clean_exits():
        opened = _open(index, storage_option)
        missing = False
        for path in paths:
            files = [file.path for file in opened.files(under=str(path.resolve()))]
            records = opened.remove_files(files)
            missing |= not files
            report(f"{path}: removed {len(files)} files, {records} records")
        opened.optimize()
        if missing:
            raise typer.Exit(FAILURE)


def _open(index: str | None, storage_option: list[str] | None) -> Index:
    from sotto.index import Index

    options = storage_options(storage_option)
    return Index(index_location(index), storage_options=options, create=False)
