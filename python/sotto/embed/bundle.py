"""A bundle that embeds in the C++ runtime, with what Python reads of its manifest."""

from __future__ import annotations

import os
from typing import TypeVar

from sotto._runtime import EmbeddingModel
from sotto.bundle import MANIFEST, REBUILD, Embedder, Manifest, open_bundle
from sotto.bundle.space import space_of
from sotto.errors import BundleError
from sotto.runtime.load import load
from sotto.runtime.locate import find_encoder

E = TypeVar("E", bound=Embedder)


class EmbeddingBundle:
    """One bundle, loaded once for all encoders that are made of it.

    Args and errors are :class:`sotto.embed.Encoder`'s.

    Attributes:
        directory: the bundle, or its archive.
        reader: of its files.
        runtime: the C++ object.
        space: ``NAME@HASH``: vectors can be compared where it is the same
            (:mod:`sotto.bundle.space`).
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
        self.reader = open_bundle(self.directory)
        self.space = space_of(self.reader)

    @property
    def manifest(self) -> Manifest:
        """The bundle's."""
        return self.reader.manifest

    def component(self, kind: type[E]) -> E:
        """What the manifest says of one encoder.

        Raises:
            BundleError: there is none.
        """
        found = self.manifest.find(kind)
        if found is None:
            raise BundleError(
                f"{self.directory} has no encoder of {kind.kind.partition('-')[0]}: it embeds "
                f"{' and '.join(self.runtime.modalities)}"
            )
        return found

    def close(self) -> None:
        """Frees the memory, from any thread; encoders of it then raise OptionError."""
        self.runtime.close()

    def __enter__(self) -> EmbeddingBundle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"EmbeddingBundle({str(self.directory)!r}, space={self.space!r})"

    def fault(self, what: str) -> BundleError:
        """The error of a bundle that holds something else than it must."""
        return BundleError(f"{self.directory / MANIFEST}: {what}. {REBUILD}")
