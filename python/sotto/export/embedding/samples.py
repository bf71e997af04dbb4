"""What the graphs of an embedding bundle are compared over where there is no checkpoint any more.

Made by what the bundle holds: real texts, pictures and speech become a signature's inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sotto.bundle import Embedder, ImageEncoder, Signature, TextEncoder
from sotto.export.embedding.pictures import picture
from sotto.export.embedding.text_inputs import TextInputs
from sotto.export.recording import packaged_recording
from sotto.preprocess import SAMPLE_RATE, AudioProcessor, ImageProcessor, read_audio


def sample(
    directory: Path, component: Embedder, signature: Signature, start: int = 0
) -> list[np.ndarray]:
    """Inputs of a signature, in its order.

    Args:
        directory: the bundle.
        component: one of its encoders.
        signature: one of the encoder's.
        start: number of the first text, picture or second of speech.

    Raises:
        AudioError: there is no packaged recording.
        BundleError: a file is damaged.
    """
    if isinstance(component, TextEncoder):
        inputs = TextInputs.read(directory, component)
        return inputs.lay_out(inputs.sample(signature, start), signature)
    if isinstance(component, ImageEncoder):
        batch = signature.inputs[0].shape[0]
        pictures = [picture(number) for number in range(start, start + batch)]
        return inputs_of(directory, component, signature, pictures)
    samples = read_audio(packaged_recording())
    return inputs_of(
        directory, component, signature, [samples[start * SAMPLE_RATE % len(samples) :]]
    )


def inputs_of(
    directory: Path, component: Embedder, signature: Signature, items: Sequence[Any]
) -> list[np.ndarray]:
    """Inputs of a signature, in its order, for a batch of texts, pictures or recordings.

    Texts are cut to what the graph holds, recordings to their first window, all of whose positions
    weigh alike.

    Args:
        directory: the bundle.
        component: one of its encoders.
        signature: one of the encoder's.
        items: as many as its batch holds: texts, what ``ImageProcessor`` takes, or one of what
            ``read_audio`` takes.

    Raises:
        AudioError, ImageError: an item can't be read.
        BundleError: a file is damaged.
    """
    if isinstance(component, TextEncoder):
        inputs = TextInputs.read(directory, component)
        return inputs.lay_out(inputs.ids(items, signature), signature)
    if isinstance(component, ImageEncoder):
        return [ImageProcessor(component.processor)(list(items))]
    frames = signature.inputs[0].shape[-1]
    processor = AudioProcessor.from_bundle(directory, seconds=frames / 100)
    positions = signature.inputs[1].shape
    pool = np.full(positions, 1 / positions[-1], np.float32)
    (recording,) = items
    return [processor(read_audio(recording)), pool]
