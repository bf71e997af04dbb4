"""A bundle of small graphs under the names that a Whisper's have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from npu_graphs import REFUSED
from small_graph import Value, constant, write_graph

from sotto.bundle import (
    Decoder,
    DecoderSpec,
    EncoderSpec,
    Graph,
    Manifest,
    Source,
    SpeechEncoder,
    TensorSpec,
    Tokens,
    TokenTable,
    Whisper,
    read_manifest,
    write_manifest,
)
from sotto.bundle.graph import Role
from sotto.export.tflite.flatbuffer import read_model, write_model
from sotto.export.tflite.merge import Merger

WINDOWS = (1, 2)
WIDTH = 8
ROLES: dict[str, dict[str, Role | None]] = {
    "encoder.tflite": {"encode": None},
    "decoder.tflite": {"decode": "step", "prefill": "prefill", "align": "alignment"},
}
TABLE = "table.npy"
"""Stands for every table: no test reads one."""


def write_bundle(folder: Path, windows: tuple[int, ...] = WINDOWS) -> Path:
    """Each signature is a layer of its own over ``[1, 4 s, 8]``, of weights that it shares.

    ``encode_1s``, ``decode_1s``, ``prefill_1s`` and ``align_1s`` for a window of 1 s.
    """
    folder.mkdir(parents=True)
    graphs: dict[str, list[Graph]] = {}
    for file, roles in ROLES.items():
        merger = Merger()
        for prefix, role in roles.items():
            for seconds in windows:
                name = f"{prefix}_{seconds}s"
                path = _write_layer(folder / "alone.tflite", seconds)
                model = read_model(path)
                model.signatureDefs[0].signatureKey = name.encode()
                merger.add(name, model)
                path.unlink()  # still mapped
                graphs.setdefault(file, []).append(_listed(name, file, role, seconds))
        write_model(merger.model, folder / file)
    np.save(folder / TABLE, np.zeros(1, np.float32))
    encoder = SpeechEncoder(
        tuple(graphs["encoder.tflite"]), EncoderSpec(1, 1, WIDTH, 1500), "erf", TABLE
    )
    decoder = Decoder(
        tuple(graphs["decoder.tflite"]),
        DecoderSpec(1, 1, 1, WIDTH, 448, 64, 20, -1e4),
        "erf",
        TokenTable(TABLE, "fp32"),
        TABLE,
        TABLE,
    )
    manifest = Manifest(
        name="small",
        family="whisper",
        precision="fp32",
        backend="litert",
        source=Source("made by hand", "numpy", "0" * 64),
        components=(encoder, decoder),
        files={},
        tools={},
        whisper=Whisper(Tokens(*range(9)), (), (), ()),
    )
    write_manifest(folder, manifest, [*ROLES, TABLE])
    return folder


def _listed(name: str, file: str, role: Role | None, seconds: int) -> Graph:
    """What the manifest says of a graph: with the inputs that tell its window."""
    shape = (1, 4 * seconds, WIDTH)
    window = TensorSpec("cross_k_0", (1, 1, 50 * seconds, WIDTH))
    if role is None:
        window = TensorSpec("log_mel", (1, 80, 100 * seconds))
    return Graph(name, (TensorSpec("in0", shape), window), (TensorSpec("out3", shape),), file, role)


def write_refused_bundle(folder: Path) -> Path:
    """The same with an encoder of dynamic-range int8."""
    write_bundle(folder, (1,))
    path = REFUSED["dynamic-range int8"][1](folder)
    model = read_model(path)
    model.signatureDefs[0].signatureKey = b"encode_1s"
    write_model(model, folder / "encoder.tflite")
    path.unlink()
    manifest = read_manifest(folder, verify=False)
    write_manifest(folder, manifest, manifest.files)
    return folder


def _write_layer(path: Path, seconds: int) -> Path:
    options = schema.FullyConnectedOptionsT()
    options.keepNumDims = True
    weights = np.arange(WIDTH * WIDTH).reshape(WIDTH, WIDTH) / 64
    rows = Value((1, 4 * seconds, WIDTH))
    inputs = [rows, constant(weights, "float32"), constant(np.ones(WIDTH), "float32")]
    return write_graph(path, "FULLY_CONNECTED", inputs, [rows], options)
