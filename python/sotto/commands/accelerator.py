"""Options of the commands that say where a model runs."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

_PANEL = "Where it runs"


class Accelerator(Enum):
    """What the graphs run on."""

    cpu = "cpu"
    npu = "npu"
    auto = "auto"


AcceleratorOption = Annotated[
    Accelerator,
    typer.Option(
        "--accelerator",
        help="npu needs a bundle that step 3 compiled, and is an error where there is none; auto "
        "then takes the CPU, and says why.",
        rich_help_panel=_PANEL,
    ),
]
Soc = Annotated[
    str | None,
    typer.Option(
        "--soc",
        help="Whose compiled files to take, such as mt6991; this machine's if not given.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
NpuDispatch = Annotated[
    Path | None,
    typer.Option(
        "--npu_dispatch",
        help="Folder of LiteRT's dispatch library for the NPU; host is Sotto's own, which stands "
        "for an NPU on any Linux machine. $SOTTO_DISPATCH if not given.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
