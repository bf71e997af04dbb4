"""Step 2: TorchScript and its manifest become a bundle that the runtime reads.

Nothing is consumed but what step 1 wrote: no checkpoint, no audio, no vocabulary.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import ai_edge_litert
import litert_torch
import numpy as np
import torch

import sotto
from sotto.bundle import (
    REBUILD,
    Decoder,
    Graph,
    Manifest,
    SpeechEncoder,
    TokenTable,
    TorchScript,
    check_writable,
    link_files,
    read_manifest,
    replacing_directory,
    write_manifest,
)
from sotto.bundle.graph import Role
from sotto.bundle.manifest import windows_of
from sotto.errors import BundleError, ConversionError, OptionError
from sotto.export.difference import Difference
from sotto.export.mtk import write_mtk_tflite
from sotto.export.quantize.precision import Exceptions, Precision, check_precision, coarsest
from sotto.export.quantize.quantizer import quantize_files
from sotto.export.quantize.token_table import TABLE, TABLE_SCALES
from sotto.export.tflite.layers import Layer, find_layers, module_weights
from sotto.export.tflite.lower import write_tflite
from sotto.export.whisper.text_run import REPEATS
from sotto.export.whisper.token_rows import share_token_rows
from sotto.export.whisper.torchscript import SAMPLE, TORCHSCRIPT
from sotto.export.whisper.verify import verify_decoder, verify_encoder

Backend = Literal["litert", "mtk"]
Report = Callable[[str], None]

ENCODER, DECODER = "encoder.tflite", "decoder.tflite"

FILES = {SpeechEncoder.kind: ENCODER, Decoder.kind: DECODER}
"""The file of each component's graphs."""


def convert(
    source: Path,
    out: Path,
    precision: Precision = "int8",
    backend: Backend = "litert",
    report: Report = print,
    exceptions: Exceptions | None = None,
    jobs: int | None = None,
) -> list[Difference]:
    """Converts what step 1 left in ``source`` into the bundle ``out``.

    Args:
        source: directory that step 1 wrote.
        out: bundle to make or replace, whole or not at all. May be ``source`` itself, which
            then also keeps its TorchScript.
        precision: of the layers with weights; see docs/precision.md.
        backend: ``litert``, or ``mtk`` (fp32 only; one file a signature).
        report: called with a line of text for each stage.
        exceptions: layers of another precision.
        jobs: graphs to convert at once, as :func:`sotto.export.tflite.lower.write_tflite` takes it.

    Returns:
        Each signature's difference from its TorchScript; empty for ``mtk``.

    Raises:
        OptionError: an option has an unknown value.
        BundleError: ``source`` is not step 1's output, or is damaged.
        ConversionError: a converter failed, an operation is outside the NPU's list, or a
            file differs from its TorchScript beyond the tolerance.
        OutputError: ``out`` can't be written.
    """
    exceptions = exceptions or Exceptions()
    _validate(precision, backend, exceptions)
    manifest, scripts = _read_step1(source)
    check_writable(out)
    in_place = out.resolve() == source.resolve()
    kept = [
        name
        for name in manifest.files
        if not name.endswith(".tflite")
        and (in_place or not name.startswith(TORCHSCRIPT))
        and (name not in (TABLE, TABLE_SCALES) or name in _table(scripts).files)
    ]
    with torch.no_grad(), replacing_directory(out) as directory:
        link_files(source, directory, kept)
        manifest = replace(
            manifest,
            precision=precision,
            backend=backend,
            layers={},
            exceptions={},
            torchscript=scripts if in_place else None,
        ).with_tools(
            sotto=sotto.__version__,
            torch=torch.__version__,
            ai_edge_litert=ai_edge_litert.__version__,
        )
        differences: list[Difference] = []
        if backend == "mtk":
            manifest = _write_mtk(source, directory, manifest, scripts, report)
        else:
            manifest = manifest.with_tools(litert_torch=litert_torch.__version__)
            manifest, precisions = _write_litert(
                source, directory, manifest, scripts, precision, exceptions, report, jobs
            )
            differences = _verify(
                source, directory, manifest, scripts, coarsest(precisions), report
            )
        rows = _place_token_rows(source, directory, manifest, scripts, report)
        manifest = manifest.with_component(replace(manifest.need(Decoder), token_embedding=rows))
        written = {file.name for file in directory.glob("*.tflite")}
        write_manifest(directory, manifest, {*kept, *written, *rows.files})
        failed = [difference for difference in differences if not difference.passed]
        if failed:
            raise ConversionError(
                "the .tflite files differ from the TorchScript by more than the tolerance: "
                + "; ".join(str(difference) for difference in failed)
            )
    return differences


def _read_step1(source: Path) -> tuple[Manifest, TorchScript]:
    """The manifest in ``source``, and what the conversion reads of it."""
    manifest = read_manifest(source).without_compiled()
    scripts = manifest.torchscript
    if scripts is None or manifest.whisper is None:
        raise BundleError(
            f"{source} holds no TorchScript of a Whisper, which step 1 leaves there: run it, or "
            "sotto convert NAME"
        )
    try:
        table = _table(scripts)
        windows = windows_of(*(scripts.graphs.get(kind, ()) for kind in FILES))
    except BundleError as error:
        raise BundleError(f"{source}: {error}. {REBUILD}") from error
    if absent := {SAMPLE, *table.files, *scripts.files} - set(manifest.files):
        raise BundleError(f"{source}: files does not list {sorted(absent)[0]}. {REBUILD}")
    if not windows:
        raise BundleError(f"{source} has no windows. {REBUILD}")
    return manifest, scripts


