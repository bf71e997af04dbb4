"""The graphs of a checkpoint of images, or of images and texts."""

from __future__ import annotations

from sotto.checkpoints.image_text import ImageTextCheckpoint
from sotto.graphs.clip import PairedTextEncoder, TextShape
from sotto.graphs.vision import ImageEncoder, VisionShape


def image_graph(checkpoint: ImageTextCheckpoint, batch: int) -> ImageEncoder:
    """``pixels [B, 3, H, W]`` to ``embedding [B, d]``."""
    dims = checkpoint.image
    if dims is None:
        raise ValueError(f"{checkpoint.name} has no image encoder")
    shape = VisionShape(
        image=dims.size,
        patch=dims.patch,
        heads=dims.n_head,
        layers=dims.n_layer,
        epsilon=checkpoint.image_epsilon,
        gelu=checkpoint.image_gelu,
        tanh=checkpoint.head == "pooler",
    )
    return ImageEncoder(checkpoint.state, shape, batch)


def text_graph(checkpoint: ImageTextCheckpoint, length: int, batch: int) -> PairedTextEncoder:
    """``hidden [B, n, width]``, ``mask``, ``pool`` to ``embedding [B, d]``."""
    dims = checkpoint.text
    if dims is None:
        raise ValueError(f"{checkpoint.name} has no text encoder")
    shape = TextShape(
        heads=dims.n_head,
        layers=dims.n_layer,
        epsilon=checkpoint.text_epsilon,
        gelu=checkpoint.text_gelu,
        causal=checkpoint.family == "clip",
    )
    return PairedTextEncoder(checkpoint.state, shape, length, batch)
