"""Quantisation of .tflite files by ai-edge-quantizer."""

from __future__ import annotations

from pathlib import Path

from ai_edge_quantizer import quantizer, recipe


def quantize_int8(model: Path, out: Path) -> None:
    """Dynamic-range int8: weights int8 a channel, activations quantised as they come.

    A precision for CPUs; the NPU wants float or fully static graphs.

    Args:
        model: float32 .tflite file.
        out: file to write.
    """
    result = quantizer.Quantizer(str(model), recipe.dynamic_wi8_afp32()).quantize()
    result.export_model(str(out), overwrite=True)
