"""A microphone as blocks of 16 kHz mono float32, through PortAudio (package sounddevice)."""

from __future__ import annotations

import queue
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from sotto.errors import DeviceError
from sotto.preprocess.audio import SAMPLE_RATE

_BLOCK_SECONDS = 0.1
_PATIENCE_SECONDS = 5.0
"""Without a block for so long, the device is gone."""

Samples = NDArray[np.float32]


class Resampler:
    """Blocks at a device's rate -> blocks at 16 kHz; a block may give none."""

    def __init__(self, rate: float) -> None:
        self._stream = None
        if rate != SAMPLE_RATE:
            self._stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")

    def __call__(self, block: Samples, *, last: bool = False) -> Samples:
        """float32 [n] -> float32 [about n * 16000 / rate]; ``last`` flushes."""
        if self._stream is None:
            return block
        resampled: Samples = self._stream.resample_chunk(block, last=last)
        return resampled


@contextmanager
def microphone(device: str | None = None) -> Iterator[Generator[Samples, None, None]]:
    """Records while the ``with`` block runs.

    Args:
        device: part of a device's name, or its number in ``python -m sounddevice``; None is the
            system's default.

    Yields:
        A generator of what was recorded since its last block: float32 [n], waiting for it. It
        does not end by itself; an empty block comes at least every 0.1 s.

    Raises:
        DeviceError: sounddevice or PortAudio is missing, there is no such microphone, it can't
            be opened, or it went away.
    """
    sounddevice = _sounddevice()
    blocks: queue.SimpleQueue[Samples] = queue.SimpleQueue()

    def keep(recorded: Samples, _frames: int, _time: Any, _status: Any) -> None:
        blocks.put(recorded[:, 0].copy())

    try:
        chosen = int(device) if device is not None and device.isdigit() else device
        known = sounddevice.query_devices(chosen, "input")
        rate = _rate(sounddevice, chosen, known)
        stream = sounddevice.InputStream(
            rate, int(rate * _BLOCK_SECONDS), chosen, 1, "float32", callback=keep
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        name = "the default microphone" if device is None else f"microphone {device!r}"
        raise DeviceError(
            f"can't open {name}: {error}. Connect one and allow this program to use it; "
            "python -m sounddevice lists what there is, --device chooses, --file reads a "
            "recording instead"
        ) from error
    with stream:
        yield _recorded(blocks, Resampler(rate))


def _sounddevice() -> ModuleType:
    try:
        import sounddevice
    except ImportError as error:
        raise DeviceError(
            "a microphone needs the package sounddevice: pip install 'sotto[listen]', or read a "
            "recording with --file"
        ) from error
    except OSError as error:  # sounddevice without the library it loads
        raise DeviceError(
            f"a microphone needs the PortAudio library ({error}): apt install libportaudio2, or "
            "brew install portaudio; or read a recording with --file"
        ) from error
    module: ModuleType = sounddevice
    return module


def _rate(sounddevice: ModuleType, device: int | str | None, known: dict[str, Any]) -> float:
    """16 kHz where the device records it, else the device's own rate."""
    try:
        sounddevice.check_input_settings(device, 1, "float32", samplerate=SAMPLE_RATE)
    except sounddevice.PortAudioError:
        return float(known["default_samplerate"])
    return SAMPLE_RATE


def _recorded(
    blocks: queue.SimpleQueue[Samples], resample: Resampler
) -> Generator[Samples, None, None]:
    waited = 0.0
    while True:
        held = []
        try:
            # A short wait: Ctrl-C takes effect between two of them.
            held.append(blocks.get(timeout=_BLOCK_SECONDS))
            while True:
                held.append(blocks.get_nowait())
        except queue.Empty:
            pass
        waited = 0.0 if held else waited + _BLOCK_SECONDS
        if waited > _PATIENCE_SECONDS:
            raise DeviceError(
                f"the microphone gave nothing for {_PATIENCE_SECONDS:.0f} s; connect it again"
            )
        yield resample(np.concatenate([np.empty(0, np.float32), *held]))
