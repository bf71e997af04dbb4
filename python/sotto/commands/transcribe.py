"""``sotto transcribe``: openai-whisper's command over the C++ runtime."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from sotto.asr import SpeechModel, Transcription, load_model
from sotto.asr.formats import FORMATS, LineOptions
from sotto.asr.live import SecondsBars, language_line, segment_line
from sotto.commands.accelerator import Accelerator, AcceleratorOption, NpuDispatch, Soc
from sotto.commands.in_turn import Say, Turn, in_turn
from sotto.commands.output import Destination, make_text_printable, print_whole
from sotto.commands.recognition import (
    line_options,
    recognize_keywords,
    takes_recognition_options,
)
from sotto.commands.shares import share_cores
from sotto.commands.values import truth
from sotto.errors import AudioError, SottoError
from sotto.runtime.source import BufferedFile
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
Device = Annotated[str, typer.Option(help="cpu; the NPU is --accelerator.")]
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
Threads = Annotated[
    int,
    typer.Option(help="Of the CPU, for each job; 0: its share of the big cores, 4 at most."),
]
Jobs = Annotated[
    int,
    typer.Option(
        help="Files transcribed at once, each with its share of the cores; 0: as many as there "
        "are cores."
    ),
]
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
    jobs: Jobs = 1,
    vad_model: VadModel = None,
    accelerator: AcceleratorOption = Accelerator.cpu,
    soc: Soc = None,
    npu_dispatch: NpuDispatch = None,
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
        _check_lines(lines, keywords["word_timestamps"])
        destination = _destination(output_format.value, lines, output_dir)
        destination.prepare(files)
        share = share_cores(jobs, threads, len(files))
        speech = load_model(
            *(model, device, model_dir),
            threads=share.threads,
            vad=vad_model,
            accelerator=accelerator.value,
            soc=soc,
            npu_dispatch=npu_dispatch,
        )
        with SecondsBars(stderr, shown=not verbose) as bars:
            work = _Work(speech, destination, bars, verbose, profile, keywords)
            recordings = _recordings(files)
            with closing(in_turn(work.transcribe, recordings, share.jobs, work.stop)) as turns:
                told = [work.tell(turn) for turn in turns]
        if not all(told):
            raise typer.Exit(FAILURE)


@dataclass(frozen=True)
class _Recording:
    """A file, or standard input, which was read."""

    file: str
    data: bytes | None = None

    def audio(self) -> str | BufferedFile:
        """What ``recognize`` takes. Raises AudioError where standard input was empty."""
        if self.data is None:
            return self.file
        if not self.data:
            raise AudioError("standard input is empty; expected an audio file: - < talk.wav")
        return BufferedFile(self.data, "standard input")


def _recordings(files: list[str]) -> Iterator[_Recording]:
    """Standard input is read whole, which containers with their index at the end need."""
    for file in files:
        if file == "-":
            yield _Recording(file, sys.stdin.buffer.read() if sys.stdin else b"")
        else:
            yield _Recording(file)


@dataclass(frozen=True)
class _Work:
    """What is done with each recording, and what is told of it."""

    speech: SpeechModel
    destination: Destination
    bars: SecondsBars
    verbose: bool
    profile: bool
    keywords: dict[str, Any]
    stop: Event = field(default_factory=Event)

    def transcribe(self, recording: _Recording, say: Say) -> Transcription:
        """On one of several threads. Files are written at once, whatever is still under way."""
        with self._shown(recording.file, say) as callbacks:
            result = self.speech.recognize(
                recording.audio(), cancelled=self.stop.is_set, **callbacks, **self.keywords
            )
        if self.destination.directory is not None:
            self._write(recording.file, result)
        return result

    def tell(self, turn: Turn[_Recording, Transcription]) -> bool:
        """On the main thread, recording by recording. False where one failed."""
        for line in turn.lines():
            if self.destination.directory is None:
                report(line)
            else:
                print_whole(line + "\n")
        with self.bars.hidden():
            try:
                result = turn.result()
                if self.destination.directory is None:
                    self._write(turn.item.file, result)
            except SottoError as error:
                # One bad file does not lose the others.
                stderr.print(f"error: {error}", markup=False, style="red")
                return False
            if self.profile:
                report(_profile_line(turn.item.file, result))
        return True

    @contextmanager
    def _shown(self, file: str, say: Say) -> Iterator[dict[str, Any]]:
        """The callbacks that show how far a file is."""
        if self.verbose:
            yield {
                "on_language": lambda language: say(language_line(language)),
                "on_segment": lambda segment: say(segment_line(segment)),
            }
        else:
            with self.bars.bar(file) as update:
                yield {"on_progress": update}

    def _write(self, file: str, result: Transcription) -> None:
        words = self.keywords["word_timestamps"]
        self.destination.write(file, result.to_whisper(word_timestamps=words))


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


def _profile_line(file: str, result: Transcription) -> str:
    profile = result.profile
    return (
        f"{file}: {result.duration:.1f} s of audio, {profile.accelerator}: "
        f"{profile.total_ms:.0f} ms (load {profile.load_ms:.0f}, log-mel {profile.log_mel_ms:.0f}, "
        f"encoder {profile.encoder_ms:.0f} in {profile.encoder_runs} runs, decoder "
        f"{profile.decoder_ms:.0f} in {profile.decoder_steps} steps, words "
        f"{profile.alignment_ms:.0f}, voice activity {profile.vad_ms:.0f})"
    )