def _table(scripts: TorchScript) -> TokenTable:
    if scripts.token_embedding is None:
        raise BundleError("step 1 left no token embedding")
    return scripts.token_embedding


def _validate(precision: str, backend: str, exceptions: Exceptions) -> None:
    check_precision(precision)
    if backend not in get_args(Backend):
        raise OptionError(f"backend {backend!r}: expected one of {', '.join(get_args(Backend))}")
    if backend == "mtk" and (precision != "fp32" or exceptions.precisions):
        raise OptionError(
            f"precision {precision!r}: the mtk backend writes fp32 only; add --precision fp32"
        )


def _write_litert(
    source: Path,
    directory: Path,
    manifest: Manifest,
    scripts: TorchScript,
    precision: Precision,
    exceptions: Exceptions,
    report: Report,
    jobs: int | None,
) -> tuple[Manifest, set[Precision]]:
    """Writes a file for each component; gives the manifest and the layers' precisions."""
    layers: dict[str, list[Layer]] = {}
    for kind, file in FILES.items():
        traced = sorted(scripts.graphs[kind], key=_order)
        graphs = [(source / graph.file, graph) for graph in traced]
        report(f"converting {', '.join(graph.name for graph in traced)} to {file}")
        write_tflite(graphs, directory / file, report, jobs)
        layers[file] = find_layers(
            directory / file, module_weights(file, (script for script, _ in graphs))
        )
        manifest = _with_graphs(
            manifest, kind, [graph.in_file(file, graph.role) for graph in traced]
        )
    return quantize_files(directory, directory, layers, manifest, precision, exceptions, report)


def _order(graph: Graph) -> int:
    """Of a file's graphs: all steps come before what a block is run by."""
    return 0 if graph.role is None else get_args(Role).index(graph.role)


def _with_graphs(manifest: Manifest, kind: str, graphs: Sequence[Graph]) -> Manifest:
    (component,) = (one for one in manifest.components if one.kind == kind)
    return manifest.with_component(component.with_graphs(tuple(graphs)))


def _verify(
    source: Path,
    directory: Path,
    manifest: Manifest,
    scripts: TorchScript,
    precision: Precision,
    report: Report,
) -> list[Difference]:
    """Compares each signature with its TorchScript on step 1's sample of real speech."""
    with np.load(source / SAMPLE, allow_pickle=False) as sample:
        log_mel, said = sample["log_mel"], sample["tokens"]
    decoder = manifest.need(Decoder)
    repeated = np.tile(said, REPEATS)[: decoder.spec.cache]
    hidden = _hidden_rows(source, decoder, _table(scripts), repeated)
    file = directory / DECODER
    differences = []

    def keep(difference: Difference) -> None:
        report(str(difference))
        differences.append(difference)

    for window in windows_of(*(scripts.graphs[kind] for kind in FILES)):
        encoder = window.encoder
        difference, cross = verify_encoder(
            directory / ENCODER, source / encoder.file, encoder, log_mel, precision
        )
        keep(difference)
        for graph in filter(None, (window.step, window.prefill, window.alignment)):
            text = hidden[: len(said)] if graph.role == "step" else hidden
            script = source / graph.file
            keep(verify_decoder(file, script, graph, decoder.spec, cross, text, precision))
    return differences


def _hidden_rows(
    source: Path, decoder: Decoder, table: TokenTable, tokens: np.ndarray
) -> torch.Tensor:
    """The host's own way to hidden rows: ``[n, width]``, table row + position row."""
    rows = np.load(source / table.file, mmap_mode="r")[tokens].astype(np.float32)
    if table.scales:
        rows *= np.load(source / table.scales)[tokens][:, None]
    return torch.from_numpy(rows + np.load(source / decoder.position_embedding)[: len(tokens)])


def _place_token_rows(
    source: Path, directory: Path, manifest: Manifest, scripts: TorchScript, report: Report
) -> TokenTable:
    """Where the host finds token rows.

    In step 1's table, if it was told how to store one. If not, in the output layer's weights, or
    in a table after all where the host can't read these.
    """
    table = _table(scripts)
    if not table.file.startswith(TORCHSCRIPT):
        return table
    shared = share_token_rows(directory, manifest.need(Decoder).spec, report)
    if shared is not None:
        return shared
    shutil.copyfile(source / table.file, directory / TABLE)
    return replace(table, file=TABLE)


def _write_mtk(
    source: Path, directory: Path, manifest: Manifest, scripts: TorchScript, report: Report
) -> Manifest:
    """Writes a file for each graph; gives the manifest."""
    for kind in FILES:
        written = []
        for graph in scripts.graphs[kind]:
            file = f"{graph.name}.tflite"
            report(f"converting {graph.name} to {file} with mtk_converter")
            write_mtk_tflite(source / graph.file, graph, directory / file)
            written.append(graph.in_file(file, graph.role))
        manifest = _with_graphs(manifest, kind, written)
    return manifest
