"""What a checkpoint of images, or of images and texts in one space, is: dimensions, keys, shapes.

The canonical keys are the graphs': ``image.`` and ``text.`` before a block's keys, which are
openai-whisper's (``graphs/transformer.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from sotto.bundle.image_settings import ImageSettings
from sotto.checkpoints.checkpoint import MAX_DIM, MAX_LAYERS, Format, Shape, State
from sotto.checkpoints.encoder import Gelu, block_shapes
from sotto.errors import CheckpointError

Head = Literal["projection", "pooler", "attention", "none"]
"""What follows an image encoder's last LayerNorm: a Linear without bias (CLIP), one with a tanh
(ViT), attention pooling (SigLIP), or nothing."""


@dataclass(frozen=True)
class ImageDims:
    """The numbers that fix an image encoder's shapes.

    Attributes:
        size: height and width of an image.
        patch: of a patch.
        n_state: width.
        n_head: attention heads.
        n_layer: blocks.
        n_mlp: width between an MLP's two layers.
        dimensions: of the vector.
    """

    size: int
    patch: int
    n_state: int
    n_head: int
    n_layer: int
    n_mlp: int
    dimensions: int

    @property
    def patches(self) -> int:
        """Of an image."""
        return (self.size // self.patch) ** 2


@dataclass(frozen=True)
class TextDims:
    """The numbers that fix a text encoder's shapes, as :class:`ImageDims` those of images.

    Attributes:
        n_vocab: tokens.
        n_ctx: tokens a text may have.
    """

    n_vocab: int
    n_ctx: int
    n_state: int
    n_head: int
    n_layer: int
    n_mlp: int
    dimensions: int


@dataclass(frozen=True, eq=False)
class ImageTextCheckpoint:
    """Weights of an image encoder, a text encoder or both, in the canonical layout.

    Attributes:
        name: of the directory.
        family: ``clip``, ``siglip``, ``vit`` or ``dinov2``.
        image: dimensions of the image encoder, None where there is none.
        text: likewise of the text encoder.
        head: what follows the image encoder's last LayerNorm.
        state: canonical key -> float32 array of the shape :func:`expected_shapes` gives.
        image_epsilon: of the image encoder's LayerNorms.
        image_gelu: form of its activation.
        text_epsilon: of the text encoder's LayerNorms.
        text_gelu: form of its activation.
        settings: how images are made, None without an image encoder.
        eot_token: whose first position a text's vector is of; None: the token of the highest id.
        pad_token: id.
        logit_scale: factor on the cosine of an image and a text; None for one encoder alone.
        logit_bias: added to it.
        directory: with configuration and tokenizer.
        source: where that is, for people.
        format: of the weights.
        sha256: hex digest of the weights.
    """

    name: str
    family: str
    image: ImageDims | None
    text: TextDims | None
    head: Head
    state: State
    image_epsilon: float
    image_gelu: Gelu
    text_epsilon: float
    text_gelu: Gelu
    settings: ImageSettings | None
    eot_token: int | None
    pad_token: int
    logit_scale: float | None
    logit_bias: float | None
    directory: Path
    source: str
    format: Format
    sha256: str

    @property
    def dimensions(self) -> int:
        """Of the vectors."""
        dims = self.image or self.text
        assert dims is not None
        return dims.dimensions


def validate(dims: ImageDims | TextDims, source: str) -> None:
    """Refuses dims that are no encoder's, or so large that only a hostile file has them.

    Raises:
        CheckpointError: naming the dimension, its value and the range.
    """
    for field in fields(dims):
        value = getattr(dims, field.name)
        limit = MAX_LAYERS if field.name == "n_layer" else MAX_DIM
        if type(value) is not int or not 1 <= value <= limit:
            raise CheckpointError(
                f"{source}: {field.name} is {value!r:.40}, not an integer from 1 to {limit}"
            )
    if dims.n_state % dims.n_head:
        raise CheckpointError(
            f"{source}: the width {dims.n_state} is not a multiple of {dims.n_head} heads"
        )
    if isinstance(dims, ImageDims) and not dims.patch <= dims.size <= 4096:
        raise CheckpointError(
            f"{source}: images of {dims.size} pixels in patches of {dims.patch}: expected patches "
            "no larger than the image, and an image of at most 4096"
        )


def _norm(key: str, width: int) -> Iterator[tuple[str, Shape]]:
    yield f"{key}.weight", (width,)
    yield f"{key}.bias", (width,)


def image_shapes(dims: ImageDims, family: str, head: Head) -> dict[str, Shape]:
    """Every canonical key of an image encoder and its shape.

    Of DINOv2 also its layer scales, which the reader folds into what they scale.
    """
    width, classes = dims.n_state, int(family != "siglip")
    shapes: dict[str, Shape] = {
        "image.patch.weight": (width, 3, dims.patch, dims.patch),
        "image.positional_embedding": (dims.patches + classes, width),
    }
    if classes:
        shapes["image.class_embedding"] = (width,)
    if family == "clip":
        shapes.update(_norm("image.ln_pre", width))
    else:
        shapes["image.patch.bias"] = (width,)
    for layer in range(dims.n_layer):
        shapes.update(block_shapes(f"image.blocks.{layer}", width, dims.n_mlp))
        if family == "dinov2":
            shapes[f"image.blocks.{layer}.attn_scale"] = (width,)
            shapes[f"image.blocks.{layer}.mlp_scale"] = (width,)
    shapes.update(_norm("image.ln_post", width))
    if head in ("projection", "pooler"):
        shapes["image.projection.weight"] = (dims.dimensions, width)
    if head == "pooler":
        shapes["image.projection.bias"] = (dims.dimensions,)
    if head == "attention":
        shapes["image.pool.probe"] = (width,)
        pool = dict(block_shapes("image.pool", width, dims.n_mlp))
        shapes.update({k: v for k, v in pool.items() if ".attn_ln." not in k})
    return shapes


def text_shapes(dims: TextDims, family: str) -> dict[str, Shape]:
    """Every canonical key of a text encoder and its shape."""
    width = dims.n_state
    shapes: dict[str, Shape] = {
        "text.token_embedding.weight": (dims.n_vocab, width),
        "text.position_embedding.weight": (dims.n_ctx, width),
        "text.projection.weight": (dims.dimensions, width),
    }
    if family == "siglip":
        shapes["text.projection.bias"] = (dims.dimensions,)
    for layer in range(dims.n_layer):
        shapes.update(block_shapes(f"text.blocks.{layer}", width, dims.n_mlp))
    shapes.update(_norm("text.ln_post", width))
    return shapes
