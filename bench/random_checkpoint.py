#!/usr/bin/env python3
"""A checkpoint of a published Whisper's size with random weights, in OpenAI's layout.

Where a model's real weights are not at hand, its structure can still be converted, counted and
timed; what it says is noise.

    python bench/random_checkpoint.py large-v3-turbo /tmp/large-v3-turbo-random.pt
    python convert/step1_pt_to_torchscript.py --model /tmp/large-v3-turbo-random.pt --windows 30
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import torch
import typer

from sotto.checkpoints import WhisperDims
from sotto.checkpoints.checkpoint import expected_shapes
from sotto.errors import OptionError
from sotto.terminal import clean_exits, report, run

# Width, heads, encoder layers, decoder layers: arXiv 2212.04356, table 1, and for turbo
# openai-whisper's model card.
SIZES = {
    "tiny": (384, 6, 4, 4),
    "base": (512, 8, 6, 6),
    "small": (768, 12, 12, 12),
    "medium": (1024, 16, 24, 24),
    "large-v3": (1280, 20, 32, 32),
    "large-v3-turbo": (1280, 20, 32, 4),
}
STANDARD_DEVIATION = 0.02


def published_dims(name: str, layers: int = 0) -> WhisperDims:
    """The dimensions of a published multilingual model.

    Args:
        name: of :data:`SIZES`.
        layers: of the encoder and of the decoder, at most; 0 is all.

    Raises:
        OptionError: no such model.
    """
    if name not in SIZES:
        raise OptionError(f"name {name!r}: expected one of {', '.join(SIZES)}")
    width, heads, audio_layers, text_layers = SIZES[name]
    if layers:
        audio_layers, text_layers = min(audio_layers, layers), min(text_layers, layers)
    third = name.startswith("large-v3")
    return WhisperDims(
        n_mels=128 if third else 80,
        n_audio_ctx=1500,
        n_audio_state=width,
        n_audio_head=heads,
        n_audio_layer=audio_layers,
        n_vocab=51866 if third else 51865,
        n_text_ctx=448,
        n_text_state=width,
        n_text_head=heads,
        n_text_layer=text_layers,
    )


def random_checkpoint(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(SIZES)}.")],
    out: Annotated[Path, typer.Argument(help="File to write, .pt.")],
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
    layers: Annotated[int, typer.Option(help="Of encoder and decoder, at most; 0: all.")] = 0,
) -> None:
    """Write a Whisper checkpoint with random weights."""
    with clean_exits():
        dims = published_dims(name, layers)
        generator = torch.Generator().manual_seed(seed)
        state = {}
        for key, shape in expected_shapes(dims).items():
            if key.endswith(("ln.weight", "ln_post.weight")):
                weight = torch.ones(shape)
            else:
                weight = torch.randn(shape, generator=generator) * STANDARD_DEVIATION
            state[key] = weight.half()
        torch.save({"dims": asdict(dims), "model_state_dict": state}, out)
        report(f"wrote {out}")


if __name__ == "__main__":
    run(random_checkpoint)
