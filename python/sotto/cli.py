"""The ``sotto`` command."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from enum import Enum
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import sotto
from sotto.asr import SpeechModel, TranscribeOptions, Transcription, load_model
from sotto.errors import AudioError, OutputError, SottoError
from sotto.terminal import FAILURE, clean_exits, discard_stdout, report, stderr

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="On-device speech recognition and embeddings for MediaTek NPUs.",
)


class OutputFormat(Enum):
    """What is written for each file."""

    txt = "txt"
    json = "json"


class Task(Enum):
    """What is done with the speech."""

    transcribe = "transcribe"
    translate = "translate"


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


@app.command()
def transcribe(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Audio or video files of any common format; - is standard input.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str, typer.Option(help="Bundle directory, or a name such as base for models/whisper-base.")
    ] = "base",
    language: Annotated[
        str | None, typer.Option(help="Code such as en or fr. Default: detected.")
    ] = None,
    task: Annotated[Task, typer.Option(help="translate is into English.")] = Task.transcribe,
    output_format: Annotated[
        OutputFormat, typer.Option(help="Text, or one JSON object a file and line.")
    ] = OutputFormat.txt,
    output_dir: Annotated[
        Path | None,
        typer.Option(help="Write FILE.txt or FILE.json there instead of standard output."),
    ] = None,
    window: Annotated[
        int, typer.Option(help="Seconds of one of the bundle's windows; 0: by the audio's length.")
    ] = 0,
    max_tokens: Annotated[
        int, typer.Option(help="Tokens of text a window at most; 0: half the text context, 224.")
    ] = 0,
    threads: Annotated[
        int, typer.Option(help="CPU threads; 0: as many as there are cores, 4 at most.")
    ] = 0,
    profile: Annotated[
        bool, typer.Option("--profile", help="Print each stage's time on standard error.")
    ] = False,
) -> None:
    """Transcribe speech. The text goes to standard output, everything else to standard error.

    sotto transcribe talk.m4a --model models/whisper-base > talk.txt
    """
    with clean_exits():
        _make_text_printable()
        if output_dir is not None:
            _check_names(files, output_format)
            _make_directory(output_dir)
        speech = load_model(model, threads=threads)
        failed = False
        for file in files:
            try:
                options = TranscribeOptions(language, task.value, max_tokens, window)
                result = _transcribe(speech, file, options)
                _write(file, result, output_format, output_dir)
            except SottoError as error:
                # One bad file does not lose the others.
                stderr.print(f"error: {error}", markup=False, style="red")
                failed = True
                continue
            if profile:
                report(_profile_line(file, result))
        if failed:
            raise typer.Exit(FAILURE)


def _transcribe(speech: SpeechModel, file: str, options: TranscribeOptions) -> Transcription:
    audio = _Stdin() if file == "-" else file
    # Text, not str: brackets in a file's name are not markup.
    with stderr.status(Text(f"transcribing {file}")) as status:
        return speech.transcribe(
            audio,
            on_piece=lambda piece: status.update(
                Text(f"transcribing {file}: {piece.end:.0f} s done")
            ),
            **asdict(options),
        )


class _Stdin(BytesIO):
    """All of standard input, which containers with their index at the end need."""

    name = "standard input"

    def __init__(self) -> None:
        data = sys.stdin.buffer.read() if sys.stdin else b""
        if not data:
            raise AudioError("standard input is empty; expected an audio file: - < talk.wav")
        super().__init__(data)


def _make_text_printable() -> None:
    """Text that the terminal's encoding lacks is printed as escapes, which JSON reads back."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _output_name(file: str, kind: OutputFormat) -> str:
    return f"{'stdin' if file == '-' else Path(file).stem}.{kind.value}"


def _check_names(files: list[str], kind: OutputFormat) -> None:
    for name, count in Counter(_output_name(file, kind) for file in files).items():
        if count > 1:
            raise OutputError(
                f"{count} of the files would be written to {name}; transcribe them into "
                "directories of their own"
            )


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".sotto-writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"can't write in {directory} ({error.strerror}); choose another --output-dir"
        ) from error


def _write(file: str, result: Transcription, kind: OutputFormat, directory: Path | None) -> None:
    if kind is OutputFormat.txt:
        text = result.text
    else:
        text = json.dumps({"file": file, **result.to_dict()}, ensure_ascii=False)
    if directory is None:
        _print(text)
        return
    target = directory / _output_name(file, kind)
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
        partial.replace(target)
    except OSError as error:
        raise OutputError(
            f"can't write {target} ({error.strerror}); choose another --output-dir"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _print(text: str) -> None:
    if sys.stdout is None:
        raise OutputError("standard output is closed; use --output-dir")
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise OutputError(
            f"can't write to standard output ({error.strerror}); make room where it goes"
        ) from error


def _profile_line(file: str, result: Transcription) -> str:
    profile = result.profile
    return (
        f"{file}: {result.duration:.1f} s of audio, {result.window} s window: "
        f"{profile.total_ms:.0f} ms (load {profile.load_ms:.0f}, log-mel {profile.log_mel_ms:.0f}, "
        f"encoder {profile.encoder_ms:.0f} in {profile.encoder_runs} runs, decoder "
        f"{profile.decoder_ms:.0f} in {profile.decoder_steps} steps)"
    )


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
