"""Steps 1 and 2 for Silero VAD: a bundle that finds speech, with one graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import ai_edge_litert
import litert_torch
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from torch import Tensor

import sotto
from sotto.bundle import (
    REBUILD,
    LayerEntry,
    Manifest,
    Signature,
    Source,
    TorchScript,
    VoiceActivity,
    check_writable,
    link_files,
    read_manifest,
    replacing_directory,
    write_manifest,
)
from sotto.checkpoints.silero import NAME, SileroCheckpoint, reference_detector
from sotto.errors import BundleError, ConversionError, OptionError
from sotto.export.difference import Difference, compare
from sotto.export.mtk import write_mtk_tflite
from sotto.export.tflite.layers import find_layers, module_weights
from sotto.export.tflite.lower import write_tflite
from sotto.export.vad.probabilities import Run, lay_out, run_detector
from sotto.export.whisper.torch_graph import Graph, run_of
from sotto.export.whisper.torchscript import SAMPLE, TORCHSCRIPT
from sotto.graphs.silero import CHUNK, CONTEXT, REFLECTED, detector
from sotto.graphs.silero import VoiceActivity as DetectorModule
from sotto.npu.operations import check_operations
from sotto.npu.rules import judge

Report = Callable[[str], None]

FILE = "vad.tflite"

TOLERANCE = 1e-4
"""Absolute, on probabilities, fp32. Sums in another order give some 1e-6, which the LSTM's state
carries on; another weight gives more than 1e-1."""

SAMPLE_CHUNKS = 600
"""Some 19 s of speech, which step 2 compares over."""


def is_vad(directory: Path) -> bool:
    """Whether a directory is a bundle, or step 1's output, of such a model."""
    try:
        return read_manifest(directory, verify=False).find(VoiceActivity) is not None
    except BundleError:
        return False


@torch.no_grad()
def export_vad(
    checkpoint: SileroCheckpoint, out: Path, speech: np.ndarray, report: Report = print
) -> Difference:
    """Step 1: writes ``out`` with the TorchScript graph and a manifest for step 2.

    Args:
        checkpoint: the weights.
        out: directory to make or to replace, whole or not at all.
        speech: real speech for the comparison with the package's model, float32 ``[samples]``
            at 16 kHz.
        report: called with a line of text for each stage.

    Raises:
        ConversionError: the graph differs from the package's by more than the tolerance.
        OutputError: ``out`` can't be written.
    """
    check_writable(out)
    signature = detector()
    with replacing_directory(out) as directory:
        (directory / TORCHSCRIPT).mkdir()
        report(f"tracing {signature.name}")
        example = tuple(torch.zeros(spec.shape) for spec in signature.inputs)
        module = DetectorModule(checkpoint.state).eval()
        graph = torch.jit.trace(module, example, check_trace=False)
        file = f"{TORCHSCRIPT}/{signature.name}.pt"
        graph.save(str(directory / file))
        vad = VoiceActivity(graphs=(), context=CONTEXT, reflected=REFLECTED)
        chunks = lay_out(speech, vad)
        reference: Callable[[Tensor, int], Tensor] = reference_detector(checkpoint)
        # The package's model takes the chunks' own samples, and keeps context and state itself.
        own = chunks[:, CONTEXT : CONTEXT + CHUNK]
        expected = np.array([reference(torch.from_numpy(row.copy()), 16000).item() for row in own])
        pairs = [(run_detector(_torch(graph, signature), signature, chunks), expected)]
        difference = compare(signature.name, pairs, largest=TOLERANCE)
        report(str(difference))
        _check(difference, "the graph differs from the package's model")
        np.savez(directory / SAMPLE, samples=speech[: SAMPLE_CHUNKS * CHUNK])
        manifest = Manifest(
            name=NAME,
            family="silero",
            precision="fp32",
            backend="litert",
            source=Source(str(checkpoint.path), checkpoint.format, checkpoint.sha256),
            components=(vad,),
            files={},
            tools={"sotto": sotto.__version__, "torch": torch.__version__},
            torchscript=TorchScript({VoiceActivity.kind: (signature.in_file(file),)}),
        )
        write_manifest(directory, manifest, [file, SAMPLE])
    return difference


