"""Hugging Face directories of CLIP, SigLIP, ViT and DINOv2: ``config.json`` and weights.

A configuration holds what differs from its class's defaults alone, which therefore are here:
``configuration_clip.py``, ``…_siglip.py``, ``…_vit.py`` and ``…_dinov2.py`` of transformers 5.23.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from sotto.checkpoints.checkpoint import Shape, check_finite, match_shapes
from sotto.checkpoints.configuration import read_json
from sotto.checkpoints.digest import sha256_of
from sotto.checkpoints.dinov2 import fold_layer_scales, resize_positions
from sotto.checkpoints.encoder import Gelu
from sotto.checkpoints.encoder_families import GELU
from sotto.checkpoints.hub import checkpoint_source
from sotto.checkpoints.image_text import (
    Head,
    ImageDims,
    ImageTextCheckpoint,
    TextDims,
    image_shapes,
    text_shapes,
    validate,
)
from sotto.checkpoints.image_text_layout import UNUSED, stored, today
from sotto.checkpoints.preprocessor import read_preprocessor
from sotto.checkpoints.recognise import WeightFiles
from sotto.checkpoints.tensors import Tensors, open_tensors
from sotto.errors import CheckpointError

_BASE = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
}
_PICTURE = {**_BASE, "num_channels": 3, "image_size": 224}
_CLIP_IMAGE = {
    **_PICTURE,
    "patch_size": 32,
    "projection_dim": 512,
    "hidden_act": "quick_gelu",
    "layer_norm_eps": 1e-5,
}
_CLIP_TEXT = {
    "vocab_size": 49408,
    "hidden_size": 512,
    "intermediate_size": 2048,
    "num_hidden_layers": 12,
    "num_attention_heads": 8,
    "max_position_embeddings": 77,
    "projection_dim": 512,
    "hidden_act": "quick_gelu",
    "layer_norm_eps": 1e-5,
    "pad_token_id": 1,
    "eos_token_id": 49407,
}
_SIGLIP = {"hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6}
_SIGLIP_IMAGE = {**_PICTURE, **_SIGLIP, "patch_size": 16, "vision_use_head": True}
_SIGLIP_TEXT = {
    **_BASE,
    **_SIGLIP,
    "vocab_size": 32000,
    "max_position_embeddings": 64,
    "pad_token_id": 1,
    "projection_size": None,
}
_VIT = {
    **_PICTURE,
    "patch_size": 16,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "qkv_bias": True,
    "pooler_act": "tanh",
    "pooler_output_size": None,
}

_DINOV2 = {
    **_VIT,
    "patch_size": 14,
    "layer_norm_eps": 1e-6,
    "mlp_ratio": 4,
    "use_swiglu_ffn": False,
}

KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "clip": ("clip", ("image", "text")),
    "clip_vision_model": ("clip", ("image",)),
    "clip_text_model": ("clip", ("text",)),
    "siglip": ("siglip", ("image", "text")),
    "vit": ("vit", ("image",)),
    "dinov2": ("dinov2", ("image",)),
}
"""config.json's ``model_type`` to the family and the encoders that are in the checkpoint."""

_NAMES = {"clip": "CLIP", "siglip": "SigLIP", "vit": "ViT", "dinov2": "DINOv2"}

_DEFAULTS: dict[tuple[str, str], dict[str, Any]] = {
    ("clip", "image"): _CLIP_IMAGE,
    ("clip", "text"): _CLIP_TEXT,
    ("siglip", "image"): _SIGLIP_IMAGE,
    ("siglip", "text"): _SIGLIP_TEXT,
    ("vit", "image"): _VIT,
    ("dinov2", "image"): _DINOV2,
}

_FIXED = {
    "num_channels": 3,
    "qkv_bias": True,
    "pooler_act": "tanh",
    "vision_use_head": True,
    "use_swiglu_ffn": False,
}
"""What a configuration says where it says anything; else the graph is another."""


