"""Static quantisation of .tflite files: int8 weights, and activations of calibrated ranges."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from ai_edge_quantizer import qtyping, quantizer

from sotto.errors import ConversionError
from sotto.export.quantize.quantizer import exactly, write_quantized
from sotto.export.quantize.ranges import Range
from sotto.export.quantize.recipes import Numbers, Recipe
from sotto.export.tflite.graphs import read_graphs

_BITS: dict[Numbers, int] = {"int8": 8, "int16": 16}

HEADROOM = 2.0
"""Of int16's ranges over those that were found. Speech that was not calibrated on has larger peaks,
which are few and carry much; the bit that it costs is not missed. int8 has none to spare."""


def quantize_statically(
    model: Path,
    out: Path,
    recipe: Recipe,
    ranges: Mapping[str, Range],
    layer_of: dict[str, str],
) -> None:
    """Writes a float32 .tflite file in a recipe's numbers.

    Inputs and outputs of its graphs stay float32; they are quantised, and back, inside.

    Args:
        model: float32 .tflite file.
        out: file to write.
        recipe: see :mod:`sotto.export.quantize.recipes`.
        ranges: of each tensor that the recipe quantises, by its name.
        layer_of: layers by the names of the tensors that they write.

    Raises:
        ConversionError: the quantiser failed.
    """
    chosen: dict[tuple[str, Numbers], list[str]] = {}
    used: dict[str, set[Numbers]] = {}
    for graph in read_graphs(model):
        for operation, numbers in zip(
            graph.operations, recipe.resolve(graph, layer_of), strict=True
        ):
            if numbers != "float":
                scope = ";".join(output.name for output in operation.outputs)
                chosen.setdefault((operation.name, numbers), []).append(scope)
                for tensor in (*operation.inputs, *operation.outputs):
                    used.setdefault(tensor.name, set()).add(numbers)
    if not chosen:
        shutil.copyfile(model, out)
        return
    try:
        result = quantizer.Quantizer(str(model))
        for (operation_name, numbers), scopes in chosen.items():
            result.add_static_config(
                exactly(scopes),
                qtyping.TFLOperationName(operation_name),
                activation_num_bits=_BITS[numbers],
                weight_num_bits=8,
            )
        # The quantiser writes into it.
        found = {name: _statistics(of, used.get(name)) for name, of in ranges.items()}
        quantized = result.quantize(found, enable_progress_bar=False, enable_progress_report=False)
        write_quantized(quantized, out)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise ConversionError(f"ai-edge-quantizer could not quantise {model}: {error}") from error


def _statistics(found: Range, numbers: set[Numbers] | None) -> dict[str, np.ndarray]:
    room = HEADROOM if numbers == {"int16"} else 1.0
    low, high = found
    return {"min": np.array([low * room]), "max": np.array([high * room])}