@torch.no_grad()
def convert_vad(
    source: Path,
    out: Path,
    precision: str = "fp32",
    backend: Literal["litert", "mtk"] = "litert",
    report: Report = print,
) -> Difference | None:
    """Step 2: converts what step 1 left in ``source`` into the bundle ``out``.

    Args:
        source: directory that step 1 wrote.
        out: bundle to make or replace, whole or not at all. May be ``source`` itself, which
            then also keeps its TorchScript.
        precision: ``fp32``; there is no other.
        backend: ``litert`` or ``mtk``.
        report: called with a line of text for each stage.

    Returns:
        The difference from the TorchScript; None for ``mtk``.

    Raises:
        OptionError: an option has an unknown value.
        BundleError: ``source`` is not step 1's output, or is damaged.
        ConversionError: a converter failed, an operation is outside the NPU's list, or the
            file differs from its TorchScript beyond the tolerance.
        OutputError: ``out`` can't be written.
    """
    if precision != "fp32":
        raise OptionError(f"precision {precision!r}: {NAME} has fp32 only")
    if backend not in ("litert", "mtk"):
        raise OptionError(f"backend {backend!r}: expected one of litert, mtk")
    manifest = read_manifest(source)
    scripts, vad = manifest.torchscript, manifest.need(VoiceActivity)
    traced = scripts.graphs.get(VoiceActivity.kind, ()) if scripts else ()
    if len(traced) != 1 or (absent := {traced[0].file, SAMPLE} - set(manifest.files)):
        what = f"files does not list {sorted(absent)[0]}" if traced else "it has no TorchScript"
        raise BundleError(f"{source} is not what step 1 wrote ({what}). {REBUILD}")
    signature, script = traced[0], source / traced[0].file
    check_writable(out)
    in_place = out.resolve() == source.resolve()
    difference = None
    with replacing_directory(out) as directory:
        kept = [file for file in manifest.files if in_place and file.startswith(TORCHSCRIPT)]
        link_files(source, directory, kept)
        report(f"converting {signature.name} to {FILE}")
        if backend == "mtk":
            write_mtk_tflite(script, signature, directory / FILE)
        else:
            write_tflite([(script, signature)], directory / FILE)
            check_operations(judge(directory / FILE), FILE, report)
            manifest = replace(manifest, layers=_layers(directory / FILE, script))
            manifest = manifest.with_tools(litert_torch=litert_torch.__version__)
            difference = _verify(source, directory / FILE, script, signature, vad)
            report(str(difference))
            _check(difference, f"{FILE} differs from the TorchScript")
        manifest = replace(
            manifest.with_component(vad.with_graphs((signature.in_file(FILE),))),
            backend=backend,
            torchscript=scripts if in_place else None,
        ).with_tools(
            sotto=sotto.__version__,
            torch=torch.__version__,
            ai_edge_litert=ai_edge_litert.__version__,
        )
        write_manifest(directory, manifest, [*kept, FILE])
    return difference


def _layers(model: Path, script: Path) -> dict[str, dict[str, LayerEntry]]:
    """What the manifest says of the file's layers, which quantisation goes by."""
    found = find_layers(model, module_weights(model.name, [script]))
    return {model.name: {layer.name: layer.entry("fp32") for layer in found}}


def _torch(graph: Graph, signature: Signature) -> Run:
    return partial(run_of(graph, signature), signature.name)


def _verify(
    source: Path, model: Path, script: Path, signature: Signature, vad: VoiceActivity
) -> Difference:
    """Compares the file with the TorchScript on step 1's sample of real speech."""
    with np.load(source / SAMPLE, allow_pickle=False) as sample:
        chunks = lay_out(sample["samples"], vad)
    runner = Interpreter(str(model), num_threads=1).get_signature_runner(signature.name)
    actual = run_detector(lambda inputs: runner(**inputs), signature, chunks)
    expected = run_detector(_torch(torch.jit.load(str(script)), signature), signature, chunks)
    return compare(signature.name, [(actual, expected)], largest=TOLERANCE)


def _check(difference: Difference, fault: str) -> None:
    if not difference.passed:
        raise ConversionError(f"{fault} by more than the tolerance: {difference}")
