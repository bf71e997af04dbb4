"""A bundle made of links to another's files: cheap to make, and to damage one file of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sotto.bundle import MANIFEST, file_entry
from sotto.bundle.codec import encode


class BundleCopy:
    """Attributes: ``directory``, and ``manifest``, which a test changes and then writes."""

    def __init__(self, source: Path, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self.manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text())
        # What only step 2 reads stays behind: it is large.
        self.manifest.pop("torchscript", None)
        names = [name for name in self.manifest["files"] if "/" not in name]
        self.manifest["files"] = {name: self.manifest["files"][name] for name in names}
        for name in names:
            (directory / name).symlink_to((source / name).resolve())
        self.write_manifest()

    def write_manifest(self, text: str | bytes | None = None) -> None:
        """Writes ``manifest``, or ``text`` as it is."""
        if text is None:
            text = json.dumps(self.manifest)
        data = text.encode() if isinstance(text, str) else text
        (self.directory / MANIFEST).write_bytes(data)

    def replace(self, name: str, content: bytes) -> None:
        """Gives a file a content of its own; the manifest stays."""
        (self.directory / name).unlink()
        (self.directory / name).write_bytes(content)

    def component(self, kind: str) -> dict[str, Any]:
        """A component of ``manifest``, to be changed."""
        found: dict[str, Any] = next(c for c in self.manifest["components"] if c["kind"] == kind)
        return found

    def graph(self, name: str) -> dict[str, Any]:
        """A graph of ``manifest``, likewise."""
        found: dict[str, Any] = next(
            g for c in self.manifest["components"] for g in c["graphs"] if g["name"] == name
        )
        return found

    def list_again(self, name: str) -> None:
        """Makes the manifest say of a file what it now holds."""
        self.manifest["files"][name] = encode(file_entry(self.directory / name))
        self.write_manifest()
