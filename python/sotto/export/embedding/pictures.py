"""Pictures that an embedding model's graphs are compared over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def picture(number: int, height: int = 240, width: int = 320) -> NDArray[np.uint8]:
    """A picture of hills, clouds and a few shapes, uint8 ``[height, width, 3]``.

    Its spectrum falls with frequency as photographs' do (Field 1987), which noise alone lacks.
    """
    random = np.random.default_rng(number)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(width), np.fft.fftfreq(height)))
    falling = 1 / np.maximum(frequency, 1 / max(height, width))
    phases = np.exp(2j * np.pi * random.random((3, height, width)))
    waves = np.fft.ifft2(phases * falling).real
    values = 110 + 45 * waves / waves.std(axis=(1, 2), keepdims=True)
    rows, columns = np.mgrid[:height, :width]
    for _ in range(4):
        middle = random.random(2) * (height, width)
        radius = random.uniform(0.08, 0.25) * height
        inside = np.hypot(rows - middle[0], columns - middle[1]) < radius
        values[:, inside] += random.uniform(-90, 90, 3)[:, None]
    return np.clip(values, 0, 255).astype(np.uint8).transpose(1, 2, 0)
