"""Making a folder of packed bundles, for ``sotto get`` to fetch from."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from sotto.bundle import file_entry, replacing_file
from sotto.bundle.archive import pack
from sotto.download.catalogue import INDEX, Catalogue, Entry, check_name
from sotto.errors import DownloadError, OptionError, OutputError
from sotto.runtime.locate import ARCHIVE


def publish(
    folder: Path, bundles: Sequence[Path], report: Callable[[str], object] = lambda line: None
) -> Catalogue:
    """Packs bundles into a folder, and lists them in its index.

    What the folder has already stays; a bundle of a name that it has is replaced. An archive's name
    has a part of its sha256, so that the old one and the new one stand side by side until the index
    names the new one: at any moment the folder gives one of the two, whole.

    Args:
        folder: made if it is not there.
        bundles: directories or archives; their own names are what they are published as.
        report: called with a line for each.

    Returns:
        The folder's index.

    Raises:
        BundleError: one of them is no bundle, or damaged.
        DownloadError: the folder's index is damaged, or a name is none that an index may hold.
        OptionError: two have one name.
        OutputError: the folder can't be written.
    """
    named = {path.resolve().name.removesuffix(ARCHIVE): path for path in bundles}
    if len(named) < len(bundles):
        raise OptionError("two of the bundles have one name: rename one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"can't make {folder} ({error.strerror})") from error
    for name in named:
        check_name(name, "publish")
    found = dict(_present(folder).bundles)
    for name, path in named.items():
        replaced = found.get(name)
        found[name] = _packed(path, folder, name)
        report(f"{folder / found[name].file}, {found[name].size / 1e6:.1f} MB")
        with replacing_file(folder / INDEX) as partial, partial.open("wb") as index:
            index.write(Catalogue(found).to_json().encode())
            index.flush()
            os.fsync(index.fileno())
        used = {entry.file for entry in found.values()}
        if replaced is not None and replaced.file not in used:
            (folder / replaced.file).unlink(missing_ok=True)
    return Catalogue(found)


def _packed(bundle: Path, folder: Path, name: str) -> Entry:
    """Packs a bundle into the folder, under a name that no other content has."""
    packing = folder / f".{name}{ARCHIVE}"  # which one that is killed leaves to the next
    pack(bundle, packing)
    entry = file_entry(packing)
    file = folder / f"{name}-{entry.sha256[:12]}{ARCHIVE}"
    packing.replace(file)
    return Entry(file.name, **asdict(entry))


def _present(folder: Path) -> Catalogue:
    path = folder / INDEX
    try:
        return Catalogue.from_json(path.read_bytes(), str(path))
    except FileNotFoundError:
        return Catalogue({})
    except OSError as error:
        raise DownloadError(f"{path} can't be read ({error.strerror})") from error
