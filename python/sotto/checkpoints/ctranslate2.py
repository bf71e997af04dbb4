"""CTranslate2 Whisper models (those of faster-whisper): a ``model.bin``, whole or split.

Layout, from ``ctranslate2/specs/whisper_spec.py`` and ``converters/transformers.py``: query,
key and value projections are one matrix, rows in that order (self-attention: all three;
cross-attention: key and value); the key's bias, which Whisper lacks, is stored as zeros.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sotto.checkpoints.alignment import read_alignment_heads
from sotto.checkpoints.checkpoint import (
    AlignmentHeads,
    Contents,
    Shape,
    State,
    WhisperDims,
    check_shapes,
)
from sotto.checkpoints.configuration import read_json
from sotto.checkpoints.ctranslate2_file import CTranslate2File, JoinedFiles, Variable
from sotto.errors import CheckpointError

SPEC = "WhisperSpec"
REVISIONS = range(1, 4)
FIXED = {
    "decoder/activation": 3,  # GELU, the exact form
    "decoder/pre_norm": 1,
    "decoder/alibi": 0,
    "decoder/scale_embeddings": 0,
    "decoder/start_from_zero_embedding": 0,
}
"""What a Whisper's scalars say where they are stored; other values are another graph."""

OUTPUT_PROJECTION = "decoder/projection/weight"
TOKEN_EMBEDDING = "decoder/embeddings/weight"
_LAYER = re.compile(r"(encoder|decoder)/layer_(\d{1,6})/")


