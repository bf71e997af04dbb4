"""Arrays of samples: which objects are taken for one, and what their numbers stand for."""

from __future__ import annotations

import warnings
from array import array
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sotto.errors import AudioError, SampleScaleWarning

Samples: TypeAlias = NDArray[np.float32]

# Sample types, byte order apart -> (zero, full range). The names are numpy's `dtype.str`.
_SCALES = {
    "u1": (128, 2**7),
    "i2": (0, 2**15),
    "i4": (0, 2**31),
    "f2": (0, 1),
    "f4": (0, 1),
    "f8": (0, 1),
}

TYPES = "float32, float64, float16, int16, int32 or uint8"
"""What messages call them."""

# Samples as floats are nominally at most 1. Some recorders go beyond that, none by 30 dB.
_LOUD_FLOAT = 32.0

# Full range of int16: int32 samples that stay within are 96 dB below full range.
_INT16 = 2**15

# Formats of memory that is bytes, and so a file's.
_BYTES = ("B", "b", "c")


def as_array(source: object) -> NDArray[Any] | None:
    """What holds samples, as an array; None for all else, such as a path or a file's bytes.

    Taken for samples are a numpy array, what numpy takes for one by ``__array__`` (a tensor on the
    CPU), and an ``array.array`` or memoryview of numbers. Memory of single bytes is a file's.
    Nothing is copied where numpy does not have to.

    Returns:
        ``[n]`` or ``[n, channels]``, of any type. ``[1, n]`` becomes ``[n]``.
    """
    if isinstance(source, array | memoryview):
        view = memoryview(source)
        if view.format in _BYTES:
            return None
        try:
            samples = np.asarray(view)
        except ValueError as error:
            raise AudioError(
                f"the memory has the format {view.format!r} ({error}); expected samples of {TYPES}"
            ) from error
    elif isinstance(source, np.ndarray):
        samples = source
    elif hasattr(source, "__array__"):
        samples = np.asarray(source)
    else:
        return None
    return samples[0] if samples.ndim == 2 and samples.shape[0] == 1 else samples


def is_sample_type(dtype: np.dtype[Any]) -> bool:
    """Whether `scaled` takes this type: uint8, int16, int32, float16, float32 or float64."""
    return dtype.str[1:] in _SCALES


def scaled(samples: NDArray[Any]) -> Samples:
    """Samples of any accepted type and shape -> float32, integers over their full range.

    int16 -> x / 32768.0, as openai-whisper's `load_audio` does, exactly; uint8 has its zero
    at 128; floats stay as they are (a float64 beyond float32's range becomes infinite).
    """
    zero, full_range = _SCALES[samples.dtype.str[1:]]
    with np.errstate(over="ignore"):
        result = samples.astype(np.float32)
    if zero:
        result -= np.float32(zero)
    if full_range != 1:
        result *= np.float32(1 / full_range)  # a power of two: exact
    return result


def warn_of_scale(samples: NDArray[Any], name: str, stacklevel: int = 2) -> None:
    """Warns of numbers that look like another type's: Whisper hears nothing in them.

    Args:
        samples: ``[n]`` or ``[n, channels]``, of an accepted type.
        name: what the warning calls them.
        stacklevel: of the caller that the warning points at.
    """
    if samples.size == 0:
        return
    kind = samples.dtype.str[1:]
    largest = max(abs(float(samples.max())), abs(float(samples.min())))
    if kind[0] == "f" and _LOUD_FLOAT < largest <= 2**31:
        full_range = _INT16 if largest <= _INT16 else 2**31
        warnings.warn(
            f"{name}: samples of {samples.dtype} reach {largest:g}, where floats are nominally in "
            f"[-1, 1]: if they hold int{16 if full_range == _INT16 else 32} numbers, divide them "
            f"by {full_range}",
            SampleScaleWarning,
            stacklevel=stacklevel + 1,
        )
    elif kind == "i4" and 0 < largest <= _INT16:
        warnings.warn(
            f"{name}: samples of {samples.dtype} reach {largest:g} of {2**31}, which is next to "
            f"silence: if they hold int16 numbers, convert them with astype('int16'), or divide "
            f"them by {_INT16}",
            SampleScaleWarning,
            stacklevel=stacklevel + 1,
        )
