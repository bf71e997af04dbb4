"""Options of the commands that use an index: where it is, and which modalities."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from sotto.errors import OptionError

ModalityOption = Annotated[
    str, typer.Option(help="Which of text, code, image and audio, with commas between them.")
]
IndexOption = Annotated[
    str | None,
    typer.Option(
        "--index",
        help="The index: a folder, or a bucket such as s3://bucket/memory. Not given: "
        "$SOTTO_INDEX, else sotto/index in the user's data.",
        show_default=False,
    ),
]
StorageOption = Annotated[
    list[str] | None,
    typer.Option(
        "--storage_option",
        help="NAME=VALUE of a bucket, such as region=eu-west-1; may be repeated. Keys are better "
        "left to the environment.",
        show_default=False,
    ),
]


def index_location(index: str | None) -> str:
    """The index's folder or bucket."""
    if index or os.environ.get("SOTTO_INDEX"):
        return index or os.environ["SOTTO_INDEX"]
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return str(Path(data) / "sotto" / "index")


def storage_options(options: list[str] | None) -> dict[str, str]:
    """``--storage_option`` as LanceDB takes it. Raises OptionError."""
    parsed = {}
    for option in options or []:
        name, equals, value = option.partition("=")
        if not name or not equals:
            raise OptionError(f"--storage_option {option!r}; expected NAME=VALUE")
        parsed[name] = value
    return parsed


def modalities(option: str) -> list[str]:
    """``text,code`` as a list. Raises OptionError where one is unknown."""
    from sotto.index import Where

    chosen = [each.strip() for each in option.split(",") if each.strip()]
    Where(modalities=chosen).validate()
    if not chosen:
        raise OptionError("--modality names none; expected some of text,code,image,audio")
    return chosen
