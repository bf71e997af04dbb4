"""A recording in blocks, as a microphone would give them or as fast as they are taken."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable

import numpy as np
from numpy.typing import NDArray

from sotto.preprocess.audio import SAMPLE_RATE, AudioSource, stream_audio

BLOCK_SECONDS = 0.1

Samples = NDArray[np.float32]


def fast_blocks(audio: AudioSource) -> Generator[Samples, None, None]:
    """float32 [1600], the last one shorter: what is pushed does not depend on the clock."""
    return stream_audio(audio, BLOCK_SECONDS)


def paced_blocks(audio: AudioSource) -> Generator[Samples, None, None]:
    """float32 [n]: all that a microphone would have heard since the last block.

    The clock starts with the first block, and nothing comes before its time: a slow reader is
    given more at once.
    """
    return _paced(fast_blocks(audio))


def _paced(blocks: Iterable[Samples]) -> Generator[Samples, None, None]:
    begin = time.monotonic()
    heard = 0  # samples
    held: list[Samples] = []
    for block in blocks:
        heard += len(block)
        held.append(block)
        early = heard / SAMPLE_RATE - (time.monotonic() - begin)
        if early > 0:
            # What was late goes out first: it is there, this block is not.
            if len(held) > 1:
                yield np.concatenate(held[:-1])
                held = [block]
                early = heard / SAMPLE_RATE - (time.monotonic() - begin)
            time.sleep(max(early, 0))
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)
