"""TorchScript to TFLite through MediaTek's mtk_converter, where NeuroPilot is installed.

The calls follow NeuroPilot's documentation of ``mtk_converter.PyTorchConverter``. Its files
may hold ``MTKEXT_*`` operations that only MediaTek's tools run, so they are not verified
here; the LiteRT backend's files are the reference.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import torch

from sotto.bundle import Signature
from sotto.errors import ConversionError

INSTALL = (
    "the mtk backend needs MediaTek's mtk_converter, part of the NeuroPilot SDK "
    "(https://neuropilot.mediatek.com, a MediaTek developer account is needed): download the "
    "SDK, then pip install its mtk_converter wheel into this environment. "
    "Without it use --backend litert."
)


def write_mtk_tflite(script: Path, signature: Signature, out: Path) -> None:
    """Converts one TorchScript graph, float32, into one .tflite file.

    Raises:
        ConversionError: mtk_converter is not installed, or refused the graph.
    """
    try:
        mtk_converter = importlib.import_module("mtk_converter")
    except ImportError:
        raise ConversionError(INSTALL) from None
    shapes = [list(spec.shape) for spec in signature.inputs]
    types = [torch.float32] * len(shapes)
    try:
        converter = mtk_converter.PyTorchConverter.from_script_module_file(
            str(script), input_shapes=shapes, input_types=types
        )
        converter.quantize = False
        converter.convert_to_tflite(output_file=str(out))
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ConversionError(f"mtk_converter refused {signature.name}: {reason}") from error
    if not out.is_file():
        raise ConversionError(
            f"mtk_converter wrote no file for {signature.name}; see what it printed"
        )
