"""Step 2: TorchScript and its manifest become a bundle that the runtime reads.

Nothing is consumed but what step 1 wrote: no checkpoint, no audio, no vocabulary.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import ai_edge_litert
import litert_torch
import numpy as np
import torch

import sotto
from sotto.bundle import (
    MANIFEST,
    REBUILD,
    Manifest,
    check_writable,
    drop_compiled,
    link_files,
    read_manifest,
    replacing_directory,
    write_manifest,
)
from sotto.errors import BundleError, ConversionError, OptionError
from sotto.export.difference import Difference
from sotto.export.mtk import write_mtk_tflite
from sotto.export.quantize.precision import Exceptions, Precision, check_precision, coarsest
from sotto.export.quantize.quantizer import quantize_files
from sotto.export.quantize.token_table import TABLE, TABLE_SCALES
from sotto.export.tflite.layers import Layer, find_layers, module_weights
from sotto.export.tflite.lower import write_tflite
from sotto.export.whisper.block_caches import REPEATS
from sotto.export.whisper.token_rows import share_token_rows
from sotto.export.whisper.torchscript import SAMPLE, TORCHSCRIPT
from sotto.export.whisper.verify import (
    verify_alignment,
    verify_decoder,
    verify_encoder,
    verify_prefill,
)
from sotto.graphs.signatures import Signature

Backend = Literal["litert", "mtk"]
Report = Callable[[str], None]

ENCODER, DECODER = "encoder.tflite", "decoder.tflite"

ROLES = {ENCODER: ("encoder",), DECODER: ("decoder", "prefill", "alignment")}
"""A window's signatures by the file that holds them; it may lack the alignment."""


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
    manifest = _read_step1(source)
    drop_compiled(manifest)
    check_writable(out)
    in_place = out.resolve() == source.resolve()
    kept = [
        name
        for name in manifest["files"]
        if not name.endswith(".tflite")
        and (in_place or not name.startswith(TORCHSCRIPT))
        and (name not in (TABLE, TABLE_SCALES) or name in _table_files(manifest))
    ]
    with torch.no_grad(), replacing_directory(out) as directory:
        link_files(source, directory, kept)
        manifest["precision"] = precision
        manifest["backend"] = backend
        manifest["tools"] |= {
            "sotto": sotto.__version__,
            "torch": torch.__version__,
            "ai-edge-litert": ai_edge_litert.__version__,
        }
        if backend == "mtk":
            differences: list[Difference] = []
            _write_mtk(source, directory, manifest, report)
        else:
            manifest["tools"]["litert-torch"] = litert_torch.__version__
            differences = _write_litert(source, directory, manifest, exceptions, report, jobs)
        written = [file.name for file in directory.glob("*.tflite")]
        written += _place_token_rows(source, directory, manifest, report)
        if not in_place:
            manifest["torchscript"] = {}
            del manifest["token_table"]
        write_manifest(directory, manifest, sorted({*kept, *written}))
        failed = [difference for difference in differences if not difference.passed]
        if failed:
            raise ConversionError(
                "the .tflite files differ from the TorchScript by more than the tolerance: "
                + "; ".join(str(difference) for difference in failed)
            )
    return differences


def _read_step1(source: Path) -> Manifest:
    """The manifest in ``source``, with all that the conversion reads of it."""
    manifest = read_manifest(source)
    if not manifest.get("torchscript"):
        raise BundleError(
            f"{source} holds no TorchScript: run "
            f"python convert/step1_pt_to_torchscript.py --model {manifest.get('name', 'NAME')} "
            f"--out {source}"
        )
    try:
        files = {SAMPLE, "positional_embedding.npy", *_table_files(manifest)}
        for window in manifest["windows"]:
            for name in _names(window):
                graph = _graph(manifest, name)
                if not all(spec.shape for spec in (*graph.inputs, *graph.outputs)):
                    raise ValueError(f"{graph.name} has a tensor without a shape")
                files.add(manifest["torchscript"][graph.name]["file"])
        if absent := files - set(manifest["files"]):
            raise KeyError(*sorted(absent))
        if not isinstance(manifest["tools"], dict) or not manifest["windows"]:
            raise ValueError("tools or windows are empty")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"{source / MANIFEST} is damaged ({type(error).__name__}: {error}). {REBUILD}"
        ) from error
    return manifest


def _validate(precision: str, backend: str, exceptions: Exceptions) -> None:
    check_precision(precision)
    if backend not in get_args(Backend):
        raise OptionError(f"backend {backend!r}: expected one of {', '.join(get_args(Backend))}")
    if backend == "mtk" and (precision != "fp32" or exceptions.precisions):
        raise OptionError(
            f"precision {precision!r}: the mtk backend writes fp32 only; add --precision fp32"
        )


