"""The bundle: a directory with everything a device needs, described by its manifest.

A bundle is written whole or not at all: files go to a temporary directory beside the
target, which takes the target's place in one rename. The C++ runtime (``cpp/src/bundle/bundle.cc``)
checks what it reads against the manifest; :func:`read_manifest` does so for the tools.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sotto.errors import BundleError, OutputError

SCHEMA = 2
"""Version of the manifest's layout; the runtime refuses any other."""

MANIFEST = "manifest.json"

NPU = "npu"
"""Section of the manifest, and folder, of what step 3 compiled of a bundle's graphs."""

REBUILD = (
    "Rebuild it: python convert/step1_pt_to_torchscript.py --model NAME, "
    "then python convert/step2_torchscript_to_tflite.py."
)

Manifest = dict[str, Any]


def file_entry(path: Path) -> dict[str, Any]:
    """Size in bytes and sha256 of a file, as the manifest's ``files`` holds them."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def write_manifest(directory: Path, manifest: Manifest, files: list[str]) -> None:
    """Writes ``manifest.json`` with an entry for each of ``files`` (relative to the bundle)."""
    manifest = {"schema": SCHEMA, **manifest}
    manifest["files"] = {name: file_entry(directory / name) for name in sorted(files)}
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(directory: Path, verify: bool = True) -> Manifest:
    """Reads and checks a bundle's manifest and the size and sha256 of all its files.

    Args:
        directory: the bundle.
        verify: whether the files are hashed, which takes a second for a gigabyte.

    Raises:
        BundleError: there is no manifest, it is not valid, it has another schema, or a file
            is missing or differs from its entry.
    """
    path = directory / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(
            f"{directory} holds no {MANIFEST}: it is not a bundle. {REBUILD}"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} can't be read ({error}). {REBUILD}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise BundleError(f"{path} is not a bundle's manifest. {REBUILD}")
    if type(manifest.get("schema")) is not int or manifest["schema"] != SCHEMA:
        raise BundleError(
            f"{path} has schema {manifest.get('schema')!r}, this Sotto reads {SCHEMA}. {REBUILD}"
        )
    for name, expected in manifest["files"].items() if verify else ():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise BundleError(f"{path} lists {name!r}, which is outside the bundle. {REBUILD}")
        file = directory / name
        if not file.is_file():
            raise BundleError(f"{directory} lacks {name}, which its manifest lists. {REBUILD}")
        if file_entry(file) != expected:
            raise BundleError(f"{file} is damaged: size or sha256 differ. {REBUILD}")
    return manifest


def drop_compiled(manifest: Manifest) -> None:
    """Takes what step 3 added out of a manifest, for graphs that are about to be others."""
    manifest.pop(NPU, None)
    files = manifest["files"]
    manifest["files"] = {k: v for k, v in files.items() if not k.startswith(f"{NPU}/")}


def check_writable(directory: Path) -> None:
    """Makes sure that ``directory`` can be made or replaced, before hours of work.

    Raises:
        OutputError: it can't, with the reason.
    """
    if directory.exists() and not directory.is_dir():
        raise OutputError(f"{directory} exists and is not a directory; choose another --out")
    directory = directory.resolve()
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}."):
            pass
    except OSError as error:
        raise OutputError(
            f"can't write in {directory.parent} ({error.strerror}); choose another --out"
        ) from error


@dataclass(frozen=True)
class _Replacement:
    """A directory being made, and where the one that it replaces goes meanwhile."""

    target: Path
    partial: Path
    replaced: Path

    def settle(self) -> None:
        """Wherever it was left: the new directory stays in place, or the old one is again."""
        if self.replaced.exists() and not self.target.exists():
            self.replaced.rename(self.target)
        for leftover in (self.partial, self.replaced):
            shutil.rmtree(leftover, ignore_errors=True)


_unfinished: list[Callable[[], None]] = []
"""What settles each replacement that is under way."""


def settle_replacements() -> None:
    """Ends every replacement as an error would, for a process about to exit."""
    for settle in _unfinished:
        settle()


@contextmanager
def _settled(settle: Callable[[], None]) -> Iterator[None]:
    """Calls ``settle`` at the end of the block, or of the process."""
    _unfinished.append(settle)
    try:
        yield
    finally:
        settle()
        _unfinished.remove(settle)


@contextmanager
def replacing_directory(target: Path) -> Iterator[Path]:
    """Yields an empty directory that takes the place of ``target`` if the block succeeds.

    If the block raises (Ctrl-C included), the directory is removed and ``target`` stays as
    it was.

    Raises:
        OutputError: a file can't be written, for example because the disk is full.
    """
    check_writable(target)
    target = target.resolve()  # "." can't be renamed
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.partial-"))
    replaced = partial.with_name(partial.name.replace(".partial-", ".replaced-"))
    replacement = _Replacement(target, partial, replaced)
    try:
        with _settled(replacement.settle):
            partial.chmod(0o755)
            yield partial
            if target.exists():
                target.rename(replaced)
            partial.rename(target)
    except OSError as error:
        raise OutputError(f"can't write {target}: {error}") from error


@contextmanager
def replacing_file(target: Path) -> Iterator[Path]:
    """Yields a path to write, which takes the place of the file ``target`` if the block succeeds.

    What is there and no file, such as a pipe or ``/dev/null``, is written to itself. If the block
    raises, ``target`` stays as it was.

    Raises:
        OutputError: it can't be written, for example because the disk is full.
    """
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")

    def discard() -> None:
        with suppress(OSError):
            partial.unlink(missing_ok=True)

    try:
        if target.exists() and not target.is_file():
            yield target
            return
        with _settled(discard):
            yield partial
            partial.replace(target)
    except OSError as error:
        raise OutputError(f"can't write {target} ({error.strerror or error})") from error


def link_files(source: Path, destination: Path, names: list[str]) -> None:
    """Puts files of one bundle into another: a hard link where possible, else a copy."""
    for name in names:
        target = destination / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source / name, target)
        except OSError:
            shutil.copy2(source / name, target)
