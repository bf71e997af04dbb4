"""``sotto quantize``: a float32 bundle in another precision, and which layers that costs most."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from sotto.bundle import check_writable, read_manifest
from sotto.commands import quantize_npu
from sotto.commands.output import decibel_cell, finite, print_whole
from sotto.errors import ConversionError, OptionError, OutputError
from sotto.terminal import clean_exits, hushed_libraries, report

if TYPE_CHECKING:
    from sotto.export.whisper.sensitivity import Scan, Sensitivity
    from sotto.preprocess import AudioSource

WORDS, SHARE, KEEP = 3, 0.5, "fp16"

Model = Annotated[
    Path, typer.Argument(help="Bundle of fp32, as step 2 writes it with --precision fp32.")
]
Out = Annotated[
    Path | None,
    typer.Option(help="Bundle to write. Default: MODEL-PRECISION, beside MODEL without its -fp32."),
]
PrecisionOption = Annotated[
    str, typer.Option(help="fp16, int8-weights, int8 (dynamic range) or int4.")
]
ExceptionsFile = Annotated[
    Path | None, typer.Option(help="JSON file of layers with another precision.")
]
Audio = Annotated[
    list[str] | None,
    typer.Option(
        help="Speech to measure over, again and again for more files. Default: an "
        "installed package's recording."
    ),
]
Npu = Annotated[
    bool,
    typer.Option("--npu", help="For MediaTek's NPU: static, activations of calibrated ranges."),
]
RecipeOption = Annotated[
    str,
    typer.Option(
        help="Of --npu: which operations compute in which integers; 'list' says what there is."
    ),
]
Calibrate = Annotated[
    Path | None,
    typer.Option(
        help="Of --npu: folder of recordings of speech, which ranges are taken from. Default: an "
        "installed package's recording."
    ),
]
DoScan = Annotated[
    bool,
    typer.Option("--scan", help="Measure what each group of layers loses instead of writing one."),
]
Group = Annotated[
    str | None,
    typer.Option(
        help="Of a scan: layer, block (attention 0 …; the default) or kind (all attention; the "
        "default with --npu, which has no layer)."
    ),
]
AllBut = Annotated[
    bool, typer.Option("--all-but", help="Of a scan: quantise all but the group, not it alone.")
]
Words = Annotated[
    int, typer.Option(help="Of a scan: count word errors of so many groups, the worst ones.")
]
Json = Annotated[bool, typer.Option("--json", help="Of a scan: JSON instead of a table.")]
Write = Annotated[
    Path | None,
    typer.Option(help="Of a scan: write an exceptions file of the groups that lose most."),
]
Share = Annotated[
    float, typer.Option(help="Of the noise, that the exceptions of --write take away.")
]
Keep = Annotated[str, typer.Option(help="Precision of the exceptions that --write writes.")]


def quantize(
    model: Model,
    out: Out = None,
    precision: PrecisionOption = "int8",
    exceptions: ExceptionsFile = None,
    audio: Audio = None,
    npu: Npu = False,
    recipe: RecipeOption = "",
    calibrate: Calibrate = None,
    scan: DoScan = False,
    group: Group = None,
    all_but: AllBut = False,
    words: Words = WORDS,
    as_json: Json = False,
    write: Write = None,
    share: Share = SHARE,
    keep: Keep = KEEP,
) -> None:
    """Write a float32 bundle in another precision, or find the layers that lose by it.

    sotto quantize models/whisper-base-fp32 --precision int8 --out models/whisper-base-int8

    sotto quantize models/whisper-base-fp32 --scan --write exceptions.json

    sotto quantize models/whisper-base-fp32 --npu --calibrate recordings/

    sotto quantize models/all-MiniLM-L6-v2-fp32 --precision fp16

    Signal to noise, in dB, is that of logits against the float32 graphs', over real speech and
    the text that they hear in it; of a bundle that embeds, that of its vectors. Needs what step 2
    needs installed, but not step 1's output.
    """
    with clean_exits():
        if find_spec("ai_edge_quantizer") is None:
            raise ConversionError(
                "quantising needs ai-edge-quantizer, which is not installed: "
                "pip install 'sotto[convert]'"
            )
        if npu:
            if write is not None or audio is not None:
                raise OptionError("--write and --audio have no effect with --npu; leave them out")
            if (words, share, keep) != (WORDS, SHARE, KEEP):
                raise OptionError("--words, --share and --keep have no effect with --npu")
            quantize_npu.run(
                model, out, precision, exceptions, recipe, calibrate, scan, group, all_but, as_json
            )
            return
        if recipe or calibrate is not None:
            raise OptionError("--recipe and --calibrate are options of --npu")
        if not scan:
            if write is not None or as_json or all_but:
                raise OptionError("--write, --json and --all-but are options of --scan")
            _quantize(model, out, precision, exceptions, audio)
            return
        if out is not None or exceptions is not None:
            raise OptionError("--out and --exceptions have no effect with --scan; leave them out")
        if write is not None:
            _check_file(write)
        found = _scan(model, precision, group or "block", all_but, words, audio)
        if write is not None:
            kept = found.exceptions(share, keep)
            kept.write(write)
            report(f"wrote {write}: {', '.join(kept.precisions)}")
        if as_json:
            print_whole(json.dumps(finite(asdict(found)), ensure_ascii=False) + "\n")
        else:
            _print(found)


def _quantize(
    model: Path, out: Path | None, precision: str, file: Path | None, audio: list[str] | None
) -> None:
    named = model if model.name.strip(".") else model.resolve()  # "." has no name
    target = out or named.with_name(f"{named.name.removesuffix('-fp32')}-{precision}")
    check_writable(target)
    with hushed_libraries():
        from sotto.export.quantize.precision import Exceptions
        from sotto.export.whisper.requantize import quantize_bundle

        exceptions = None if file is None else Exceptions.read(file)
        if _embeds(model):
            from sotto.export.embedding.requantize import quantize_embedding

            if audio:
                raise OptionError("--audio is of bundles that transcribe; leave it out")
            quantize_embedding(model, target, precision, exceptions, report)
        else:
            quantize_bundle(model, target, _speech(audio), precision, exceptions, report)
        report(f"wrote {target}")


def _embeds(model: Path) -> bool:
    return read_manifest(model, verify=False).embedding is not None


def _scan(
    model: Path, precision: str, group: str, all_but: bool, words: int, audio: list[str] | None
) -> Scan:
    with hushed_libraries():
        from sotto.export.whisper.sensitivity import ScanOptions, scan

        options = ScanOptions(precision, group, all_but, words)
        return scan(model, _speech(audio), options, report)


def _speech(audio: list[str] | None) -> list[AudioSource]:
    from sotto.export.recording import packaged_recording

    return [*audio] if audio else [packaged_recording()]


def _check_file(path: Path) -> None:
    """Raises OutputError now where writing would fail later."""
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError(f"can't write {path}: expected a file in a directory that exists")


def _print(found: Scan) -> None:
    options = found.options
    what = "all layers but a group" if options.all_but else "each group of layers alone"
    table = Table(title=f"{options.precision}: {what}, most sensitive first")
    table.add_column("layers", no_wrap=True)
    for column in ("of them", "encoder dB", "logits dB", "tokens changed", "WER", "saved MB"):
        table.add_column(column, justify="right")
    for group in found.groups:
        table.add_row(*_cells(group))
    table.add_section()
    table.add_row(*_cells(found.whole))
    # A file or a pipe has no width of its own; 80 columns would be too few.
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _cells(group: Sensitivity) -> tuple[str, ...]:
    distance, rate = group.distance, group.word_error_rate
    return (
        group.pattern,
        str(group.layers),
        decibel_cell(distance.encoder),
        decibel_cell(distance.logits),
        f"{distance.tokens} of {distance.positions}",
        "" if rate is None else f"{rate:.1%}",
        f"{group.bytes_saved / 1e6:.1f}",
    )
