"""Quantisation of .tflite files by ai-edge-quantizer, layer by layer."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from ai_edge_quantizer import qtyping, quantizer
from ai_edge_quantizer.algorithm_manager import AlgorithmName

from sotto.bundle import Manifest
from sotto.errors import ConversionError
from sotto.export.quantize.precision import Exceptions, Precision
from sotto.export.tflite.flatbuffer import read_model, write_model
from sotto.export.tflite.layers import Layer
from sotto.npu.operations import check_operations
from sotto.npu.rules import judge

Add = Callable[[quantizer.Quantizer, str, qtyping.TFLOperationName], None]


def _fp16(model: quantizer.Quantizer, regex: str, operation: qtyping.TFLOperationName) -> None:
    model.add_weight_only_config(regex, operation, 16, algorithm_key=AlgorithmName.FLOAT_CASTING)


def _int8(model: quantizer.Quantizer, regex: str, operation: qtyping.TFLOperationName) -> None:
    model.add_dynamic_config(regex, operation, 8)


def _int8_weights(
    model: quantizer.Quantizer, regex: str, operation: qtyping.TFLOperationName
) -> None:
    model.add_weight_only_config(regex, operation, 8)


def _int4(model: quantizer.Quantizer, regex: str, operation: qtyping.TFLOperationName) -> None:
    if operation == qtyping.TFLOperationName.CONV_2D:  # has no kernel for blocks
        _int8(model, regex, operation)
    else:
        model.add_dynamic_config(regex, operation, 4, qtyping.QuantGranularity.BLOCKWISE_32)


_CONFIGURE: dict[Precision, Add] = {
    "fp16": _fp16,
    "int8": _int8,
    "int8-weights": _int8_weights,
    "int4": _int4,
}


def quantize_files(
    source: Path,
    directory: Path,
    layers: Mapping[str, list[Layer]],
    manifest: Manifest,
    precision: Precision,
    exceptions: Exceptions,
    report: Callable[[str], None],
) -> tuple[Manifest, set[Precision]]:
    """Writes a bundle's float32 files in a precision.

    Args:
        source: holds the files.
        directory: gets them, under the same names; may be ``source``.
        layers: of each file.
        manifest: of the bundle.
        precision: of the layers.
        exceptions: layers of another precision.
        report: called with a line of text for each file.

    Returns:
        The manifest with ``precision``, ``layers``, ``exceptions`` and the tool's version, and
        the precisions that layers have.

    Raises:
        OptionError: an exception matches no layer.
        ConversionError: the quantiser failed, or an operation is outside the NPU's list.
    """
    exceptions.check(layer for of_file in layers.values() for layer in of_file)
    used: set[Precision] = set()
    entries = {}
    for file, of_file in layers.items():
        precisions = exceptions.resolve(precision, of_file)
        used |= set(precisions.values())
        entries[file] = {layer.name: layer.entry(precisions[layer.name]) for layer in of_file}
        if set(precisions.values()) != {"fp32"}:
            report(f"quantising {file} to {precision}")
            written = directory / f"{file}.quantised"
            quantize(source / file, written, of_file, precisions)
            manifest = manifest.with_tools(ai_edge_quantizer=version("ai-edge-quantizer"))
            written.replace(directory / file)
        elif source != directory:
            shutil.copyfile(source / file, directory / file)
        check_operations(judge(directory / file), file, report)
    manifest = replace(
        manifest, precision=precision, exceptions=dict(exceptions.precisions), layers=entries
    )
    return manifest, used


def quantize(
    model: Path, out: Path, layers: Iterable[Layer], precisions: Mapping[str, Precision]
) -> None:
    """Writes a float32 .tflite file in other precisions.

    ``fp16`` and ``int8-weights`` store the weights so and compute in float32; ``int8`` and
    ``int4`` also quantise activations as they come, to 8 bits a row. Inputs and outputs stay
    float32.

    Args:
        model: float32 .tflite file.
        out: file to write.
        layers: of the file.
        precisions: by layer name; a layer that is not in it stays float32.

    Raises:
        ConversionError: the quantiser failed.
    """
    chosen: dict[tuple[str, Precision], list[str]] = {}
    for layer in layers:
        precision = precisions.get(layer.name, "fp32")
        if precision != "fp32":
            chosen.setdefault((layer.operation, precision), []).extend(layer.outputs)
    if not chosen:
        shutil.copyfile(model, out)
        return
    try:
        result = quantizer.Quantizer(str(model))
        for (operation, precision), outputs in chosen.items():
            _CONFIGURE[precision](result, exactly(outputs), qtyping.TFLOperationName(operation))
        # The report costs more than the quantisation: it traces every allocation.
        quantized = result.quantize(enable_progress_bar=False, enable_progress_report=False)
        write_quantized(quantized, out)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise ConversionError(f"ai-edge-quantizer could not quantise {model}: {error}") from error


def write_quantized(quantized: quantizer.QuantizationResult, out: Path) -> None:
    """Writes what the quantiser made, with equal bytes stored once."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".quantised-") as directory:
        written = Path(directory) / out.name
        quantized.export_model(str(written))
        # Each signature has scales and zero points of its own for the weights it shares.
        write_model(read_model(written), out)


def exactly(outputs: list[str]) -> str:
    """Matches what the quantiser calls an operation: its output's name and a semicolon."""
    return f"^(?:{'|'.join(re.escape(name) for name in outputs)});$"
