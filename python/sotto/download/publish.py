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

    What the folder has already stays; a bundle of a name that it has is replaced. Each file is
    written whole or not at all, and the index last: whoever fetches meanwhile has the old one, and
    its sha256 refuses what was replaced since.

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
        file = folder / f"{name}{ARCHIVE}"
        pack(path, file)
        found[name] = Entry(file.name, **asdict(file_entry(file)))
        report(f"{file}, {found[name].size / 1e6:.1f} MB")
        with replacing_file(folder / INDEX) as partial, partial.open("wb") as index:
            index.write(Catalogue(found).to_json().encode())
            index.flush()
            os.fsync(index.fileno())
    return Catalogue(found)


def _present(folder: Path) -> Catalogue:
    path = folder / INDEX
    try:
        return Catalogue.from_json(path.read_bytes(), str(path))
    except FileNotFoundError:
        return Catalogue({})
    except OSError as error:
        raise DownloadError(f"{path} can't be read ({error.strerror})") from error
