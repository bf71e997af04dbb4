"""What the graphs of an embedding bundle are compared over where there is no checkpoint any more.

Made by what the bundle holds: real texts, pictures and speech become a signature's inputs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sotto.bundle import Manifest
from sotto.errors import BundleError
from sotto.export.embedding.pictures import picture
from sotto.export.embedding.text_inputs import TextInputs
from sotto.export.recording import packaged_recording
from sotto.graphs.signatures import Signature
from sotto.preprocess import SAMPLE_RATE, AudioProcessor, ImageProcessor, read_audio


def sample(
    directory: Path, modality: str, entry: Manifest, signature: Signature, start: int = 0
) -> list[np.ndarray]:
    """Inputs of a signature, in its order.

    Args:
        directory: the bundle.
        modality: ``text``, ``image`` or ``audio``.
        entry: of the manifest's ``encoders``.
        signature: one of the modality's.
        start: number of the first text, picture or second of speech.

    Raises:
        AudioError: there is no packaged recording.
        BundleError: a file is damaged, or the modality unknown.
    """
    match modality:
        case "text":
            inputs = TextInputs.read(directory, entry)
            return inputs.lay_out(inputs.sample(signature, start), signature)
        case "image":
            batch = signature.inputs[0].shape[0]
            pictures = [picture(number) for number in range(start, start + batch)]
            return [ImageProcessor.from_bundle(directory)(pictures)]
        case "audio":
            return _speech(directory, signature, start)
    raise BundleError(f"{directory} has an encoder of {modality!r:.60}, which is unknown here")


def _speech(directory: Path, signature: Signature, start: int) -> list[np.ndarray]:
    """A recording from a second on, all of its positions alike."""
    frames = signature.inputs[0].shape[-1]
    processor = AudioProcessor.from_bundle(directory, seconds=frames / 100)
    positions = signature.inputs[1].shape
    pool = np.full(positions, 1 / positions[-1], np.float32)
    samples = read_audio(packaged_recording())
    return [processor(samples[start * SAMPLE_RATE % len(samples) :]), pool]
