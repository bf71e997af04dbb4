"""Pictures that the tests make: of any size and Pillow mode, as objects, arrays and files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image


def pixels(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """uint8 ``[height, width, channels]``: a gradient with noise, so that filters matter."""
    random = np.random.default_rng([seed, height, width])
    slope = np.linspace(0, 160, width)[None, :, None] + np.linspace(0, 60, height)[:, None, None]
    values = slope + random.normal(0, 30, (height, width, channels))
    return np.clip(values, 0, 255).astype(np.uint8)


def picture(mode: str, height: int = 37, width: int = 53) -> Image.Image:
    """A picture of that mode."""
    if mode == "P+transparency":
        image = Image.fromarray(pixels(height, width)).quantize(16)
        image.info["transparency"] = 3
        return image
    if mode in ("RGBA", "LA", "PA"):
        image = Image.fromarray(pixels(height, width, 4), "RGBA")
        return image if mode == "RGBA" else image.convert("LA").convert(mode)
    return Image.fromarray(pixels(height, width)).convert(mode)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of a file of that format."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path
