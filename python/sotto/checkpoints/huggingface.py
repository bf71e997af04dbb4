"""Hugging Face Whisper directories: ``config.json`` and safetensors, whole or sharded.

Keys are those of transformers' ``WhisperForConditionalGeneration``. Its output projection
is tied to the token embedding, and no key projection has a bias, as in OpenAI's layout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
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
    expected_shapes,
)
from sotto.checkpoints.configuration import read_json
from sotto.checkpoints.safetensors_files import SafeTensors
from sotto.errors import CheckpointError

CONFIG_FIELDS = {
    "n_mels": "num_mel_bins",
    "n_audio_ctx": "max_source_positions",
    "n_audio_state": "d_model",
    "n_audio_head": "encoder_attention_heads",
    "n_audio_layer": "encoder_layers",
    "n_vocab": "vocab_size",
    "n_text_ctx": "max_target_positions",
    "n_text_state": "d_model",
    "n_text_head": "decoder_attention_heads",
    "n_text_layer": "decoder_layers",
}
"""Dimension -> entry of config.json."""

FIXED = {"model_type": "whisper", "activation_function": "gelu", "scale_embedding": False}
"""What a Whisper's config.json says where it says anything; else the graph is another."""

TOKEN_EMBEDDING = "model.decoder.embed_tokens.weight"
OUTPUT_PROJECTION = "proj_out.weight"

_WHOLE = {
    "encoder.positional_embedding": "model.encoder.embed_positions.weight",
    "decoder.positional_embedding": "model.decoder.embed_positions.weight",
    "decoder.token_embedding.weight": TOKEN_EMBEDDING,
}
_MODULES = {
    "attn.query": "self_attn.q_proj",
    "attn.key": "self_attn.k_proj",
    "attn.value": "self_attn.v_proj",
    "attn.out": "self_attn.out_proj",
    "attn_ln": "self_attn_layer_norm",
    "cross_attn.query": "encoder_attn.q_proj",
    "cross_attn.key": "encoder_attn.k_proj",
    "cross_attn.value": "encoder_attn.v_proj",
    "cross_attn.out": "encoder_attn.out_proj",
    "cross_attn_ln": "encoder_attn_layer_norm",
    "mlp.0": "fc1",
    "mlp.2": "fc2",
    "mlp_ln": "final_layer_norm",
    "conv1": "conv1",
    "conv2": "conv2",
    "ln_post": "layer_norm",
    "ln": "layer_norm",
}
_KEY = re.compile(r"(encoder|decoder)\.(?:blocks\.(\d+)\.)?(.+)\.(weight|bias)")


def huggingface_key(key: str) -> str:
    """The Hugging Face key of a canonical key: one to one over a model's keys."""
    if key in _WHOLE:
        return _WHOLE[key]
    match = _KEY.fullmatch(key)
    if match is None or match[3] not in _MODULES:
        raise KeyError(key)
    side, layer, module, kind = match.groups()
    block = "" if layer is None else f"layers.{layer}."
    return f"model.{side}.{block}{_MODULES[module]}.{kind}"


def read_huggingface(weights: Sequence[Path]) -> Contents:
    """Read the safetensors files ``weights`` and the ``config.json`` beside the first.

    Raises:
        CheckpointError: safetensors is missing; a file is damaged; the configuration is not
            Whisper's or disagrees with the weights; the output projection is not tied.
    """
    directory = weights[0].parent
    source = str(directory)
    dims = _dims(directory / "config.json")
    with ExitStack() as stack:
        tensors = SafeTensors(weights, stack, _full)
        if TOKEN_EMBEDDING not in tensors and OUTPUT_PROJECTION in tensors:
            tensors.rename(OUTPUT_PROJECTION, TOKEN_EMBEDDING)
        names = {huggingface_key(key): key for key in expected_shapes(dims)}
        shapes = tensors.shapes()
        projection = shapes.pop(OUTPUT_PROJECTION, None)
        check_shapes({names.get(key, key): shape for key, shape in shapes.items()}, dims, source)
        state: State = {key: tensors.float32(name) for name, key in names.items()}
        if projection is not None:
            _check_tied(state["decoder.token_embedding.weight"], projection, tensors, source)
    return Contents(dims, state, _alignment_heads(directory, dims))


def _dims(path: Path) -> WhisperDims:
    if not path.is_file():
        raise CheckpointError(f"{path} is missing: safetensors alone don't say what model they are")
    config = read_json(path)
    if "model_type" not in config:
        raise CheckpointError(f"{path} has no model_type: not a Hugging Face Whisper")
    for name, wanted in FIXED.items():
        value = config.get(name, wanted)
        if value != wanted:
            raise CheckpointError(
                f"{path}: {name} is {value!r:.60}, but only {wanted!r} is supported here"
            )
    absent = sorted(set(CONFIG_FIELDS.values()) - config.keys())
    if absent:
        raise CheckpointError(f"{path} lacks {', '.join(absent)}")
    values = {dim: config[entry] for dim, entry in CONFIG_FIELDS.items()}
    return WhisperDims.from_mapping(values, str(path))


def _alignment_heads(directory: Path, dims: WhisperDims) -> AlignmentHeads | None:
    path = directory / "generation_config.json"
    if not path.is_file():
        return None
    return read_alignment_heads(read_json(path).get("alignment_heads"), dims, str(path))


def _check_tied(
    embedding: np.ndarray, projection: Shape, tensors: SafeTensors, source: str
) -> None:
    tied = projection == embedding.shape and np.array_equal(
        tensors.float32(OUTPUT_PROJECTION), embedding
    )
    if not tied:
        raise CheckpointError(
            f"{source}: {OUTPUT_PROJECTION} differs from {TOKEN_EMBEDDING}; "
            "Whisper ties them, and an untied model is not supported"
        )


def _full(stored: str) -> str:
    """With the ``model.`` that a model saved without its head lacks."""
    return f"model.{stored}" if stored.startswith(("encoder.", "decoder.")) else stored
