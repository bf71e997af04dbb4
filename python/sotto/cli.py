"""The ``sotto`` command: a table of commands, each of which is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

import sotto

HELP = "On-device speech recognition and embeddings for MediaTek NPUs."

COMMANDS = {
    "transcribe": (
        "sotto.commands.transcribe:transcribe",
        "Transcribe speech.",
    ),
    "listen": (
        "sotto.commands.listen:listen",
        "Write down speech while it is spoken. Ctrl-C finishes.",
    ),
    "convert": (
        "sotto.commands.convert:convert",
        "Find out what a checkpoint is, and make a bundle of it.",
    ),
    "get": (
        "sotto.commands.get:get",
        "Fetch a packed bundle: no checkpoint, no PyTorch.",
    ),
    "quantize": (
        "sotto.commands.quantize:quantize",
        "Write a float32 bundle in another precision.",
    ),
    "embed": (
        "sotto.commands.embed:embed",
        "Embed texts, pictures or recordings. Vectors go to standard output.",
    ),
    "index": (
        "sotto.commands.index:app",
        "Fill an index with folders of files, and look at what it holds.",
    ),
    "search": ("sotto.commands.search:search", "Search an index."),
    "bundle": (
        "sotto.commands.bundle:app",
        "Look at bundles, check them, and put each into one file.",
    ),
    "npu": ("sotto.commands.npu:app", "MediaTek's NPU: will a model run whole on it?"),
}
"""Name -> where the command is, and the line that ``sotto --help`` shows of it.

The line stands here, too, because a command's own docstring is known only once its module, and with
it numpy and FFmpeg, is imported. A test compares the two.
"""

SETTINGS: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    # openai-whisper writes --output_dir, other commands --output-dir: both are understood.
    "context_settings": {"token_normalize_func": lambda name: name.replace("-", "_")},
}


class ImportedWhenCalled(TyperGroup):
    """Lists commands by :data:`COMMANDS` alone, and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """A command's name and line, for --help; None where there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that ``args`` begin with, imported, and the rest of them."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, None if listed is None else imported(str(listed.name)), rest


def imported(name: str) -> Any:
    """The command of :data:`COMMANDS` by that name, with its options."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    command = getattr(import_module(module), attribute)
    if isinstance(command, typer.Typer):
        return get_command(command)
    alone = typer.Typer(**SETTINGS)
    alone.command(name)(command)
    return get_command(alone)


# Without rich's panels here: importing rich takes as long as all the rest of `sotto --help`.
app = typer.Typer(
    cls=ImportedWhenCalled, no_args_is_help=True, rich_markup_mode=None, help=HELP, **SETTINGS
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"sotto {sotto.__version__}")
        raise typer.Exit


@app.callback(help=HELP)
def _main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
