"""Bundles with files for an NPU, as step 3 adds them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sotto.bundle import MANIFEST, file_entry
from sotto.bundle.codec import encode

SOC = "mt6991"
HOST = "sotto neuron_host"


class NpuBundle:
    """A bundle of links to another's files; ``manifest`` may be changed and written again."""

    def __init__(self, source: Path, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self.manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text())
        self.manifest.pop("torchscript", None)
        files = self.manifest["files"]
        self.manifest["files"] = {
            name: entry for name, entry in files.items() if not name.startswith("torchscript/")
        }
        for name in self.manifest["files"]:
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).symlink_to((source / name).resolve())
        self.write()

    def add(
        self, files: dict[str, Path], signatures: Sequence[str], soc: str = SOC, **changes: Any
    ) -> None:
        """Lists compiled files by those that they were compiled from."""
        names = {}
        for name, file in files.items():
            names[name] = f"npu/{soc}/{name}"
            target = self.directory / names[name]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(file.resolve())
            self.manifest["files"][names[name]] = encode(file_entry(target))
        self.manifest.setdefault("npu", {})[soc] = {
            "format": "litert",
            "compiler": HOST,
            "sdk": "8.2.24",
            "files": names,
            "signatures": list(signatures),
            **changes,
        }
        self.write()

    def write(self) -> None:
        """Writes ``manifest``."""
        (self.directory / MANIFEST).write_text(json.dumps(self.manifest))
