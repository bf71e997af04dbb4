"""One way from Python's options to a bundle's model in the C++ runtime."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from sotto.runtime.locate import find_dispatch, find_litert
from sotto.runtime.option_values import integer

_log = logging.getLogger(__name__)


class _Model(Protocol):
    @property
    def fallback(self) -> str:
        """Why the CPU runs it and not the NPU; empty if nothing is to be said."""


Model = TypeVar("Model", bound=_Model)


def load(
    kind: Callable[..., Model],
    directory: Path,
    *,
    threads: int,
    verify: bool,
    weight_cache: str | os.PathLike[str] | None,
    accelerator: str,
    soc: str | None,
    npu_dispatch: str | os.PathLike[str] | None,
) -> Model:
    """A bundle's model; says in the log why it runs on the CPU where it was to be the NPU.

    Args:
        kind: class of ``sotto._runtime``.
        directory: the bundle.
        threads, verify, weight_cache, accelerator, soc, npu_dispatch: as
            :class:`sotto.asr.SpeechModel` has them.

    Raises:
        BundleError, DeviceError, OptionError: as there.
    """
    model = kind(
        directory,
        threads=integer("threads", threads),
        verify=verify,
        library=find_litert(),
        weight_cache=weight_cache,
        accelerator=accelerator,
        soc=(soc or "").lower(),
        dispatch=find_dispatch(npu_dispatch) if accelerator != "cpu" else "",
    )
    if model.fallback:
        _log.warning("%s", model.fallback)
    return model
