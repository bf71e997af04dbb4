"""``sotto listen``: text while it is spoken, from a microphone or a file."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from sotto.asr import load_model
from sotto.asr.microphone import microphone
from sotto.asr.pace import fast_blocks, paced_blocks
from sotto.asr.stream import Stream, StreamUpdate
from sotto.commands.accelerator import Accelerator, AcceleratorOption, NpuDispatch, Soc
from sotto.commands.latency import Latency
from sotto.commands.live_text import LiveText, TextFormat
from sotto.commands.output import make_text_printable
from sotto.commands.stream_options import stream_keywords, takes_stream_options
from sotto.errors import OptionError
from sotto.terminal import clean_exits, report


class Pace(Enum):
    """How fast a file is read."""

    real = "real"
    fast = "fast"


Model = Annotated[
    str, typer.Option(help="Bundle directory, or a name such as base for models/whisper-base.")
]
File = Annotated[str | None, typer.Option(help="Listen to a recording instead of a microphone.")]
PaceOption = Annotated[
    Pace, typer.Option("--pace", help="Of a file: as if it were spoken now, or as fast as it goes.")
]
Microphone = Annotated[
    str | None,
    typer.Option(
        "--microphone", help="Part of a device's name, or its number in python -m sounddevice."
    ),
]
Vad = Annotated[
    str,
    typer.Option(
        help="True: the bundle silero-vad tells speech from silence; or that bundle's directory. "
        "False: silence is decoded, too."
    ),
]
Threads = Annotated[
    int, typer.Option(help="Of the CPU; 0: as many as there are big cores, 4 at most.")
]
Format = Annotated[
    TextFormat,
    typer.Option(
        "--output_format", "-f", help="Text, a line an utterance; or JSON, a line a word."
    ),
]
Profile = Annotated[
    bool, typer.Option("--profile", help="Print latencies on standard error at the end.")
]


@takes_stream_options
def listen(
    model: Model = "base",
    file: File = None,
    pace: PaceOption = Pace.real,
    microphone: Microphone = None,
    vad: Vad = "True",
    threads: Threads = 0,
    accelerator: AcceleratorOption = Accelerator.cpu,
    soc: Soc = None,
    npu_dispatch: NpuDispatch = None,
    output_format: Format = TextFormat.txt,
    profile: Profile = False,
    **options: Any,
) -> None:
    """Write down speech while it is spoken. Ctrl-C finishes.

    Confirmed text goes to standard output; on a terminal, what may still change is shown dim
    behind it.

    sotto listen --language en

    sotto listen --file talk.m4a --pace fast --output_format json
    """
    with clean_exits():
        make_text_printable()
        if file is not None and microphone is not None:
            raise OptionError("--file and --microphone: give one of them")
        speech = load_model(
            model,
            threads=threads,
            accelerator=accelerator.value,
            soc=soc,
            npu_dispatch=npu_dispatch,
        )
        stream = Stream(speech, vad=_vad(vad), **stream_keywords(options))
        with ExitStack() as stack:
            stopped = stack.enter_context(_stopping_on_interrupt())
            blocks = stack.enter_context(_source(file, pace, microphone))
            text = stack.enter_context(LiveText(output_format))
            latency = Latency(live=file is None or pace is Pace.real)
            _transcribe(stream, blocks, stopped, text, latency)
        if profile:
            report(latency.summary())


def _transcribe(
    stream: Stream,
    blocks: Generator[NDArray[np.float32], None, None],
    stopped: list[bool],
    text: LiveText,
    latency: Latency,
) -> None:
    def show(update: StreamUpdate) -> None:
        latency.add(update)
        text.show(update)

    for block in blocks:
        latency.heard(len(block))
        show(stream.push(block))
        if stopped:
            break
    show(stream.finish())


@contextmanager
def _source(
    file: str | None, pace: Pace, device: str | None
) -> Iterator[Generator[NDArray[np.float32], None, None]]:
    if file is not None:
        yield fast_blocks(file) if pace is Pace.fast else paced_blocks(file)
        return
    with microphone(device) as blocks:
        report("listening; Ctrl-C finishes")
        yield blocks


@contextmanager
def _stopping_on_interrupt() -> Iterator[list[bool]]:
    """The first Ctrl-C makes the list true, the second ends the command."""
    stopped: list[bool] = []

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stopped.append(True)

    previous = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, previous)


def _vad(value: str) -> bool | str:
    return {"true": True, "false": False}.get(value.lower(), value)
