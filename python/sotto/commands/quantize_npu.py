"""``sotto quantize --npu``: a float32 bundle statically quantised, and what that costs where."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from sotto.bundle import check_writable, read_manifest
from sotto.commands.output import decibel_cell, finite, print_whole
from sotto.errors import OptionError
from sotto.terminal import hushed_libraries, report

if TYPE_CHECKING:
    from sotto.export.whisper.static_scan import StaticScan, StaticSensitivity
    from sotto.preprocess import AudioSource


def run(
    model: Path,
    out: Path | None,
    precision: str,
    exceptions: Path | None,
    recipe: str,
    calibrate: Path | None,
    scan: bool,
    group: str | None,
    all_but: bool,
    as_json: bool,
) -> None:
    """What ``sotto quantize --npu`` does, with the options of that command."""
    if recipe == "list":
        _list()
    elif scan:
        if out is not None or exceptions is not None or recipe:
            raise OptionError("--out, --exceptions and --recipe have no effect with --scan")
        _scan(model, precision, group or "kind", all_but, calibrate, as_json)
    else:
        if all_but or as_json or group is not None:
            raise OptionError("--json, --all-but and --group are options of --scan")
        if precision != "int8":
            raise OptionError(f"precision {precision!r}: --npu takes a --recipe instead")
        _write(model, out, recipe, exceptions, calibrate)


def _list() -> None:
    from sotto.export.quantize.recipes import DEFAULT, RECIPES

    for recipe in RECIPES.values():
        default = " (the default)" if recipe.name == DEFAULT else ""
        print_whole(f"{recipe.name}: {recipe.purpose}{default}\n")


def _write(
    model: Path, out: Path | None, name: str, file: Path | None, calibrate: Path | None
) -> None:
    with hushed_libraries():
        from sotto.export.quantize.precision import Exceptions
        from sotto.export.quantize.recipes import DEFAULT, NUMBERS, find_recipe

        recipe = find_recipe(name or DEFAULT)
        exceptions = None if file is None else Exceptions.read(file, NUMBERS)
        named = model if model.name.strip(".") else model.resolve()  # "." has no name
        target = out or named.with_name(f"{named.name.removesuffix('-fp32')}-npu")
        check_writable(target)
        manifest = read_manifest(model, verify=False)
        if manifest.embedding is not None:
            from sotto.export.embedding.static_bundle import quantize_embedding_for_npu

            if calibrate is not None:
                raise OptionError("--calibrate: a bundle that embeds is calibrated over samples")
            quantize_embedding_for_npu(model, target, recipe, report, exceptions=exceptions)
        elif manifest.whisper is not None:
            from sotto.export.whisper.static_bundle import quantize_for_npu

            audio = _speech(calibrate)
            quantize_for_npu(model, target, audio, recipe, report, exceptions=exceptions)
        else:
            from sotto.export.vad.static_bundle import quantize_vad_for_npu

            audio = _speech(calibrate)
            quantize_vad_for_npu(model, target, audio, recipe, report, exceptions=exceptions)
        report(f"wrote {target}")


def _scan(
    model: Path, precision: str, group: str, all_but: bool, calibrate: Path | None, as_json: bool
) -> None:
    with hushed_libraries():
        from sotto.export.whisper.static_scan import StaticScanOptions, scan_statically

        options = StaticScanOptions(precision, all_but, group)  # type: ignore[arg-type]  # validated
        found = scan_statically(model, _speech(calibrate), options, report)
    if as_json:
        print_whole(json.dumps(finite(asdict(found)), ensure_ascii=False) + "\n")
    else:
        _print(found)


def _speech(folder: Path | None) -> list[AudioSource]:
    from sotto.export.recording import packaged_recording
    from sotto.export.whisper.calibration import find_recordings

    return [packaged_recording()] if folder is None else find_recordings(folder, report)


def _print(found: StaticScan) -> None:
    options = found.options
    what = "all operations but a group" if options.all_but else "each group of operations alone"
    table = Table(title=f"{options.numbers}: {what}, those that matter most first")
    table.add_column("operations", no_wrap=True)
    for column in ("of them", "encoder dB", "logits dB", "tokens changed"):
        table.add_column(column, justify="right")
    for group in found.groups:
        table.add_row(*_cells(group))
    table.add_section()
    table.add_row(*_cells(found.whole))
    # A file or a pipe has no width of its own; 80 columns would be too few.
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _cells(group: StaticSensitivity) -> tuple[str, ...]:
    distance = group.distance
    return (
        group.name,
        str(group.operations),
        decibel_cell(distance.encoder),
        decibel_cell(distance.logits),
        f"{distance.tokens} of {distance.positions}",
    )