@dataclass(frozen=True)
class _Rows:
    """Part ``index`` of ``count`` equal parts of a variable's rows."""

    variable: str
    index: int = 0
    count: int = 1

    def shape(self, whole: Shape) -> Shape:
        """Shape of the part, or of the whole where it can't be cut so."""
        if self.count == 1 or not whole or whole[0] % self.count:
            return whole
        return (whole[0] // self.count, *whole[1:])

    def of(self, array: np.ndarray) -> np.ndarray:
        height = len(array) // self.count
        return array[self.index * height : (self.index + 1) * height]


def read_ctranslate2(parts: Sequence[Path]) -> Contents:
    """Read the model file that ``parts`` joined in order are, of any quantisation.

    ``config.json`` beside the first part gives the alignment heads, where it is there.

    Raises:
        CheckpointError: damaged, truncated, not Whisper, or not the canonical layout.
    """
    with JoinedFiles(parts) as files:
        model = CTranslate2File(files)
        if model.spec != SPEC or model.revision not in REVISIONS:
            raise CheckpointError(
                f"{files.source} is a CTranslate2 model of {model.spec:.60} revision "
                f"{model.revision}; only {SPEC} 1 to {REVISIONS.stop - 1} is supported"
            )
        dims = _dims(model, files.source)
        places = dict(_places(dims))
        _check_layout(model.variables, places, dims, files.source)
        _check_graph(model, files.source)
        state = _read_state(model, places, files.source)
    return Contents(dims, state, _alignment_heads(parts[0].parent, dims))


def _dims(model: CTranslate2File, source: str) -> WhisperDims:
    def size(name: str, axis: int, rank: int) -> int:
        variable = model.variables.get(name)
        if variable is None or len(variable.shape) != rank:
            raise CheckpointError(
                f"{source} does not hold a whole Whisper: no {name} of rank {rank}"
            )
        return variable.shape[axis]

    def heads(side: str) -> int:
        value = model.scalar(f"{side}/num_heads")
        if value is None:
            raise CheckpointError(f"{source} lacks {side}/num_heads. Convert the model again")
        return value

    layers = {"encoder": 0, "decoder": 0}
    for name in model.variables:
        if match := _LAYER.match(name):
            layers[match[1]] = max(layers[match[1]], int(match[2]) + 1)
    dims = WhisperDims(
        n_mels=size("encoder/conv1/weight", 1, 3),
        n_audio_ctx=size("encoder/position_encodings/encodings", 0, 2),
        n_audio_state=size("encoder/position_encodings/encodings", 1, 2),
        n_audio_head=heads("encoder"),
        n_audio_layer=layers["encoder"],
        n_vocab=size(TOKEN_EMBEDDING, 0, 2),
        n_text_ctx=size("decoder/position_encodings/encodings", 0, 2),
        n_text_state=size("decoder/position_encodings/encodings", 1, 2),
        n_text_head=heads("decoder"),
        n_text_layer=layers["decoder"],
    )
    dims.validate(source)
    return dims


def _norm(key: str, scope: str) -> Iterator[tuple[str, _Rows]]:
    yield f"{key}.weight", _Rows(f"{scope}/gamma")
    yield f"{key}.bias", _Rows(f"{scope}/beta")


def _linear(key: str, scope: str, index: int = 0, count: int = 1) -> Iterator[tuple[str, _Rows]]:
    for kind in ("weight", "bias"):
        yield f"{key}.{kind}", _Rows(f"{scope}/{kind}", index, count)


def _block_places(key: str, scope: str, cross: bool) -> Iterator[tuple[str, _Rows]]:
    attention = f"{scope}/self_attention"
    for index, projection in enumerate(("query", "key", "value")):
        yield from _linear(f"{key}.attn.{projection}", f"{attention}/linear_0", index, 3)
    yield from _linear(f"{key}.attn.out", f"{attention}/linear_1")
    yield from _norm(f"{key}.attn_ln", f"{attention}/layer_norm")
    if cross:
        attention = f"{scope}/attention"
        yield from _linear(f"{key}.cross_attn.query", f"{attention}/linear_0")
        for index, projection in enumerate(("key", "value")):
            yield from _linear(f"{key}.cross_attn.{projection}", f"{attention}/linear_1", index, 2)
        yield from _linear(f"{key}.cross_attn.out", f"{attention}/linear_2")
        yield from _norm(f"{key}.cross_attn_ln", f"{attention}/layer_norm")
    yield from _linear(f"{key}.mlp.0", f"{scope}/ffn/linear_0")
    yield from _linear(f"{key}.mlp.2", f"{scope}/ffn/linear_1")
    yield from _norm(f"{key}.mlp_ln", f"{scope}/ffn/layer_norm")


def _places(dims: WhisperDims) -> Iterator[tuple[str, _Rows]]:
    """Every canonical key, and the key biases that are zeros, with the place it is stored."""
    yield "encoder.positional_embedding", _Rows("encoder/position_encodings/encodings")
    for conv in ("conv1", "conv2"):
        yield from _linear(f"encoder.{conv}", f"encoder/{conv}")
    for layer in range(dims.n_audio_layer):
        yield from _block_places(f"encoder.blocks.{layer}", f"encoder/layer_{layer}", cross=False)
    yield from _norm("encoder.ln_post", "encoder/layer_norm")
    yield "decoder.positional_embedding", _Rows("decoder/position_encodings/encodings")
    yield "decoder.token_embedding.weight", _Rows(TOKEN_EMBEDDING)
    for layer in range(dims.n_text_layer):
        yield from _block_places(f"decoder.blocks.{layer}", f"decoder/layer_{layer}", cross=True)
    yield from _norm("decoder.ln", "decoder/layer_norm")


def _is_key_bias(key: str) -> bool:
    return key.endswith("attn.key.bias")


def _check_layout(
    variables: Mapping[str, Variable], places: Mapping[str, _Rows], dims: WhisperDims, source: str
) -> None:
    shapes = {
        key: rows.shape(variables[rows.variable].shape)
        for key, rows in places.items()
        if rows.variable in variables and not _is_key_bias(key)
    }
    known = {rows.variable for rows in places.values()} | {OUTPUT_PROJECTION}
    for name, variable in variables.items():
        if variable.shape and name not in known and name.removesuffix("_scale") not in known:
            shapes[name] = variable.shape
    check_shapes(shapes, dims, source)


def _check_graph(model: CTranslate2File, source: str) -> None:
    """Refuse a model whose scalars or output projection make it another graph than Whisper."""
    for name, wanted in FIXED.items():
        value = model.scalar(name)
        if value not in (None, wanted):
            raise CheckpointError(f"{source}: {name} is {value}, {wanted} in a Whisper")
    projection = model.variables.get(OUTPUT_PROJECTION)
    embedding = model.variables[TOKEN_EMBEDDING]
    if projection is None or projection == embedding:
        return
    tied = projection.shape == embedding.shape and np.array_equal(
        model.float32(OUTPUT_PROJECTION), model.float32(TOKEN_EMBEDDING)
    )
    if not tied:
        raise CheckpointError(
            f"{source}: {OUTPUT_PROJECTION} differs from {TOKEN_EMBEDDING}; Whisper ties them, "
            "and an untied model is not supported"
        )


def _read_state(model: CTranslate2File, places: Mapping[str, _Rows], source: str) -> State:
    # Each array once, however many keys or aliases share it: what is held stays in
    # proportion to the file.
    arrays: dict[str, np.ndarray] = {}
    state: State = {}
    for key, rows in places.items():
        name = model.real_names[rows.variable]
        if name not in arrays:
            arrays[name] = model.float32(name)
        part = rows.of(arrays[name])
        if not _is_key_bias(key):
            state[key] = part
        elif part.any():
            raise CheckpointError(
                f"{source}: {rows.variable} gives the key a bias; Whisper has none"
            )
    return state


def _alignment_heads(directory: Path, dims: WhisperDims) -> AlignmentHeads | None:
    path = directory / "config.json"
    if not path.is_file():
        return None
    return read_alignment_heads(read_json(path).get("alignment_heads"), dims, str(path))
