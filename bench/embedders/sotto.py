"""Sotto from Python, over bundles that ``sotto convert`` makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from embedders.embedder import Embedder, Encode


class Sotto(Embedder):
    """``sotto.TextEncoder``, ``ImageEncoder`` or ``AudioEncoder``, preprocessing included."""

    name = "sotto"

    def prepare(self, checkpoint: Path, folder: Path) -> Path:
        bundle = folder / f"{checkpoint.name}-{self.setting}"
        if not (bundle / "manifest.json").exists():
            command = [sys.executable, "-m", "sotto.cli", "convert", str(checkpoint)]
            options = ["--out", str(bundle), "--precision", self.setting]
            if self.modality == "audio":
                options += ["--task", "embed"]
            subprocess.run([*command, *options], check=True)
        return bundle

    def load(self, weights: Path, threads: int) -> Encode:
        import sotto

        kinds = {"text": "TextEncoder", "image": "ImageEncoder", "audio": "AudioEncoder"}
        encoder = getattr(sotto, kinds[self.modality])(weights, threads=threads)
        return lambda items, batch: encoder.encode(list(items), batch_size=batch)
