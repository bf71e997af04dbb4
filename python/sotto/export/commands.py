"""The command lines of steps 1 and 2 (``convert/*.py``)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from sotto.bundle import check_writable, settle_replacements
from sotto.terminal import clean_exits, exiting_on_interrupt, hushed_libraries, report, run

__all__ = ["run", "step1", "step2"]

MODELS = Path("models")


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
            "or a CTranslate2 directory."
        ),
    ] = "base",
    out: Annotated[
        Path | None, typer.Option(help="Directory to make. Default: models/whisper-NAME.")
    ] = None,
    windows: Annotated[
        str, typer.Option(help="Seconds of audio a graph takes, one pair of graphs each.")
    ] = "10,30",
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

        python convert/step1_pt_to_torchscript.py --model base --out models/whisper-base
    """
    with clean_exits(), hushed_libraries():
        start = time.perf_counter()
        if out is not None:
            check_writable(out)  # before a download
        seconds = _windows(windows)
        report(f"loading {model}")
        with exiting_on_interrupt(settle_replacements):
            # torch is slow to import, and not installed where nothing is converted.
            from sotto.checkpoints import load_checkpoint
            from sotto.export.recording import packaged_recording
            from sotto.export.torchscript import TorchScriptOptions, export_torchscript
            from sotto.preprocess import read_audio

        checkpoint = load_checkpoint(model)
        name = checkpoint.name.removeprefix("whisper-")
        directory = out or MODELS / f"whisper-{name}"
        options = TorchScriptOptions(
            windows=seconds,
            cache=cache,
            token_embedding=token_embedding,  # type: ignore[arg-type]  # validate() checks it
            gelu=gelu,  # type: ignore[arg-type]
            sequence_decoder=sequence_decoder,
            alignment=alignment,
        )
        speech = read_audio(audio or packaged_recording())
        with exiting_on_interrupt(settle_replacements):
            export_torchscript(checkpoint, directory, speech, options, report)
        report(f"wrote {directory} in {time.perf_counter() - start:.0f} s; next: step 2")


def step2(
    model: Annotated[
        Path, typer.Argument(help="Directory that step 1 wrote.", show_default=True)
    ] = MODELS / "whisper-base",
    out: Annotated[
        Path | None,
        typer.Option(help="Bundle to write. Default: MODEL itself for int8, else MODEL-PRECISION."),
    ] = None,
    precision: Annotated[
        str, typer.Option(help="int8 (dynamic range, for CPUs) or fp32.")
    ] = "int8",
    backend: Annotated[
        str,
        typer.Option(help="litert, or mtk: MediaTek's mtk_converter, where NeuroPilot is."),
    ] = "litert",
) -> None:
    """Step 2: step 1's TorchScript becomes TFLite files, and the directory a bundle.

    Prints the operations of every graph and any outside the NPU's list, compares the written
    files with the TorchScript on real inputs, and fails beyond the tolerance. Example:

        python convert/step2_torchscript_to_tflite.py models/whisper-base --precision fp32
    """
    with clean_exits(), hushed_libraries(), exiting_on_interrupt(settle_replacements):
        start = time.perf_counter()
        from sotto.export.convert import convert

        suffix = "mtk" if backend == "mtk" else precision
        named = model if model.name.strip(".") else model.resolve()  # "." has no name
        target = out or (model if suffix == "int8" else named.with_name(f"{named.name}-{suffix}"))
        convert(
            model,
            target,
            precision,  # type: ignore[arg-type]  # convert() checks it
            backend,  # type: ignore[arg-type]
            report,
        )
        report(f"wrote {target} in {time.perf_counter() - start:.0f} s")
