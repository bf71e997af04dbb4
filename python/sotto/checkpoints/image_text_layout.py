"""Where transformers keeps each canonical weight of CLIP, SigLIP, ViT and DINOv2.

Keys are those of ``CLIPModel``, ``SiglipModel``, ``ViTModel`` and ``Dinov2Model`` in transformers
5.23 (``modeling_clip.py`` …), and of models with a head around them, in either spelling of ViT's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from sotto.checkpoints.checkpoint import Shape

UNUSED = re.compile(
    r"(classifier|decoder)\..*|embeddings\.mask_token|(.*\.)?position_ids|logit_(scale|bias)"
)
"""Keys of heads and buffers that no vector depends on, and what is read by itself."""

PLAIN = ("vit", "dinov2")
"""Families of an image encoder alone."""

_OLDER_VIT = (
    (re.compile(r"^(vit|dinov2)\."), ""),
    (re.compile(r"^encoder\.layer\.(\d+)\."), r"layers.\1."),
    (re.compile(r"attention\.attention\.(query|key|value)\."), None),
    (re.compile(r"attention\.output\.dense\."), "attention.o_proj."),
    (re.compile(r"intermediate\.dense\."), "mlp.fc1."),
    (re.compile(r"(?<=\d\.)output\.dense\."), "mlp.fc2."),
)

_PAIRED_BLOCK = {
    "attn.query": "self_attn.q_proj",
    "attn.key": "self_attn.k_proj",
    "attn.value": "self_attn.v_proj",
    "attn.out": "self_attn.out_proj",
    "attn_ln": "layer_norm1",
    "mlp.0": "mlp.fc1",
    "mlp.2": "mlp.fc2",
    "mlp_ln": "layer_norm2",
}
_VIT_BLOCK = {
    "attn.query": "attention.q_proj",
    "attn.key": "attention.k_proj",
    "attn.value": "attention.v_proj",
    "attn.out": "attention.o_proj",
    "attn_ln": "layernorm_before",
    "mlp.0": "mlp.fc1",
    "mlp.2": "mlp.fc2",
    "mlp_ln": "layernorm_after",
}
_DINOV2_BLOCK = {
    **_VIT_BLOCK,
    "attn_ln": "norm1",
    "mlp_ln": "norm2",
    "attn_scale": "layer_scale1.lambda1",
    "mlp_scale": "layer_scale2.lambda1",
}
_PAIRED = {
    "image.patch": "vision_model.embeddings.patch_embedding",
    "image.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "image.class_embedding": "vision_model.embeddings.class_embedding",
    "image.ln_pre": "vision_model.pre_layrnorm",  # sic
    "image.ln_post": "vision_model.post_layernorm",
    "image.projection": "visual_projection",
    "image.pool.probe": "vision_model.head.probe",
    "image.pool.attn.out": "vision_model.head.attention.out_proj",
    "image.pool.mlp_ln": "vision_model.head.layernorm",
    "image.pool.mlp.0": "vision_model.head.mlp.fc1",
    "image.pool.mlp.2": "vision_model.head.mlp.fc2",
    "text.token_embedding": "text_model.embeddings.token_embedding",
    "text.position_embedding": "text_model.embeddings.position_embedding",
    "text.ln_post": "text_model.final_layer_norm",
}
_VIT = {
    "image.patch": "embeddings.patch_embeddings.projection",
    "image.positional_embedding": "embeddings.position_embeddings",
    "image.class_embedding": "embeddings.cls_token",
    "image.ln_post": "layernorm",
    "image.projection": "pooler.dense",
}
_BLOCK = re.compile(r"(image|text)\.blocks\.(\d+)\.(.+)")
_POOL_INPUTS = ("query", "key", "value")
"""Rows of SigLIP's ``in_proj``, in thirds."""


@dataclass(frozen=True)
class Stored:
    """A canonical weight as it is stored: its key, the shape there, and which third of its rows."""

    key: str
    shape: Shape
    third: int | None = None

    def of(self, array: np.ndarray, shape: Shape) -> np.ndarray:
        """The canonical array, of that shape, from the stored one."""
        if self.third is not None:
            rows = len(array) // 3
            array = array[self.third * rows : (self.third + 1) * rows]
        return np.ascontiguousarray(array.reshape(shape))


def today(stored: str) -> str:
    """A stored key without the prefixes of models with a head, and in today's spelling."""
    for pattern, replacement in _OLDER_VIT:
        if replacement is None:
            stored = pattern.sub(lambda match: f"attention.{match[1][0]}_proj.", stored)
        else:
            stored = pattern.sub(replacement, stored)
    return stored


def stored(key: str, shape: Shape, family: str) -> Stored:
    """Where a canonical weight of that shape is."""
    if match := re.fullmatch(r"image\.pool\.attn\.(query|key|value)\.(weight|bias)", key):
        whole = (3 * shape[0], *shape[1:])
        name = f"vision_model.head.attention.in_proj_{match[2]}"
        return Stored(name, whole, _POOL_INPUTS.index(match[1]))
    table = _VIT if family in PLAIN else _PAIRED
    if key in table:
        return Stored(table[key], _with_leading_ones(key, shape, family))
    if match := re.fullmatch(r"image\.blocks\.(\d+)\.(attn_scale|mlp_scale)", key):
        return Stored(_block("image", match[1], match[2], family), shape)
    module, _, kind = key.rpartition(".")
    if match := _BLOCK.fullmatch(module):
        return Stored(f"{_block(match[1], match[2], match[3], family)}.{kind}", shape)
    if module == "text.projection":
        module = "text_model.head" if family == "siglip" else "text_projection"
        return Stored(f"{module}.{kind}", shape)
    return Stored(f"{table[module]}.{kind}", shape)


def _block(side: str, layer: str, module: str, family: str) -> str:
    if family in PLAIN:
        return f"layers.{layer}.{(_VIT_BLOCK if family == 'vit' else _DINOV2_BLOCK)[module]}"
    model = "vision_model" if side == "image" else "text_model"
    return f"{model}.encoder.layers.{layer}.{_PAIRED_BLOCK[module]}"


def _with_leading_ones(key: str, shape: Shape, family: str) -> Shape:
    """ViT's tables have an axis for the batch, its class token and SigLIP's probe two."""
    if key == "image.pool.probe" or (family in PLAIN and key == "image.class_embedding"):
        return (1, 1, *shape)
    return (1, *shape) if family in PLAIN else shape