def _graph(manifest: Manifest, name: str) -> Signature:
    return Signature.from_manifest(name, manifest["torchscript"][name])


def _names(window: dict[str, Any]) -> list[str]:
    """The names of its graphs."""
    return [window["encoder"], window["decoder"], window["prefill"], *_alignment(window)]


def _alignment(window: dict[str, Any]) -> list[str]:
    """The name of its alignment graph, if it has one."""
    return [window["alignment"]] if "alignment" in window else []


def _write_litert(
    source: Path,
    directory: Path,
    manifest: Manifest,
    exceptions: Exceptions,
    report: Report,
    jobs: int | None,
) -> list[Difference]:
    manifest["signatures"] = {}
    layers: dict[str, list[Layer]] = {}
    for file, roles in ROLES.items():
        windows = manifest["windows"]
        names = [window[role] for role in roles for window in windows if role in window]
        graphs = [
            (source / manifest["torchscript"][name]["file"], _graph(manifest, name))
            for name in names
        ]
        report(f"converting {', '.join(names)} to {file}")
        write_tflite(graphs, directory / file, report, jobs)
        layers[file] = find_layers(
            directory / file, module_weights(file, (script for script, _ in graphs))
        )
        for _, signature in graphs:
            manifest["signatures"][signature.name] = {"file": file, **signature.as_manifest()}
    precisions = quantize_files(directory, directory, layers, manifest, exceptions, report)
    return _verify(source, directory, manifest, coarsest(precisions), report)


def _verify(
    source: Path, directory: Path, manifest: Manifest, precision: Precision, report: Report
) -> list[Difference]:
    """Compares each signature with its TorchScript on step 1's sample of real speech."""
    with np.load(source / SAMPLE, allow_pickle=False) as sample:
        log_mel, said = sample["log_mel"], sample["tokens"]
    repeated = np.tile(said, REPEATS)[: manifest["cache"]]
    hidden = _hidden_rows(source, manifest, repeated)
    sampled = hidden[: len(said)]
    differences = []

    def keep(difference: Difference) -> None:
        report(str(difference))
        differences.append(difference)

    def stage(name: str) -> tuple[Path, Signature]:
        return source / manifest["torchscript"][name]["file"], _graph(manifest, name)

    for window in manifest["windows"]:
        script, graph = stage(window["encoder"])
        difference, cross = verify_encoder(directory / ENCODER, script, graph, log_mel, precision)
        keep(difference)
        script, graph = stage(window["decoder"])
        keep(verify_decoder(directory / DECODER, script, graph, cross, sampled, precision))
        script, graph = stage(window["prefill"])
        keep(verify_prefill(directory / DECODER, script, graph, cross, hidden, precision))
        for name in _alignment(window):
            script, graph = stage(name)
            keep(verify_alignment(directory / DECODER, script, graph, cross, hidden, precision))
    return differences


def _hidden_rows(source: Path, manifest: Manifest, tokens: np.ndarray) -> torch.Tensor:
    """The host's own way to hidden rows: ``[n, width]``, table row + position row."""
    table = manifest["token_table"]
    rows = np.load(source / table["file"], mmap_mode="r")[tokens].astype(np.float32)
    if "scales" in table:
        rows *= np.load(source / table["scales"])[tokens][:, None]
    return torch.from_numpy(rows + np.load(source / "positional_embedding.npy")[: len(tokens)])


def _table_files(manifest: Manifest) -> set[str]:
    """Of step 1's token embedding."""
    table = manifest["token_table"]
    return {table["file"], table.get("scales")} - {None}


def _place_token_rows(
    source: Path, directory: Path, manifest: Manifest, report: Report
) -> list[str]:
    """Says where the host finds token rows; returns the files that this takes.

    Step 1's table, if it was told how to store one. If not, the output layer's weights, or a
    table after all where the host can't read these.
    """
    table = manifest["token_table"]
    if not table["file"].startswith(TORCHSCRIPT):
        manifest["token_embedding"] = table
        return sorted(_table_files(manifest))
    files = share_token_rows(directory, manifest, report)
    if files is None:
        manifest["token_embedding"] = {**table, "file": TABLE}
        shutil.copyfile(source / table["file"], directory / TABLE)
        return [TABLE]
    return files


def _write_mtk(source: Path, directory: Path, manifest: Manifest, report: Report) -> None:
    manifest["signatures"], manifest["layers"], manifest["exceptions"] = {}, {}, {}
    for window in manifest["windows"]:
        for name in _names(window):
            signature = _graph(manifest, name)
            file = f"{signature.name}.tflite"
            report(f"converting {signature.name} to {file} with mtk_converter")
            script = source / manifest["torchscript"][signature.name]["file"]
            write_mtk_tflite(script, signature, directory / file)
            manifest["signatures"][signature.name] = {"file": file, **signature.as_manifest()}
