"""The ``sotto`` command."""

from __future__ import annotations

from typing import Annotated

import typer

import sotto
from sotto.commands.convert import convert
from sotto.commands.embed import embed
from sotto.commands.index import app as index
from sotto.commands.listen import listen
from sotto.commands.npu import app as npu
from sotto.commands.quantize import quantize
from sotto.commands.search import search
from sotto.commands.transcribe import transcribe

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # openai-whisper writes --output_dir, other commands --output-dir: both are understood.
    context_settings={"token_normalize_func": lambda name: name.replace("-", "_")},
    help="On-device speech recognition and embeddings for MediaTek NPUs.",
)
app.command()(transcribe)
app.command()(listen)
app.command()(convert)
app.command()(quantize)
app.command()(embed)
app.add_typer(index, name="index")
app.command()(search)
app.add_typer(npu, name="npu")


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"sotto {sotto.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """On-device speech recognition and embeddings for MediaTek NPUs."""


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
