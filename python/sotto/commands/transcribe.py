"""``sotto transcribe``: openai-whisper's command over the C++ runtime."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from sotto.asr import Transcription, load_model
from sotto.asr.formats import FORMATS, LineOptions
from sotto.asr.live import SecondsBar, language_line, segment_line
from sotto.asr.result import Segment
from sotto.asr.source import BufferedFile
from sotto.commands.output import Destination, make_text_printable, print_whole
from sotto.commands.recognition import (
    line_options,
    recognize_keywords,
    takes_recognition_options,
)
from sotto.commands.values import truth
from sotto.errors import AudioError, SottoError
from sotto.terminal import FAILURE, clean_exits, report, stderr


class OutputFormat(Enum):
    """What is written for each file."""

    txt = "txt"
    vtt = "vtt"
    srt = "srt"
    tsv = "tsv"
    json = "json"
    lrc = "lrc"
    all = "all"


Files = Annotated[
    list[str],
    typer.Argument(
        help="Audio or video files of any common format; - is standard input.", show_default=False
    ),
]
Model = Annotated[
    str, typer.Option(help="Bundle directory, or a name such as base for models/whisper-base.")
]
ModelDir = Annotated[
    Path | None, typer.Option("--model_dir", help="Folder to look for the bundle in first.")
]
Device = Annotated[str, typer.Option(help="cpu is the one there is.")]
Fp16 = Annotated[
    Any,
    typer.Option(parser=truth, metavar="True|False", help="No effect: a bundle is fp32 or int8."),
]
VadModel = Annotated[
    Path | None,
    typer.Option(
        "--vad_model",
        help="Bundle of the voice activity detector; found as silero-vad if not given.",
        show_default=False,
    ),
]
Threads = Annotated[int, typer.Option(help="Of the CPU; 0: as many as there are cores, 4 at most.")]
Format = Annotated[
    OutputFormat,
    typer.Option("--output_format", "-f", help="all is the six of them, into files."),
]
OutputDir = Annotated[
    Path | None,
    typer.Option(
        "--output_dir",
        "-o",
        help="Write FILE.txt, FILE.srt, … there. Without it, one format goes to standard output "
        "(json: an object a line), and all go into the working directory.",
        show_default=False,
    ),
]
Verbose = Annotated[
    Any,
    typer.Option(
        parser=truth,
        metavar="True|False",
        help="True: print segments as they are done, on standard error where the result goes to "
        "standard output. False: a progress bar, on a terminal.",
    ),
]
Profile = Annotated[
    bool, typer.Option("--profile", help="Print each stage's time on standard error.")
]


@takes_recognition_options
def transcribe(
    files: Files,
    model: Model = "base",
    model_dir: ModelDir = None,
    device: Device = "cpu",
    fp16: Fp16 = True,
    threads: Threads = 0,
    vad_model: VadModel = None,
    output_format: Format = OutputFormat.txt,
    output_dir: OutputDir = None,
    verbose: Verbose = False,
    profile: Profile = False,
    **options: Any,
) -> None:
    """Transcribe speech. The text goes to standard output, everything else to standard error.

    sotto transcribe talk.m4a --model base --language en > talk.txt

    sotto transcribe *.mp4 --output_format srt --output_dir subtitles

    Options are those of openai-whisper's command, with - or _ between words; beam search is not
    on by default.
    """
    with clean_exits():
        make_text_printable()
        lines = line_options(options)
        keywords = recognize_keywords(options)
        words = keywords["word_timestamps"]
        _check_lines(lines, words)
        destination = _destination(output_format.value, lines, output_dir)
        destination.prepare(files)
        speech = load_model(model, device, model_dir, threads=threads, vad=vad_model)
        failed = False
        for file in files:
            try:
                with _shown(file, verbose, destination) as callbacks:
                    audio = _standard_input() if file == "-" else file
                    result = speech.recognize(audio, **callbacks, **keywords)
                destination.write(file, result.to_whisper(word_timestamps=words))
            except SottoError as error:
                # One bad file does not lose the others.
                stderr.print(f"error: {error}", markup=False, style="red")
                failed = True
                continue
            if profile:
                report(_profile_line(file, result))
        if failed:
            raise typer.Exit(FAILURE)


def _check_lines(lines: LineOptions, word_timestamps: bool) -> None:
    """What openai-whisper's command refuses and warns of."""
    for name, value in vars(lines).items():
        if value and not word_timestamps:
            raise typer.BadParameter(f"--{name} requires --word_timestamps True")
    if lines.max_line_count and not lines.max_line_width:
        report("warning: --max_line_count has no effect without --max_line_width")
    if lines.max_words_per_line and lines.max_line_width:
        report("warning: --max_words_per_line has no effect with --max_line_width")


def _destination(output_format: str, lines: LineOptions, directory: Path | None) -> Destination:
    if output_format == "all":
        return Destination(tuple(FORMATS), lines, directory or Path())
    return Destination((output_format,), lines, directory)


@contextmanager
def _shown(file: str, verbose: bool, destination: Destination) -> Iterator[dict[str, Any]]:
    """The callbacks that show how far a file is."""
    if not verbose:
        with SecondsBar(stderr, file) as bar:
            yield {"on_progress": bar.update}
        return

    def show_line(line: str) -> None:
        if destination.directory is None:
            report(line)
        else:
            print_whole(line + "\n")

    def show(segment: Segment) -> None:
        show_line(segment_line(segment))

    yield {"on_language": lambda code: show_line(language_line(code)), "on_segment": show}


def _standard_input() -> BufferedFile:
    """All of standard input, which containers with their index at the end need."""
    data = sys.stdin.buffer.read() if sys.stdin else b""
    if not data:
        raise AudioError("standard input is empty; expected an audio file: - < talk.wav")
    return BufferedFile(data, "standard input")


def _profile_line(file: str, result: Transcription) -> str:
    profile = result.profile
    return (
        f"{file}: {result.duration:.1f} s of audio: "
        f"{profile.total_ms:.0f} ms (load {profile.load_ms:.0f}, log-mel {profile.log_mel_ms:.0f}, "
        f"encoder {profile.encoder_ms:.0f} in {profile.encoder_runs} runs, decoder "
        f"{profile.decoder_ms:.0f} in {profile.decoder_steps} steps, words "
        f"{profile.alignment_ms:.0f}, voice activity {profile.vad_ms:.0f})"
    )
