"""Sotto from Python, over bundles that ``sotto convert`` makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from embedders.embedder import Embedder, Encode


def make_bundle(checkpoint: Path, precision: str, folder: Path) -> Path:
    """The bundle of a checkpoint, made where it is missing."""
    bundle = folder / f"{checkpoint.name}-{precision}"
    if not (bundle / "manifest.json").exists():
        command = [sys.executable, "-m", "sotto.cli", "convert", str(checkpoint)]
        options = ["--out", str(bundle), "--precision", precision]
        subprocess.run([*command, *options], check=True)
    return bundle


class SottoText(Embedder):
    """``sotto.TextEncoder``."""

    name = "sotto"
    modality = "text"

    def prepare(self, checkpoint: Path, folder: Path) -> Path:
        return make_bundle(checkpoint, self.setting, folder)

    def load(self, weights: Path, threads: int) -> Encode:
        import sotto

        encoder = sotto.TextEncoder(weights, threads=threads)
        return lambda items, batch: encoder.encode(list(items), batch_size=batch)


class SottoImages(Embedder):
    """``sotto.ImageEncoder``, its own preprocessing included."""

    name = "sotto"
    modality = "image"

    def __init__(self, setting: str) -> None:
        super().__init__(setting)
        self.name = "sotto images"  # type: ignore[misc]  # its bundles are others

    def prepare(self, checkpoint: Path, folder: Path) -> Path:
        return make_bundle(checkpoint, self.setting, folder)

    def load(self, weights: Path, threads: int) -> Encode:
        import sotto

        encoder = sotto.ImageEncoder(weights, threads=threads)
        return lambda items, batch: encoder.encode(list(items), batch_size=batch)