def read_image_text(files: WeightFiles, name: str) -> ImageTextCheckpoint:
    """Reads weights and what lies beside them.

    Args:
        files: as :func:`sotto.checkpoints.recognise.encoder_weights` finds them.
        name: of the model.

    Raises:
        CheckpointError: a library is missing; a file is damaged; the configuration is of no model
            in :data:`KINDS`, or disagrees with the weights; weights are not finite.
    """
    directory = files.weights[0].parent
    path = directory / "config.json"
    config = read_json(path)
    family, sides = _kind(config, path)
    sections = {side: _section(config, family, side, sides, path) for side in sides}
    of_image, of_text = sections.get("image", {}), sections.get("text", {})
    epsilon = _epsilon(of_image, path), _epsilon(of_text, path)
    gelu = _gelu(of_image, path), _gelu(of_text, path)
    with ExitStack() as stack:
        tensors = open_tensors(files.weights, stack, today)
        found = {k: s for k, s in tensors.shapes().items() if not UNUSED.fullmatch(k)}
        head = _head(family, found)
        image = _image_dims(sections["image"], config, family, path) if "image" in sides else None
        text = _text_dims(sections["text"], config, family, path) if "text" in sides else None
        state = _read(tensors, found, _shapes(image, text, family, head), family, str(directory))
        scale, bias = (
            _scalar(tensors, key, str(directory)) for key in ("logit_scale", "logit_bias")
        )
    check_finite(state, str(directory))
    settings = None
    if image:
        # DINOv2 takes images of any size; the others of the configuration's.
        side = None if family == "dinov2" else image.size
        settings = read_preprocessor(directory, family, side)
    if image and settings and family == "dinov2":
        fold_layer_scales(state, image.n_layer)
        image = resize_positions(state, image, settings.height, str(path))
    if image and text and image.dimensions != text.dimensions:
        raise CheckpointError(
            f"{path}: vectors of images have {image.dimensions} dimensions, of texts "
            f"{text.dimensions}: they are of no one space"
        )
    if image and text and scale is None:
        raise CheckpointError(f"{directory} lacks logit_scale")
    eos = of_text.get("eos_token_id")
    return ImageTextCheckpoint(
        name=name,
        family=family,
        image=image,
        text=text,
        head=head,
        state=state,
        image_epsilon=epsilon[0],
        image_gelu=gelu[0],
        text_epsilon=epsilon[1],
        text_gelu=gelu[1],
        settings=settings,
        # 2 stands for older configurations, which were wrong: CLIPTextModel.forward.
        eot_token=None if eos in (None, 2) or family != "clip" else eos,
        pad_token=of_text.get("pad_token_id") or 0,
        logit_scale=math.exp(scale) if scale is not None and image and text else None,
        logit_bias=(bias or 0.0) if image and text else None,
        directory=directory,
        source=checkpoint_source(directory),
        format=files.format,
        sha256=sha256_of(files.weights),
    )


def _kind(config: Mapping[str, Any], path: Path) -> tuple[str, tuple[str, ...]]:
    name = config.get("model_type")
    if not isinstance(name, str) or name not in KINDS:
        raise CheckpointError(
            f"{path}: model_type is {name!r:.60}; encoders of images are {', '.join(KINDS)}"
        )
    return KINDS[name]


def _section(
    config: Mapping[str, Any], family: str, side: str, sides: Sequence[str], path: Path
) -> dict[str, Any]:
    """An encoder's own part of the configuration, with its class's defaults."""
    part: Any = config
    if len(sides) == 2:
        name = "vision_config" if side == "image" else "text_config"
        # What older versions wrote as {name}_dict goes before (CLIPConfig.__post_init__).
        part = config.get(f"{name}_dict") or config.get(name) or {}
    if not isinstance(part, dict):
        raise CheckpointError(f"{path}: the configuration of its {side} encoder is no object")
    section = {**_DEFAULTS[family, side], **part}
    for entry, wanted in _FIXED.items():
        if section.get(entry, wanted) != wanted:
            raise CheckpointError(
                f"{path}: {entry} is {section[entry]!r:.60}, but only {wanted!r} is supported here"
            )
    return section


