"""The command lines of steps 1 and 2 (``convert/*.py``)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from sotto.bundle import check_writable, settle_replacements
from sotto.errors import OptionError
from sotto.terminal import clean_exits, exiting_on_interrupt, hushed_libraries, report, run

__all__ = ["run", "step1", "step2"]

MODELS = Path("models")
SILERO = "silero-vad"


def _windows(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r}: expected seconds such as 10,30") from None


def step1(
    model: Annotated[
        str,
        typer.Option(
            help="Name (base, tiny.en, large-v3-turbo …) or path: an OpenAI .pt, a Hugging Face "
            "or a CTranslate2 directory. silero-vad: voice activity detection, to which only --out "
            "and --audio apply."
        ),
    ] = "base",
    out: Annotated[
        Path | None,
        typer.Option(help="Directory to make. Default: models/whisper-NAME, models/silero-vad."),
    ] = None,
    windows: Annotated[
        str, typer.Option(help="Seconds of audio a graph takes, one pair of graphs each.")
    ] = "10,16,30",
    cache: Annotated[
        int, typer.Option(help="Positions of the self-attention cache; 0: the model's 448.")
    ] = 0,
    token_embedding: Annotated[
        str, typer.Option(help="auto (fp16 where exact, else fp32), fp32, fp16 or int8.")
    ] = "auto",
    gelu: Annotated[
        str, typer.Option(help="erf, as trained, or tanh, as the NPU computes it.")
    ] = "erf",
    sequence_decoder: Annotated[
        int,
        typer.Option(
            help="Also export the plain decoder over this many positions, without caches, and "
            "an encoder that emits features. 0: don't."
        ),
    ] = 0,
    alignment: Annotated[
        bool, typer.Option(help="Export the graphs that word timestamps need.")
    ] = True,
    audio: Annotated[
        Path | None,
        typer.Option(help="Speech to compare over. Default: an installed package's recording."),
    ] = None,
) -> None:
    """Step 1: a Whisper checkpoint becomes TorchScript, tables and a manifest.

    Prints each graph's largest difference from openai-whisper's own modules on real audio
    and fails beyond the tolerance. Example:

        step1_pt_to_torchscript.py --model base --out models/whisper-base
    """
    with clean_exits(), hushed_libraries():
        start = time.perf_counter()
        if out is not None:
            check_writable(out)  # before a download
        options = {
            "windows": _windows(windows),
            "cache": cache,
            "token_embedding": token_embedding,
            "gelu": gelu,
            "sequence_decoder": sequence_decoder,
            "alignment": alignment,
        }
        report(f"loading {model}")
        with exiting_on_interrupt(settle_replacements):
            # torch is slow to import, and not installed where nothing is converted.
            from sotto.export.recording import packaged_recording
            from sotto.preprocess import read_audio

            step = _silero_step1 if model == SILERO else _whisper_step1
            export, directory = step(model, out, options)
        speech = read_audio(audio or packaged_recording())
        with exiting_on_interrupt(settle_replacements):
            export(speech)
        report(f"wrote {directory} in {time.perf_counter() - start:.0f} s; next: step 2")


def _whisper_step1(
    model: str, out: Path | None, options: dict[str, Any]
) -> tuple[Callable[[np.ndarray], object], Path]:
    """What exports a Whisper over some speech, and the directory that it makes."""
    from sotto.checkpoints import load_checkpoint
    from sotto.export.whisper.torchscript import TorchScriptOptions, export_torchscript

    checkpoint = load_checkpoint(model)
    directory = out or MODELS / f"whisper-{checkpoint.name.removeprefix('whisper-')}"
    chosen = TorchScriptOptions(**options)
    return lambda speech: export_torchscript(
        checkpoint, directory, speech, chosen, report
    ), directory


def _silero_step1(
    model: str, out: Path | None, options: dict[str, Any]
) -> tuple[Callable[[np.ndarray], object], Path]:
    """The same for silero-vad."""
    from sotto.checkpoints.silero import find_silero, load_silero
    from sotto.export.vad.silero import export_vad
    from sotto.export.whisper.torchscript import TorchScriptOptions

    for name, default in vars(TorchScriptOptions()).items():
        if options[name] != default:
            raise OptionError(f"{name} {options[name]}: {SILERO} has no such option")
    checkpoint = load_silero(find_silero())
    directory = out or MODELS / SILERO
    return lambda speech: export_vad(checkpoint, directory, speech, report), directory


def step2(
    model: Annotated[
        Path, typer.Argument(help="Directory that step 1 wrote.", show_default=True)
    ] = MODELS / "whisper-base",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Bundle to write. Default: MODEL itself for int8 and for silero-vad, else "
            "MODEL-PRECISION."
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="fp32, fp16, int8-weights, int8 (dynamic range) or int4; all but fp32 are for "
            "CPUs. Default: int8; of silero-vad fp32, which is all it has."
        ),
    ] = None,
    exceptions: Annotated[
        Path | None,
        typer.Option(
            help="JSON file of layers with another precision, as sotto quantize --scan writes it."
        ),
    ] = None,
    backend: Annotated[
        str,
        typer.Option(help="litert, or mtk: MediaTek's mtk_converter, where NeuroPilot is."),
    ] = "litert",
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Graphs to convert at once, each in memory for several copies of the model. "
            "Default: for large ones as many as there are cores.",
        ),
    ] = None,
) -> None:
    """Step 2: step 1's TorchScript becomes TFLite files, and the directory a bundle.

    Prints the operations of every graph and any outside the NPU's list, compares the written
    files with the TorchScript on real inputs, and fails beyond the tolerance. Example:

        step2_torchscript_to_tflite.py models/whisper-base --precision fp32
    """
    with clean_exits(), hushed_libraries(), exiting_on_interrupt(settle_replacements):
        start = time.perf_counter()
        from sotto.export.quantize.precision import Exceptions
        from sotto.export.vad.silero import convert_vad, is_vad
        from sotto.export.whisper.bundle import convert

        voice_activity = is_vad(model)
        own = "fp32" if voice_activity else "int8"
        precision = precision or own
        suffix = "mtk" if backend == "mtk" else precision
        named = model if model.name.strip(".") else model.resolve()  # "." has no name
        target = out or (model if suffix == own else named.with_name(f"{named.name}-{suffix}"))
        if voice_activity:
            if exceptions is not None:
                raise OptionError(f"exceptions {exceptions}: {SILERO} has no such option")
            convert_vad(model, target, precision, backend, report)  # type: ignore[arg-type]
        else:
            convert(
                model,
                target,
                precision,  # type: ignore[arg-type]  # checks it
                backend,  # type: ignore[arg-type]
                report,
                Exceptions.read(exceptions) if exceptions else None,
                jobs,
            )
        report(f"wrote {target} in {time.perf_counter() - start:.0f} s")
