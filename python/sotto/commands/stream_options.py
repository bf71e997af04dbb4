"""The options of ``StreamOptions`` on the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any

import typer

from sotto.asr.stream import StreamOptions
from sotto.commands.recognition import Task
from sotto.commands.values import KINDS

# Option -> help. A test compares this with the dataclass.
HELP = {
    "language": "Code or English name, such as fr or French; detected if not given.",
    "task": "translate is into English.",
    "step": "Seconds of audio between decodings. Shorter is sooner confirmed, and more work.",
    "max_buffer": "Seconds of audio held and decoded at once.",
    "agreement": "Decodings in a row that must agree on a word.",
    "hold_back": "Words that end within so many seconds of the audio's end stay tentative.",
    "vad_threshold": "Probability from which audio is speech.",
    "endpoint_silence": "Seconds without speech that end an utterance.",
    "min_speech": "Seconds of speech; less is no utterance.",
    "condition_on_previous_text": "Give the decoder what was confirmed before.",
    "initial_prompt": "Text before anything is confirmed: names, spelling, style.",
    "window": "Seconds of one of the bundle's windows; 0 is the shortest that fits.",
}


def takes_stream_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replaces the ``**options`` of a command by one parameter an option of ``HELP``."""
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    replaced = signature.replace(parameters=[*own, *map(_parameter, HELP)])
    command.__signature__ = replaced  # type: ignore[attr-defined]
    return command


def stream_keywords(options: dict[str, Any]) -> dict[str, Any]:
    """``Stream``'s keywords from a command's ``**options``."""
    return {**options, "task": options["task"].value}


def _parameter(name: str) -> inspect.Parameter:
    field = {field.name: field for field in fields(StreamOptions)}[name]
    keyword = inspect.Parameter.KEYWORD_ONLY
    if name == "task":
        annotation: Any = Annotated[Task, typer.Option(help=HELP[name])]
        return inspect.Parameter(name, keyword, default=Task.transcribe, annotation=annotation)
    kind = KINDS[str(field.type)]
    option = typer.Option(f"--{name}", parser=kind.parser, metavar=kind.metavar, help=HELP[name])
    return inspect.Parameter(
        name, keyword, default=field.default, annotation=Annotated[Any, option]
    )
