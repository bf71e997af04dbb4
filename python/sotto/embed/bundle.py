"""A bundle of kind ``embedding`` in the C++ runtime, with what Python reads of its manifest."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from sotto._runtime import EmbeddingModel
from sotto.bundle import MANIFEST
from sotto.errors import BundleError
from sotto.runtime.load import load
from sotto.runtime.locate import find_encoder

_REBUILD = "Make it: sotto convert CHECKPOINT (sotto convert --help)."


class EmbeddingBundle:
    """One bundle, loaded once for all encoders that are made of it.

    Args and errors are :class:`sotto.embed.Encoder`'s.

    Attributes:
        directory: the bundle.
        manifest: its manifest, whose fields the runtime has checked but for those that only
            Python reads.
        runtime: the C++ object.
        space: ``NAME@HASH`` of the model and its manifest: vectors can be compared where it is
            the same.
    """

    def __init__(
        self,
        bundle: str | os.PathLike[str],
        *,
        threads: int = 0,
        verify: bool = True,
        weight_cache: str | os.PathLike[str] | None = None,
        accelerator: str = "cpu",
        soc: str | None = None,
        npu_dispatch: str | os.PathLike[str] | None = None,
    ) -> None:
        self.directory = find_encoder(bundle)
        self.runtime = load(
            EmbeddingModel,
            self.directory,
            threads=threads,
            verify=verify,
            weight_cache=weight_cache,
            accelerator=accelerator,
            soc=soc,
            npu_dispatch=npu_dispatch,
        )
        try:
            text = (self.directory / MANIFEST).read_bytes()
            self.manifest: dict[str, Any] = json.loads(text)
        except (OSError, ValueError, RecursionError) as error:
            raise self.fault(f"it can't be read ({error})") from error
        self.space = f"{self.runtime.name}@{hashlib.sha256(text).hexdigest()[:16]}"

    def encoder(self, modality: str) -> dict[str, Any]:
        """The manifest's section of one encoder.

        Raises:
            BundleError: there is none.
        """
        if modality not in self.runtime.modalities:
            raise BundleError(
                f"{self.directory} has no encoder of {modality}: it embeds "
                f"{' and '.join(self.runtime.modalities)}"
            )
        section: dict[str, Any] = self.manifest["encoders"][modality]
        return section

    def fault(self, what: str) -> BundleError:
        """The error of a manifest that holds something else than it must."""
        return BundleError(f"{self.directory / MANIFEST}: {what}. {_REBUILD}")
