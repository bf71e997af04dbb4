"""Packed bundles from a folder of them: on a web server, in a repository, or on a disk."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from sotto.bundle import replacing_file
from sotto.download.catalogue import INDEX, LARGEST_INDEX, Catalogue, Entry
from sotto.download.transfer import (
    NETWORK_ERRORS,
    check_scheme,
    download,
    open_url,
    sync_folder,
)
from sotto.errors import DownloadError, OutputError
from sotto.runtime.locate import ARCHIVE

MODELS_URL = "SOTTO_MODELS_URL"
"""The environment variable that says where bundles are fetched from."""

OTHERWISE = "make the bundle from its checkpoint: sotto convert NAME"

_REPOSITORY = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w.-]+))?")


class Origin(Protocol):
    """Where a folder of bundles is."""

    def catalogue(self) -> Catalogue:
        """What it holds."""

    def fetch(self, entry: Entry, target: Path) -> None:
        """Writes one of its files to ``target``, whole and checked, or not at all."""


@dataclass(frozen=True)
class WebFolder:
    """A folder behind HTTP.

    Attributes:
        url: its address; ``index.json`` and the bundles are below it.
        token: who asks, where the server wants to know.
    """

    url: str
    token: str | None = None

    def __str__(self) -> str:
        return self.url

    def catalogue(self) -> Catalogue:
        """Its index.

        Raises:
            DownloadError: it can't be had, or is none.
        """
        address = self._address(INDEX)
        check_scheme(address)
        try:
            with open_url(address, token=self.token) as response:
                text = response.read(LARGEST_INDEX + 1)
        except urllib.error.HTTPError as error:
            raise DownloadError(
                f"{address}: the server answered {error.code} {error.reason}. Check --from"
            ) from error
        except NETWORK_ERRORS as error:
            reason = getattr(error, "reason", None) or error
            raise DownloadError(f"{address}: {reason}. Check --from and the network") from error
        if len(text) > LARGEST_INDEX:
            raise DownloadError(f"{address} has more than {LARGEST_INDEX} bytes: no index")
        return Catalogue.from_json(text, address)

    def fetch(self, entry: Entry, target: Path) -> None:
        """Downloads a file; see :func:`sotto.download.transfer.download`."""
        download(
            self._address(entry.file),
            target,
            entry.sha256,
            otherwise=OTHERWISE,
            size=entry.size,
            token=self.token,
        )

    def _address(self, file: str) -> str:
        return f"{self.url.rstrip('/')}/{quote(file)}"


@dataclass(frozen=True)
class DiskFolder:
    """A folder on this machine, such as a mounted share."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def catalogue(self) -> Catalogue:
        """Its index.

        Raises:
            DownloadError: it can't be read, or is none.
        """
        path = self.path / INDEX
        try:
            with path.open("rb") as file:
                text = file.read(LARGEST_INDEX)
        except OSError as error:
            raise DownloadError(
                f"{path}: {error.strerror}. Make such a folder: sotto bundle publish"
            ) from error
        return Catalogue.from_json(text, str(path))

    def fetch(self, entry: Entry, target: Path) -> None:
        """Copies a file.

        Raises:
            DownloadError: it is missing, or not as the index says.
            OutputError: it can't be written.
        """
        source = self.path / entry.file
        try:
            with source.open("rb") as file:
                if os.fstat(file.fileno()).st_size != entry.size:
                    raise DownloadError(f"{source} has not the size that {INDEX} says: damaged")
                target.parent.mkdir(parents=True, exist_ok=True)
                with replacing_file(target) as part, part.open("w+b") as copy:
                    shutil.copyfileobj(file, copy, 1 << 20)
                    copy.flush()
                    os.fsync(copy.fileno())
                    copy.seek(0)
                    actual = hashlib.file_digest(copy, "sha256").hexdigest()
                    if actual != entry.sha256:
                        raise DownloadError(
                            f"{source} has sha256 {actual}, {INDEX} says {entry.sha256}"
                        )
            sync_folder(target.parent)
        except FileNotFoundError as error:
            raise DownloadError(f"{source}: no such file, though {INDEX} names it") from error
        except OSError as error:
            raise OutputError(f"can't write {target}: {error.strerror or error}") from error


def origin(given: str | None) -> WebFolder | DiskFolder:
    """Where bundles are to be fetched from.

    Args:
        given: the address of a folder, a folder's path, or a repository of Hugging Face, as
            ``ORG/NAME`` or ``ORG/NAME@REVISION``, that holds such a folder's files. None:
            ``$SOTTO_MODELS_URL``.

    Raises:
        DownloadError: nothing is given, or it is none of these.
    """
    given = given or os.environ.get(MODELS_URL)
    if not given:
        raise DownloadError(
            f"no place to fetch bundles from: give --from, or set {MODELS_URL}, to the address or "
            "path of a folder that sotto bundle publish made, or a repository, ORG/NAME. "
            f"Or {OTHERWISE}"
        )
    if "://" in given:
        check_scheme(given)
        return WebFolder(given)
    if Path(given).is_dir():
        return DiskFolder(Path(given))
    if match := _REPOSITORY.fullmatch(given):
        return _repository(match[1], match[2])
    raise DownloadError(f"{given}: neither an address, nor a folder, nor a repository ORG/NAME")


def _repository(repository: str, revision: str | None) -> WebFolder:
    """A repository's files are a folder behind HTTP; huggingface_hub says where, and who asks."""
    try:
        from huggingface_hub import get_token, hf_hub_url
        from huggingface_hub.constants import is_offline_mode
    except ImportError as error:
        raise DownloadError(
            f"{repository}: fetching from a repository needs huggingface_hub: pip install "
            "huggingface_hub"
        ) from error
    if is_offline_mode():
        raise DownloadError(f"{repository}: HF_HUB_OFFLINE forbids the network")
    index = hf_hub_url(repository, INDEX, revision=revision)
    return WebFolder(index.removesuffix(f"/{INDEX}"), get_token() or None)


def get_bundle(
    name: str,
    source: WebFolder | DiskFolder,
    folder: Path,
    *,
    anew: bool = False,
    report: Callable[[str], object] = lambda line: None,
) -> Path:
    """Fetches a packed bundle into a folder in which models are looked for.

    Args:
        name: as the folder's index has it; ``base`` stands for ``whisper-base``.
        source: where from.
        folder: where to.
        anew: whether a file of that name that is there is replaced, if it differs.
        report: called with lines of progress.

    Returns:
        The bundle, ``folder/NAME.sotto``.

    Raises:
        DownloadError: there is no such bundle, or it can't be fetched.
        OutputError: it can't be written.
    """
    full, entry = source.catalogue().find(name, str(source))
    target = folder / f"{full}{ARCHIVE}"
    if target.is_file() and not anew:
        report(f"{target} is there already; --replace fetches it anew")
        return target
    report(f"fetching {full}, {entry.size / 1e6:.1f} MB, from {source}")
    source.fetch(entry, target)
    return target
