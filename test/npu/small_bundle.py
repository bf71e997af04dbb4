"""A bundle of small graphs under the names that a Whisper's have."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from npu_graphs import REFUSED
from small_graph import Value, constant, write_graph

from sotto.bundle import write_manifest
from sotto.export.tflite.flatbuffer import read_model, write_model
from sotto.export.tflite.merge import Merger

WINDOWS = (1, 2)
WIDTH = 8
ROLES = {
    "encoder.tflite": {"encoder": "encode"},
    "decoder.tflite": {"decoder": "decode", "prefill": "prefill", "alignment": "align"},
}


def write_bundle(folder: Path, windows: tuple[int, ...] = WINDOWS) -> Path:
    """Each signature is a layer of its own over ``[1, 4 s, 8]``, of weights that it shares.

    ``encode_1s``, ``decode_1s``, ``prefill_1s`` and ``align_1s`` for a window of 1 s.
    """
    folder.mkdir(parents=True)
    signatures = {}
    for file, roles in ROLES.items():
        merger = Merger()
        for role in roles.values():
            for seconds in windows:
                name = f"{role}_{seconds}s"
                path = _write_layer(folder / "alone.tflite", seconds)
                model = read_model(path)
                model.signatureDefs[0].signatureKey = name.encode()
                merger.add(name, model)
                path.unlink()  # still mapped
                shape = [1, 4 * seconds, WIDTH]
                tensor = {"shape": shape, "dtype": "float32"}
                signatures[name] = {
                    "file": file,
                    "inputs": [{"name": "in0", **tensor}],
                    "outputs": [{"name": "out3", **tensor}],
                }
        write_model(merger.model, folder / file)
    names = {role: prefix for roles in ROLES.values() for role, prefix in roles.items()}
    manifest = {
        "kind": "whisper",
        "precision": "fp32",
        "backend": "litert",
        "windows": [
            {"seconds": s, "frames": 100 * s, **{r: f"{n}_{s}s" for r, n in names.items()}}
            for s in windows
        ],
        "signatures": signatures,
    }
    write_manifest(folder, manifest, list(ROLES))
    return folder


def write_refused_bundle(folder: Path) -> Path:
    """The same with an encoder of dynamic-range int8."""
    write_bundle(folder, (1,))
    path = REFUSED["dynamic-range int8"][1](folder)
    model = read_model(path)
    model.signatureDefs[0].signatureKey = b"encode_1s"
    write_model(model, folder / "encoder.tflite")
    path.unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    write_manifest(folder, manifest, list(ROLES))
    return folder


def _write_layer(path: Path, seconds: int) -> Path:
    options = schema.FullyConnectedOptionsT()
    options.keepNumDims = True
    weights = np.arange(WIDTH * WIDTH).reshape(WIDTH, WIDTH) / 64
    rows = Value((1, 4 * seconds, WIDTH))
    inputs = [rows, constant(weights, "float32"), constant(np.ones(WIDTH), "float32")]
    return write_graph(path, "FULLY_CONNECTED", inputs, [rows], options)
