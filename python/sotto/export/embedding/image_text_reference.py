"""What transformers' own classes make of images and texts: what graphs are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
import transformers

from sotto.checkpoints.encoder_weights import with_safetensors
from sotto.checkpoints.image_text import ImageTextCheckpoint
from sotto.checkpoints.image_text_layout import PLAIN
from sotto.errors import CheckpointError


class ImageTextReference:
    """transformers' class for a checkpoint, loaded when it is first asked."""

    def __init__(self, checkpoint: ImageTextCheckpoint) -> None:
        self._checkpoint = checkpoint

    @cached_property
    def _model(self) -> Any:
        checkpoint, options = self._checkpoint, {}
        if checkpoint.family == "vit":
            cls: Any = transformers.ViTModel
            options = {"add_pooling_layer": checkpoint.head == "pooler"}
        elif checkpoint.family == "dinov2":
            cls = transformers.Dinov2Model
        elif checkpoint.family == "siglip":
            cls = transformers.SiglipModel
        elif checkpoint.text is None:
            cls = transformers.CLIPVisionModelWithProjection
        elif checkpoint.image is None:
            cls = transformers.CLIPTextModelWithProjection
        else:
            cls = transformers.CLIPModel
        try:
            with with_safetensors(checkpoint.directory) as readable:
                model = cls.from_pretrained(
                    readable,
                    local_files_only=True,
                    use_safetensors=True,
                    dtype=torch.float32,
                    **options,
                )
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise CheckpointError(
                f"transformers can't read {checkpoint.directory}, which its graphs are compared "
                f"with: {error!s:.200}"
            ) from error
        return model.eval()

    @torch.no_grad()
    def of_images(self, pixels: np.ndarray) -> np.ndarray:
        """Vectors ``[B, d]`` of pixels ``[B, 3, H, W]``, as the model's class gives them."""
        model, values = self._model, torch.from_numpy(pixels)
        if self._checkpoint.family in PLAIN:
            outputs = model(values)
            pooled = self._checkpoint.family == "dinov2" or self._checkpoint.head == "pooler"
            vectors = outputs.pooler_output if pooled else outputs.last_hidden_state[:, 0]
        elif self._checkpoint.text is None:
            vectors = model(values).image_embeds
        else:
            vectors = model.get_image_features(values).pooler_output
        return np.asarray(vectors.numpy())

    @torch.no_grad()
    def of_texts(self, texts: Sequence[Sequence[int]]) -> np.ndarray:
        """Vectors ``[B, d]`` of token ids, each text alone, as the model's class gives them."""
        return np.concatenate([self._of_text(ids) for ids in texts])

    def _of_text(self, ids: Sequence[int]) -> np.ndarray:
        given = torch.tensor([list(ids)])
        if self._checkpoint.image is None:
            return np.asarray(self._model(given).text_embeds.numpy())
        return np.asarray(self._model.get_text_features(given).pooler_output.numpy())
