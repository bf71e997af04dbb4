"""What ranges the tensors of float32 graphs have over real speech, and the text heard in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from sotto._runtime import LogMel
from sotto.asr import SpeechModel
from sotto.bundle import Manifest, SpeechEncoder
from sotto.errors import AudioError
from sotto.export.quantize.ranges import Range, Ranges
from sotto.export.whisper.passages import DECODER, ENCODER, Graphs, Passage, hear, make_passage
from sotto.preprocess import SAMPLE_RATE, AudioSource, read_audio

PIECES = 6
"""Windows of speech that each signature is calibrated on, at most."""

THREADS = 2


def find_recordings(folder: Path, report: Callable[[str], None]) -> list[AudioSource]:
    """The recordings in a folder, by name.

    Raises:
        AudioError: there is no such folder, or nothing in it can be read as sound.
    """
    try:
        files = sorted(file for file in folder.iterdir() if file.is_file())
    except OSError as error:
        raise AudioError(f"can't read the folder {folder} ({error.strerror})") from error
    found: list[AudioSource] = []
    refused: list[str] = []
    for file in files:
        try:
            read_audio(file)
            found.append(file)
        except AudioError as error:
            refused.append(str(error))
    if not found:
        why = f"; the first: {refused[0]}" if refused else ""
        raise AudioError(
            f"{folder}: none of its {len(files)} files is a recording that can be read{why}; "
            "expected a folder of speech, such as WAV, FLAC or MP3"
        )
    if refused:
        report(f"{len(refused)} of {len(files)} files in {folder} are no sound: passed over")
    return found


def calibrate(
    bundle: Path,
    manifest: Manifest,
    audio: list[AudioSource],
    report: Callable[[str], None],
) -> dict[str, Range]:
    """Runs every signature of a float32 bundle over speech.

    The encoder hears windows of it; the decoder's graphs read the text that the model hears in
    them, over the caches that this gives.

    Args:
        bundle: of fp32.
        manifest: its.
        audio: recordings of speech; of each, one window after another, a piece of each in turn.
        report: called with a line of text for each window.

    Returns:
        The range of each tensor that is computed, and of each input, by its name.

    Raises:
        AudioError: a recording can't be read, or no speech is heard in any.
    """
    model = SpeechModel(bundle, verify=False)
    log_mel = LogMel(np.load(bundle / manifest.need(SpeechEncoder).mel_filters))
    ranges = Ranges(bundle / file for file in (ENCODER, DECODER))
    graphs = Graphs(bundle, manifest, THREADS, ranges.add)
    recordings = [read_audio(source) for source in audio]
    for window in manifest.windows:
        said = 0
        for samples in _pieces(recordings, window.seconds):
            language, text = hear(model, window, samples)
            said += len(text)
            passage = make_passage(bundle, manifest, log_mel, window, samples, language, text)
            _replay(graphs, passage)
        if not said:
            names = ", ".join(map(str, audio))
            raise AudioError(f"{names}: the model hears no speech; pass --calibrate with some")
        report(f"calibrated the {window.seconds} s window over {said} tokens of text")
    return ranges.found


def _replay(graphs: Graphs, passage: Passage) -> None:
    cross = graphs.encode(passage)
    graphs.logits(passage, cross)
    for graph in (passage.window.prefill, passage.window.alignment):
        if graph is not None:
            graphs.read(passage, cross, graph)


def _pieces(recordings: list[np.ndarray], seconds: int) -> Iterator[np.ndarray]:
    """Windows of recordings: the first of each, then the second of each, and so on."""
    size, count = seconds * SAMPLE_RATE, 0
    longest = max(len(samples) for samples in recordings)
    for start in range(0, longest, size):
        for samples in recordings:
            # Of what is left at the end a second at least.
            if count < PIECES and len(samples) - start >= min(SAMPLE_RATE, len(samples)):
                count += 1
                yield samples[start : start + size]
