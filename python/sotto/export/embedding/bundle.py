"""A checkpoint of any family that embeds becomes a bundle.

A family says what its towers are: for each modality the graphs, the tables that the host reads, and
what the reference implementation makes of a sample. Everything else is here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import ai_edge_litert
import litert_torch
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from torch import nn

import sotto
from sotto.bundle import (
    Embedder,
    Embedding,
    Manifest,
    Signature,
    Source,
    check_writable,
    replacing_directory,
    write_manifest,
)
from sotto.errors import ConversionError
from sotto.export.difference import Difference, compare
from sotto.export.quantize.precision import Exceptions, Precision, check_precision, coarsest
from sotto.export.quantize.quantizer import quantize_files
from sotto.export.tflite.layers import Layer, find_layers, module_weights
from sotto.export.tflite.lower import write_tflite

TOLERANCE = 1e-4
"""Of the fp32 graphs' embeddings, on values of order 1 (of larger ones, times the largest): sums in
another order give some 1e-6; GELU in its other form gives 3e-4 in three blocks, more in more."""

DECIBEL = {"fp16": 40.0, "int8-weights": 20.0, "int8": 17.0, "int4": 7.0}
"""Least signal to noise of each vector of length 1. 40 dB are a cosine of 0.99995, 20 of 0.995, 17
of 0.99 and 7 of 0.9: what one asks of these precisions. A lost scale or sign gives less than 3."""

THREADS = 1

Report = Callable[[str], None]
Graphs = Sequence[tuple[Signature, Callable[[], nn.Module]]]


class Tower(Protocol):
    """One modality of a model."""

    @property
    def modality(self) -> str:
        """``text``, ``image`` or ``audio``: the file's name."""
        ...

    def graphs(self) -> Graphs:
        """Each signature and what makes its module, in the manifest's order."""
        ...

    def describe(self, directory: Path, precision: Precision) -> Embedder:
        """Writes the host's tables into ``directory``; gives the component, without graphs."""
        ...

    def sample(
        self, directory: Path, component: Embedder, signature: Signature
    ) -> list[np.ndarray]:
        """A signature's inputs, made of real content by what :meth:`describe` wrote."""
        ...

    def expected(self, directory: Path, component: Embedder, signature: Signature) -> np.ndarray:
        """What the reference implementation gives for the same sample, ``[B, d]``."""
        ...


@dataclass(frozen=True)
class EmbeddingSource:
    """A checkpoint that has been read, ready for :func:`write_embedding`.

    Attributes:
        name, family, source, embedding: of the manifest.
        dimensions: of the vectors.
        towers: one, or two whose vectors are of one space.
    """

    name: str
    family: str
    source: Source
    dimensions: int
    embedding: Embedding
    towers: Sequence[Tower]


def write_embedding(
    model: EmbeddingSource,
    out: Path,
    precision: str = "int8",
    exceptions: Exceptions | None = None,
    report: Report = print,
    jobs: int | None = None,
) -> list[Difference]:
    """Converts a model into the bundle ``out``.

    Args:
        model: the checkpoint.
        out: bundle to make or replace, whole or not at all.
        precision: of the layers with weights, and of the token table.
        exceptions: layers of another precision.
        report: called with a line of text for each stage.
        jobs: graphs to convert at once, as :func:`sotto.export.tflite.lower.write_tflite` takes it.

    Returns:
        Each signature's difference from the reference implementation, as it was written.

    Raises:
        OptionError: the precision is unknown, or an exception matches no layer.
        ConversionError: a converter failed, an operation is outside the NPU's list, or the
            vectors differ from the reference's beyond the tolerance.
        OutputError: ``out`` can't be written.
    """
    exceptions, chosen = exceptions or Exceptions(), check_precision(precision)
    check_writable(out)
    with torch.no_grad(), replacing_directory(out) as directory:
        manifest = _manifest(model, chosen)
        layers = {}
        differences = []
        components = []
        for tower in model.towers:
            components.append(_described(tower, directory, "fp32"))
            file = f"{tower.modality}.tflite"
            layers[file] = _write_graphs(tower, directory / file, report, jobs)
            differences += _verify(tower, directory, components[-1], "fp32", report)
        manifest, used = quantize_files(
            directory, directory, layers, manifest, chosen, exceptions, report
        )
        if used | {chosen} != {"fp32"}:
            differences = []
            coarse = coarsest({chosen, *used})
            components = [_described(tower, directory, chosen) for tower in model.towers]
            for tower, component in zip(model.towers, components, strict=True):
                differences += _verify(tower, directory, component, coarse, report)
        manifest = replace(manifest, components=tuple(components))
        write_manifest(directory, manifest, [p.name for p in directory.iterdir() if p.is_file()])
    return differences


