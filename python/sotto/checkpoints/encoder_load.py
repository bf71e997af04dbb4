"""From a directory in Hugging Face's layout to a checked text encoder."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

from sotto.checkpoints.checkpoint import State, check_finite, match_shapes
from sotto.checkpoints.configuration import read_json
from sotto.checkpoints.digest import sha256_of
from sotto.checkpoints.encoder import EncoderCheckpoint, EncoderDims, expected_shapes
from sotto.checkpoints.encoder_families import UNUSED, Family, epsilon, family_of
from sotto.checkpoints.encoder_pipeline import read_pipeline
from sotto.checkpoints.hub import checkpoint_name, checkpoint_source
from sotto.checkpoints.recognise import encoder_weights
from sotto.checkpoints.tensors import open_tensors
from sotto.errors import CheckpointError

logger = logging.getLogger(__name__)


def load_encoder(directory: Path, name: str | None = None) -> EncoderCheckpoint:
    """Loads a text encoder: BERT, RoBERTa, DistilBERT, MPNet, and what is built like them.

    Args:
        directory: ``config.json``, weights (safetensors, or ``model.arrow`` or ``model.parquet``)
            and tokenizer files, and what sentence-transformers saves beside them.
        name: of the model; the directory's by default.

    Returns:
        The checkpoint; ``state`` has exactly the canonical keys and shapes, float32, every value
        finite.

    Raises:
        CheckpointError: a file is missing, damaged, or of another model.
    """
    pipeline = read_pipeline(directory)
    folder = directory / pipeline.encoder
    path = folder / "config.json"
    config, source = read_json(path), str(path)
    family = family_of(config, path)
    dims = family.dims(config, source)
    files = encoder_weights(folder)
    logger.info("reading %s", folder)
    state = _read(files.weights, family, dims, str(folder))
    check_finite(state, str(folder))
    if pipeline.dense and pipeline.dense[0].width != dims.n_state:
        raise CheckpointError(
            f"{directory}: the Dense layer takes vectors of {pipeline.dense[0].width}, the encoder "
            f"gives {dims.n_state}"
        )
    dense = [file for one in pipeline.dense for file in one.files]
    pad_token = family.pad_token(config, source)
    if pad_token >= dims.n_vocab:
        raise CheckpointError(f"{source}: pad_token_id {pad_token} is outside the vocabulary")
    return EncoderCheckpoint(
        name=name or checkpoint_name(directory),
        family=family.name,
        dims=dims,
        state=state,
        epsilon=epsilon(family, config, source),
        gelu=family.gelu(config, source),
        pad_token=pad_token,
        pipeline=pipeline,
        directory=directory,
        source=checkpoint_source(directory),
        format=files.format,
        sha256=sha256_of([*files.weights, *dense]),
    )


def _read(weights: tuple[Path, ...], family: Family, dims: EncoderDims, source: str) -> State:
    names = family.keys(dims)
    with ExitStack() as stack:
        tensors = open_tensors(weights, stack, family.full)
        found = {
            names.get(key, key): shape
            for key, shape in tensors.shapes().items()
            if key in names or not UNUSED.fullmatch(key)
        }
        match_shapes(found, expected_shapes(dims), f"{family.name} encoder", source)
        return {canonical: tensors.float32(name) for name, canonical in names.items()}