def _head(family: str, found: Mapping[str, Shape]) -> Head:
    if family == "dinov2":
        return "none"
    if family == "vit":
        return "pooler" if "pooler.dense.weight" in found else "none"
    return "projection" if family == "clip" else "attention"


def _image_dims(
    section: Mapping[str, Any], config: Mapping[str, Any], family: str, path: Path
) -> ImageDims:
    width = section["hidden_size"]
    dimensions = {
        "clip": config.get("projection_dim", section.get("projection_dim")),
        "siglip": width,
        "vit": section.get("pooler_output_size") or width,
        "dinov2": width,
    }[family]
    hidden = section["intermediate_size"]
    if family == "dinov2":
        ratio = section["mlp_ratio"]
        hidden = width * ratio if type(ratio) is type(width) is int else ratio
    dims = ImageDims(
        size=_side(section["image_size"], path),
        patch=_side(section["patch_size"], path),
        n_state=width,
        n_head=section["num_attention_heads"],
        n_layer=section["num_hidden_layers"],
        n_mlp=hidden,
        dimensions=dimensions,
    )
    validate(dims, str(path))
    return dims


def _text_dims(
    section: Mapping[str, Any], config: Mapping[str, Any], family: str, path: Path
) -> TextDims:
    width = section["hidden_size"]
    dimensions = {
        "clip": config.get("projection_dim", section.get("projection_dim")),
        "siglip": section.get("projection_size") or width,
    }[family]
    dims = TextDims(
        n_vocab=section["vocab_size"],
        n_ctx=section["max_position_embeddings"],
        n_state=width,
        n_head=section["num_attention_heads"],
        n_layer=section["num_hidden_layers"],
        n_mlp=section["intermediate_size"],
        dimensions=dimensions,
    )
    validate(dims, str(path))
    for entry in ("pad_token_id", "eos_token_id"):
        value = section.get(entry) or 0
        if type(value) is not int or not 0 <= value < dims.n_vocab:
            raise CheckpointError(f"{path}: {entry} is {value!r:.40}, not a token's id")
    return dims


def _side(value: Any, path: Path) -> Any:
    """Height and width of what is square; anything else is refused with the rest."""
    if isinstance(value, list) and len(value) == 2:
        if value[0] != value[1]:
            raise CheckpointError(f"{path}: images and patches of {value} are not square")
        return value[0]
    return value


def _epsilon(section: Mapping[str, Any], path: Path) -> float:
    value = section.get("layer_norm_eps", 1e-5)
    if not isinstance(value, float | int) or not 0 <= value <= 1e-2:
        raise CheckpointError(f"{path}: layer_norm_eps is {value!r:.40}, not from 0 to 0.01")
    return float(value)


def _gelu(section: Mapping[str, Any], path: Path) -> Gelu:
    value = section.get("hidden_act", "gelu")
    if not isinstance(value, str) or value not in GELU:
        raise CheckpointError(
            f"{path}: hidden_act is {value!r:.60}; the graphs have {', '.join(GELU)}"
        )
    return GELU[value]


def _shapes(
    image: ImageDims | None, text: TextDims | None, family: str, head: Head
) -> dict[str, Shape]:
    shapes = image_shapes(image, family, head) if image else {}
    return shapes | (text_shapes(text, family) if text else {})


def _read(
    tensors: Tensors,
    found: Mapping[str, Shape],
    shapes: Mapping[str, Shape],
    family: str,
    source: str,
) -> dict[str, np.ndarray]:
    places = {key: stored(key, shape, family) for key, shape in shapes.items()}
    expected = {place.key: place.shape for place in places.values()}
    match_shapes(found, expected, _NAMES[family], source)
    return {key: place.of(tensors.float32(place.key), shapes[key]) for key, place in places.items()}


def _scalar(tensors: Tensors, key: str, source: str) -> float | None:
    if key not in tensors:
        return None
    value = tensors.float32(key)
    if value.size != 1 or not np.isfinite(value).all() or abs(value.item()) > 100:
        raise CheckpointError(f"{source}: {key} is not one number from -100 to 100")
    return float(value.item())