def _manifest(model: EmbeddingSource, precision: Precision) -> Manifest:
    return Manifest(
        name=model.name,
        family=model.family,
        precision=precision,
        backend="litert",
        source=model.source,
        components=(),
        files={},
        tools={
            "sotto": sotto.__version__,
            "torch": torch.__version__,
            "litert-torch": litert_torch.__version__,
            "ai-edge-litert": ai_edge_litert.__version__,
        },
        embedding=model.embedding,
    )


def _described(tower: Tower, directory: Path, precision: Precision) -> Embedder:
    """A tower's component, whose tables are written, with its graphs."""
    file = f"{tower.modality}.tflite"
    graphs = tuple(signature.in_file(file) for signature, _ in tower.graphs())
    return tower.describe(directory, precision).with_graphs(graphs)


def _write_graphs(tower: Tower, out: Path, report: Report, jobs: int | None) -> list[Layer]:
    """Traces and converts a tower's graphs into a file; gives its layers."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".torchscript-") as folder:
        graphs = []
        for signature, module in tower.graphs():
            report(f"tracing {signature.name}")
            example = tuple(torch.zeros(spec.shape) for spec in signature.inputs)
            script = Path(folder) / f"{signature.name}.pt"
            torch.jit.trace(module().eval(), example, check_trace=False).save(str(script))
            graphs.append((script, signature))
        report(f"converting {len(graphs)} graphs to {out.name}")
        write_tflite(graphs, out, report, jobs)
        return find_layers(out, module_weights(out.name, [script for script, _ in graphs]))


def _verify(
    tower: Tower, directory: Path, component: Embedder, precision: str, report: Report
) -> list[Difference]:
    """Compares the written file with the reference implementation on each signature's sample."""
    interpreter = Interpreter(str(directory / f"{tower.modality}.tflite"), num_threads=THREADS)
    differences = []
    for signature, _ in tower.graphs():
        inputs = tower.sample(directory, component, signature)
        actual = embed(interpreter, signature, inputs)
        expected = tower.expected(directory, component, signature)
        differences.append(distance(signature.name, actual, expected, precision))
        report(f"{precision} against the reference: {differences[-1]}")
    if failed := [difference for difference in differences if not difference.passed]:
        raise ConversionError(
            f"{tower.modality}.tflite differs from the reference implementation by more than the "
            f"tolerance: {'; '.join(map(str, failed))}"
        )
    return differences


def embed(
    interpreter: Interpreter, signature: Signature, inputs: Sequence[np.ndarray]
) -> np.ndarray:
    """Vectors ``[B, d]`` of a signature's inputs."""
    feeds = {spec.name: value for spec, value in zip(signature.inputs, inputs, strict=True)}
    outputs = interpreter.get_signature_runner(signature.name)(**feeds)
    return np.array(outputs[signature.outputs[0].name])


def distance(stage: str, actual: np.ndarray, expected: np.ndarray, precision: str) -> Difference:
    """How far vectors ``[B, d]`` are from others: the worst of them counts."""
    if precision == "fp32":
        limit = TOLERANCE * max(1.0, float(np.abs(expected).max()))
        return compare(stage, [(actual, expected)], largest=limit)
    pairs = list(zip(unit(actual), unit(expected), strict=True))
    return compare(stage, pairs, decibel=DECIBEL[precision])


def unit(vectors: np.ndarray) -> np.ndarray:
    """``[B, d]`` of length 1 each."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
