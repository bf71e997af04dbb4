"""Every error Sotto raises: one base class, one subclass a cause.

Messages say what was wrong with which file or option, what was expected, and
what to do about it. The C++ runtime raises the same classes: its
``sotto::ErrorCode`` values map one to one onto the subclasses here.
"""

from __future__ import annotations


class SottoError(Exception):
    """Base class of every error that Sotto raises on purpose."""


class AudioError(SottoError):
    """An input is not audio, is empty, or holds samples that are not finite."""


class ImageError(SottoError):
    """An input is not an image, is damaged, or is larger than what is read."""


class BundleError(SottoError):
    """A bundle is missing, incomplete, damaged, or of another schema."""


class CheckpointError(SottoError):
    """A checkpoint can't be found, read, verified, or is not a supported model."""


class DownloadError(SottoError):
    """A file can't be fetched, arrives damaged, or is another than was asked for."""


class ConversionError(SottoError):
    """A conversion step failed, or its result differs from its source too much."""


class ModelError(SottoError):
    """A compiled graph can't be loaded or run."""


class OptionError(SottoError, ValueError):
    """An option has a value outside its range."""


class DeviceError(SottoError):
    """The LiteRT library, an accelerator or a microphone is missing, too old, or unusable."""


class OutputError(SottoError):
    """A result can't be written where it was asked for."""


class StoreError(SottoError):
    """An index can't be opened, read or written, or holds vectors of another model."""


class CancelledError(SottoError):
    """The work was cancelled by the caller."""


class SampleScaleWarning(UserWarning):
    """An array's numbers look like another type's, so that nothing would be heard in them."""
