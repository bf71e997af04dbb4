"""sentence-transformers and transformers' CLIP: the references, in float32."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embedders.embedder import Embedder, Encode, normalised


class _Torch(Embedder):
    def prepare(self, checkpoint: Path, folder: Path) -> Path:
        return checkpoint


class SentenceTransformers(_Torch):
    """As it comes, on the CPU."""

    name = "sentence-transformers"

    def load(self, weights: Path, threads: int) -> Encode:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        model = SentenceTransformer(str(weights), device="cpu")

        def encode(items: Sequence[Any], batch: int) -> np.ndarray:
            vectors = model.encode(list(items), batch_size=batch, normalize_embeddings=True)
            return np.asarray(vectors)

        return encode


class TransformersClip(_Torch):
    """CLIP's image tower with its own processor."""

    name = "transformers"

    def load(self, weights: Path, threads: int) -> Encode:
        import torch
        from transformers import AutoImageProcessor, CLIPVisionModelWithProjection

        torch.set_num_threads(threads)
        model = CLIPVisionModelWithProjection.from_pretrained(str(weights)).eval()
        processor = AutoImageProcessor.from_pretrained(str(weights))

        def encode(items: Sequence[Any], batch: int) -> np.ndarray:
            found = []
            with torch.inference_mode():
                for start in range(0, len(items), batch):
                    images = list(items[start : start + batch])
                    pixels = processor(images=images, return_tensors="pt")["pixel_values"]
                    found.append(model(pixel_values=pixels).image_embeds.numpy())
            return normalised(np.concatenate(found))

        return encode
