"""``sotto convert``: a checkpoint of any kind becomes a bundle."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sotto.bundle import check_writable, replacing_directory, settle_replacements
from sotto.errors import ConversionError, OptionError
from sotto.terminal import clean_exits, exiting_on_interrupt, hushed_libraries, report

if TYPE_CHECKING:
    from sotto.checkpoints.identify import Identified
    from sotto.export.embedding.families import EmbeddingOptions
    from sotto.export.quantize.precision import Exceptions

MODELS = Path("models")
TASKS = ("transcribe", "embed")
WEIGHTS = (".parquet", ".arrow")
"""Suffixes of what gets weights instead of a bundle (``checkpoints/arrow_file.py``)."""

NEEDED = ("torch", "litert_torch", "ai_edge_quantizer", "safetensors", "transformers")


def convert(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="Published name (base, large-v3-turbo, all-MiniLM-L6-v2, silero-vad …), or the "
            "path of a checkpoint: a directory in Hugging Face's or sentence-transformers' layout "
            "with safetensors; a Whisper in any of its formats; or a repository of Hugging Face, "
            "ORG/NAME or ORG/NAME@REVISION."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Bundle to write. Default: models/NAME, for fp32 models/NAME-fp32. Of a Whisper "
            "also a file, NAME.parquet or NAME.arrow, which gets the weights alone."
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="fp32, fp16, int8-weights, int8 (dynamic range) or int4; all but fp32 are for "
            "CPUs. Default: int8; of silero-vad fp32, which is all it has."
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="Of a Whisper: transcribe (the default) or embed, which keeps the encoder."
        ),
    ] = None,
    lengths: Annotated[
        str | None,
        typer.Option(
            help="Of text: tokens that graphs take, such as 32,128. The longest text's is added. "
            "Default: 16, 24 and their doubles."
        ),
    ] = None,
    batches: Annotated[
        str | None,
        typer.Option(
            help="Inputs that graphs take at once, such as 1,8. Default: 1, and 8 where it pays."
        ),
    ] = None,
    exceptions: Annotated[
        Path | None, typer.Option(help="JSON file of layers with another precision.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Graphs to convert at once, each in memory for several copies of the model. "
            "Default: for large ones as many as there are cores.",
        ),
    ] = None,
) -> None:
    """Find out what a checkpoint is, and make a bundle of it.

    sotto convert all-MiniLM-L6-v2

    sotto convert ~/checkpoints/codebert --precision fp32 --out models/codebert

    sotto convert base

    sotto convert openai/whisper-small

    Text encoders (BERT, RoBERTa, DistilBERT, MPNet and what is built like them) embed; their
    pooling, prompts and longest text come from the checkpoint's own files. CLIP and SigLIP embed
    images and texts in one space, a ViT images. A Whisper transcribes. Nothing stored in a
    checkpoint is executed. Each graph is compared with the reference implementation (transformers'
    or openai-whisper's class with the same weights), and nothing is kept beyond the tolerance.
    """
    with clean_exits(), hushed_libraries(), exiting_on_interrupt(settle_replacements):
        if absent := [name for name in NEEDED if find_spec(name) is None]:
            raise ConversionError(
                f"converting needs {', '.join(absent)}: pip install 'sotto[convert]'"
            )
        if task is not None and task not in TASKS:
            raise OptionError(f"task {task!r}: expected {' or '.join(TASKS)}")
        start = time.perf_counter()
        weights = out is not None and out.suffix in WEIGHTS
        if weights and (precision or task or lengths or batches or exceptions):
            raise OptionError(f"{out}: weights are written as they are, by no other option")
        if out is not None and not weights:
            check_writable(out)  # before a download
        checkpoint = _local(checkpoint)
        if out is not None and weights:
            _weights(checkpoint, out)
            report(f"wrote {out} in {time.perf_counter() - start:.0f} s")
            return
        # torch is slow to import, and not installed where nothing is converted.
        from sotto.checkpoints.identify import VAD, WHISPER, identify
        from sotto.export.embedding.families import EmbeddingOptions
        from sotto.export.quantize.precision import Exceptions

        found = identify(checkpoint)
        if found.model_type != WHISPER:  # what says nothing else may be none: its reader tells
            report(f"{checkpoint} is a {found.model_type} checkpoint")
        speech = found.model_type in (WHISPER, VAD) and task != "embed"
        if task == "transcribe" and not speech:
            raise OptionError(f"task {task}: a {found.model_type} model embeds only")
        if speech and (lengths or batches):
            raise OptionError("lengths and batches are options of models that embed")
        kept = Exceptions.read(exceptions) if exceptions else None
        if found.model_type == VAD and speech:
            target = _detector(found, out, precision or "fp32", kept)
        elif speech:
            target = _whisper(checkpoint, out, precision or "int8", kept, jobs)
        else:
            options = EmbeddingOptions(_numbers("lengths", lengths), _numbers("batches", batches))
            target = _embedding(found, options, out, precision or "int8", kept, jobs)
        report(f"wrote {target} in {time.perf_counter() - start:.0f} s")


def _local(checkpoint: str) -> str:
    """A published name or a path as it is; of a repository, the path where its files now are."""
    from sotto.checkpoints.hub import fetch_repository, is_repository
    from sotto.checkpoints.identify import is_published

    if is_published(checkpoint) or not is_repository(checkpoint):
        return checkpoint
    report(f"fetching {checkpoint}")
    return str(fetch_repository(checkpoint))


def _weights(checkpoint: str, out: Path) -> None:
    from sotto.checkpoints import load_checkpoint
    from sotto.checkpoints.arrow import write_arrow
    from sotto.checkpoints.encoder_weights import write_encoder_weights
    from sotto.checkpoints.identify import VAD, WHISPER, config_folder, identify
    from sotto.checkpoints.silero import find_silero, load_silero, write_silero

    found = identify(checkpoint)
    report(f"writing the weights of {found.name}")
    if found.model_type == WHISPER:
        write_arrow(load_checkpoint(checkpoint), out)
    elif found.model_type == VAD:
        write_silero(load_silero(found.path or find_silero()), out)
    else:
        assert found.path is not None  # an encoder's is known
        write_encoder_weights(config_folder(found.path), found.name, out)


def _numbers(name: str, text: str | None) -> tuple[int, ...] | None:
    try:
        return None if text is None else tuple(int(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"{name} {text!r}: expected numbers such as 1,8") from None


def _default(name: str, precision: str) -> Path:
    return MODELS / (name if precision == "int8" else f"{name}-{precision}")


def _embedding(
    found: Identified,
    options: EmbeddingOptions,
    out: Path | None,
    precision: str,
    exceptions: Exceptions | None,
    jobs: int | None,
) -> Path:
    from sotto.export.embedding.bundle import write_embedding
    from sotto.export.embedding.families import read_embedding_source

    model = read_embedding_source(found, options)
    target = out or _default(model.name, precision)
    write_embedding(model, target, precision, exceptions, report, jobs)
    return target


def _whisper(
    checkpoint: str,
    out: Path | None,
    precision: str,
    exceptions: Exceptions | None,
    jobs: int | None,
) -> Path:
    from sotto.checkpoints import load_checkpoint
    from sotto.export.quantize.precision import check_precision
    from sotto.export.recording import packaged_recording
    from sotto.export.whisper import bundle as step2
    from sotto.export.whisper.torchscript import export_torchscript
    from sotto.preprocess import read_audio

    chosen = check_precision(precision)
    read = load_checkpoint(checkpoint)
    report(f"{checkpoint} is a whisper checkpoint")
    target = out or _default(f"whisper-{read.name.removeprefix('whisper-')}", precision)
    check_writable(target)
    audio = read_audio(packaged_recording())
    with _in_two_steps(target) as (first, second):
        export_torchscript(read, first, audio, report=report)
        step2.convert(first, second, chosen, "litert", report, exceptions, jobs)
    return target


def _detector(
    found: Identified, out: Path | None, precision: str, exceptions: Exceptions | None
) -> Path:
    from sotto.checkpoints.silero import NAME, find_silero, load_silero
    from sotto.export.recording import packaged_recording
    from sotto.export.vad.silero import convert_vad, export_vad
    from sotto.preprocess import read_audio

    if exceptions is not None:
        raise OptionError(f"exceptions: {NAME} has fp32 only")
    target = out or MODELS / NAME
    check_writable(target)
    audio = read_audio(packaged_recording())
    with _in_two_steps(target) as (first, second):
        export_vad(load_silero(found.path or find_silero()), first, audio, report)
        convert_vad(first, second, precision, report=report)
    return target


@contextmanager
def _in_two_steps(target: Path) -> Iterator[tuple[Path, Path]]:
    """Folders for step 1's and step 2's output; ``target`` becomes the second."""
    with replacing_directory(target) as directory:
        first, second = directory / "step1", directory / "step2"
        yield first, second
        shutil.rmtree(first)
        for file in second.iterdir():
            file.rename(directory / file.name)
        second.rmdir()
