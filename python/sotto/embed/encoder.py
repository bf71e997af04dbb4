"""What all encoders share: loading, batches, and the vectors they give."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sotto._runtime import EmbeddingModel
from sotto.embed.bundle import EmbeddingBundle
from sotto.errors import SottoError
from sotto.runtime.option_values import flag, integer, wrong

Vectors = NDArray[np.float32]
Output = Literal["numpy", "arrow"]
Progress = Callable[[int, int], object]
"""Called with the items that are done, and all there are."""

_MIN_LENGTH = 1e-12
"""What a vector's length is at least divided by: torch.nn.functional.normalize's."""


class Encoder(ABC):
    """One encoder of a bundle, for any number of threads at once.

    All calls share the weights; each has buffers of its own, and none waits for another. Used in a
    ``with`` statement, the encoder is closed at the end.

    Args:
        bundle: a bundle's directory, the name of one (see ``runtime.locate.find_encoder``), or one
            that another encoder loaded.
        threads: of the CPU kernels; 0 is as many as there are big cores, 4 at most.
        verify: check the sha256 of the bundle's files.
        weight_cache: a folder for weights in the kernels' layout; None is
            ``$SOTTO_WEIGHT_CACHE``, else the user's cache; an empty string keeps nothing.
        accelerator: ``cpu``; ``npu``, which needs a bundle that step 3 compiled for the SoC and
            has the sizes that it compiled; or ``auto``: the NPU, else the CPU with a warning to
            the log.
        soc, npu_dispatch: as :class:`sotto.asr.SpeechModel` takes them.

    Raises:
        BundleError: the bundle is missing, incomplete, damaged, of another schema or kind, or
            has no such encoder.
        DeviceError: LiteRT is missing or too old, or there is no such device.
        OptionError: an option is out of range.
    """

    modality: ClassVar[str]
    """``text``, ``image`` or ``audio``."""

    def __init__(self, bundle: str | os.PathLike[str] | EmbeddingBundle, **options: Any) -> None:
        if isinstance(bundle, EmbeddingBundle):
            if options:
                raise wrong("options", sorted(options), "none for a bundle that is loaded")
            self._bundle, self._owned = bundle, False
        else:
            self._owned = True
            self._bundle = EmbeddingBundle(bundle, **options)
        self._runtime = self._bundle.runtime

    @property
    def name(self) -> str:
        """The model's name."""
        return self._runtime.name

    @property
    def space(self) -> str:
        """``NAME@HASH``: vectors of one space can be compared."""
        return self._bundle.space

    @property
    def dimensions(self) -> int:
        """Width of the vectors."""
        return self._runtime.dimensions

    @property
    def precision(self) -> str:
        """``fp32``, ``int8`` …"""
        return self._runtime.precision

    @property
    def accelerator(self) -> str:
        """What the graphs run on: ``cpu`` or ``npu``."""
        return self._runtime.accelerator

    @property
    def directory(self) -> Path:
        """The bundle."""
        return self._bundle.directory

    @property
    def runtime(self) -> EmbeddingModel:
        """The C++ object."""
        return self._runtime

    def close(self) -> None:
        """Frees the memory, from any thread; later calls raise OptionError.

        A bundle that other encoders share is left to them: close it itself.
        """
        if self._owned:
            self._bundle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({str(self.directory)!r}, name={self.name!r}, "
            f"precision={self.precision!r}, dimensions={self.dimensions})"
        )

    @abstractmethod
    def encode(
        self,
        items: Any,
        *,
        batch_size: int = 32,
        normalize: bool = True,
        output: Output = "numpy",
        progress: Progress | None = None,
    ) -> Any:
        """Items to vectors; each encoder says which items, and has further options.

        Args:
            items: one, or several.
            batch_size: how many are prepared and run at once; it decides about memory, and how
                soon Ctrl-C takes effect. Vectors don't depend on it.
            normalize: scale vectors to a length of 1, so that their product is their cosine.
            output: ``numpy``, or ``arrow``: a pyarrow ``FixedSizeListArray`` over the same memory.
            progress: called after each batch with the items done and all there are.

        Returns:
            float32 ``[n, dimensions]``, or ``[dimensions]`` for one item that is no sequence;
            Arrow arrays have a list for each item.

        Raises:
            OptionError: an option is out of range, or an item is of a wrong type.
        """

    def _finish(self, vectors: Vectors, single: bool, normalize: bool, output: Output) -> Any:
        """``[n, dimensions]`` to what ``encode`` gives."""
        if normalize:
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            vectors /= np.maximum(lengths, _MIN_LENGTH)
        if output == "arrow":
            return to_arrow(vectors)
        return vectors[0] if single else vectors


def check_options(batch_size: object, normalize: object, output: object) -> None:
    """Raises OptionError for a value that ``encode`` does not take."""
    if integer("batch_size", batch_size, " of at least 1") < 1:
        raise wrong("batch_size", batch_size, "an integer of at least 1")
    flag("normalize", normalize)
    if output not in ("numpy", "arrow"):
        raise wrong("output", output, "numpy or arrow")


def listed(items: Any) -> tuple[list[Any], bool]:
    """Items as a list, and whether it was one that is no list, tuple or pyarrow array."""
    items = from_arrow(items)
    if isinstance(items, list | tuple):
        return list(items), False
    return [items], True


def from_arrow(items: Any) -> Any:
    """A pyarrow array as a list; anything else as it is."""
    arrow = sys.modules.get("pyarrow")  # whoever has such an array has imported it
    if arrow is not None and isinstance(items, arrow.Array | arrow.ChunkedArray):
        return items.to_pylist()
    return items


def to_arrow(vectors: Vectors) -> Any:
    """float32 ``[n, d]`` as a pyarrow ``FixedSizeListArray`` over the same memory.

    Raises:
        SottoError: pyarrow is not installed.
    """
    arrow = optional_package("pyarrow", "output='arrow'")
    return arrow.FixedSizeListArray.from_arrays(arrow.array(vectors.reshape(-1)), vectors.shape[1])


def optional_package(name: str, purpose: str) -> Any:
    """A package that only embeddings need.

    Raises:
        SottoError: it is not installed; says how to.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise SottoError(
            f"{purpose} needs the package {name}: pip install 'sotto[embed]' ({error})"
        ) from error
