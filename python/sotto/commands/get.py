"""``sotto get``: a bundle that somebody else made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from sotto.terminal import clean_exits, report


def get(
    name: Annotated[
        str, typer.Argument(help="A model: base, large-v3-turbo, silero-vad, all-MiniLM-L6-v2 …")
    ],
    origin: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Address or path of a folder that sotto bundle publish made, or a repository of "
            "Hugging Face with its files, ORG/NAME. Default: $SOTTO_MODELS_URL.",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            help="Where to put it. Default: $SOTTO_MODELS, else the user's cache, in both of "
            "which models are looked for by name.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Fetch it anew where it is there already.")
    ] = False,
) -> None:
    """Fetch a packed bundle: no checkpoint, no PyTorch.

    sotto get base --from https://models.example.org/sotto

    What is fetched has the size and the sha256 of the folder's index. A download that is broken off
    goes on from where it was when the command is given again.
    """
    with clean_exits():
        from sotto.download.bundles import get_bundle
        from sotto.download.bundles import origin as place
        from sotto.runtime.locate import user_models

        target = folder or Path(os.environ.get("SOTTO_MODELS") or user_models())
        found = get_bundle(name, place(origin), target, anew=replace, report=report)
        report(f"{found}: ready")
