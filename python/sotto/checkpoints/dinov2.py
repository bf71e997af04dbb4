"""What DINOv2 has beside a ViT, folded into a ViT's weights: layer scales, positions of any size.

The reference is transformers' ``modeling_dinov2.py``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from sotto.checkpoints.checkpoint import State
from sotto.checkpoints.image_text import ImageDims, validate

POSITIONS = "image.positional_embedding"


def fold_layer_scales(state: State, layers: int) -> None:
    """Multiplies each block's two outputs by its scales, which go from ``state``."""
    for layer in range(layers):
        block = f"image.blocks.{layer}"
        for scale, output in (("attn_scale", "attn.out"), ("mlp_scale", "mlp.2")):
            factor = state.pop(f"{block}.{scale}")
            state[f"{block}.{output}.weight"] = state[f"{block}.{output}.weight"] * factor[:, None]
            state[f"{block}.{output}.bias"] = state[f"{block}.{output}.bias"] * factor


def resize_positions(state: State, dims: ImageDims, size: int, source: str) -> ImageDims:
    """The table of positions for images of ``size``, as ``interpolate_pos_encoding`` gives it.

    Returns:
        The dims of such images.

    Raises:
        CheckpointError: a patch does not fit into them.
    """
    resized = replace(dims, size=size)
    validate(resized, source)
    if resized.patches != dims.patches:
        first, rest = np.split(state[POSITIONS], [1])
        before, after = dims.size // dims.patch, size // dims.patch
        grid = torch.from_numpy(rest).reshape(1, before, before, -1).permute(0, 3, 1, 2)
        grid = torch.nn.functional.interpolate(
            grid, size=(after, after), mode="bicubic", align_corners=False
        )
        rows = grid.permute(0, 2, 3, 1).reshape(after * after, -1).numpy()
        state[POSITIONS] = np.concatenate([first, rows])
    return resized
