"""Checkpoints that ``bench/embeddings.py`` measures: directories in Hugging Face's layout."""

from __future__ import annotations

import sys
from pathlib import Path

from sotto.checkpoints.identify import identify
from sotto.terminal import report

sys.path.append(str(Path(__file__).resolve().parents[1] / "test" / "vision"))

MINILM = "all-MiniLM-L6-v2"
IMAGE_MODELS = {"clip-b32": 32, "clip-b16": 16}
"""Patch sizes of CLIP ViT-B (arXiv 2103.00020, table 20)."""


def minilm_checkpoint() -> Path:
    """Real weights, of an installed package."""
    path = identify(MINILM).path
    assert path is not None  # it is no Whisper
    return path


def clip_checkpoint(name: str, folder: Path) -> Path:
    """A CLIP ViT-B with random weights: what it costs is the published one's, what it says noise.

    Args:
        name: of :data:`IMAGE_MODELS`.
        folder: that keeps it between runs.
    """
    import torch
    from small_image_text import save_tokenizer
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    directory = folder / name
    if not (directory / "tokenizer.json").exists():
        report(f"making {directory}")
        torch.manual_seed(0)
        config = CLIPConfig(
            vision_config={"patch_size": IMAGE_MODELS[name]},
            text_config={"bos_token_id": 512, "eos_token_id": 513, "pad_token_id": 513},
        )
        CLIPModel(config).save_pretrained(directory)
        CLIPImageProcessorPil().save_pretrained(directory)
        save_tokenizer(directory, config.text_config.max_position_embeddings)
    return directory
