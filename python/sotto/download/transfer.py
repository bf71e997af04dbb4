"""Downloads: resumable, verified, and written whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import logging
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path
from typing import Any

from sotto.errors import DownloadError, OutputError

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0
_CHUNK = 256 << 10
NETWORK_ERRORS = (OSError, http.client.HTTPException)


SCHEMES = ("http://", "https://")


def download(
    url: str,
    target: Path,
    sha256: str,
    *,
    otherwise: str,
    size: int | None = None,
    token: str | None = None,
) -> None:
    """Download ``url`` to ``target``, whose content must have the digest ``sha256``.

    What has arrived is kept beside the target as ``<name>.part``; a later call goes on from
    there where the server supports ranges, else starts again. The target appears by rename,
    once its digest is right. KeyboardInterrupt passes through and leaves only the ``.part``.

    Args:
        url: what to fetch.
        target: where it goes; directories are made.
        sha256: hex digest.
        otherwise: what the user can do instead, for messages.
        size: in bytes, where it is known; no more is written than that.
        token: who asks, of that server alone: a redirection to another is followed without it.

    Raises:
        DownloadError: no network, a refusal by the server, a transfer cut short, another
            size or digest (the ``.part`` is then deleted), another process at the same download,
            or an address that is neither http nor https.
        OutputError: the file can't be written, for example because the disk is full; what has
            arrived is kept.
    """
    check_scheme(url)
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(part) as file:
            logger.info("downloading %s to %s", url, target)
            _Transfer(url, file, part, otherwise, size, token).run()
            file.seek(0)
            actual = hashlib.file_digest(file, "sha256").hexdigest()
            if actual != sha256:
                part.unlink()
                raise DownloadError(
                    f"{url} arrived with sha256 {actual}, expected {sha256}: damaged on the way "
                    f"or another file. It was deleted; try again, or {otherwise}"
                )
            os.fsync(file.fileno())
            part.replace(target)
            sync_folder(target.parent)
    except OSError as error:
        raise OutputError(f"can't write {part}: {error.strerror or error}") from error


def check_scheme(url: str) -> None:
    """Makes sure that an address is a web server's.

    Raises:
        DownloadError: it is a file's, or of another protocol.
    """
    if not url.lower().startswith(SCHEMES):
        raise DownloadError(f"{url:.200}: expected an address that begins with http:// or https://")


def sync_folder(folder: Path) -> None:
    """Makes a rename in ``folder`` outlast a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirections to web servers alone; urllib itself would go on to ftp."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        """The next request; its address is refused where it is no web server's."""
        check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_url(url: str, *, start: int = 0, token: str | None = None) -> http.client.HTTPResponse:
    """The answer to a request for what follows the first ``start`` bytes.

    Raises:
        urllib.error.HTTPError: the server refuses.
        OSError, http.client.HTTPException: it can't be reached.
        DownloadError: it redirects to what is no web server.
    """
    request = urllib.request.Request(
        url, headers={"User-Agent": "sotto", "Accept-Encoding": "identity"}
    )
    if start:
        request.add_header("Range", f"bytes={start}-")
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    opener = urllib.request.build_opener(_WebOnly())
    response: http.client.HTTPResponse = opener.open(request, timeout=TIMEOUT_SECONDS)
    return response


@contextmanager
def _locked(part: Path) -> Iterator[BufferedRandom]:
    """``part`` open for appending, held against other processes."""
    with part.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another process may have renamed or deleted it between opening and locking.
            current = os.path.samestat(os.fstat(file.fileno()), part.stat())
        except (BlockingIOError, FileNotFoundError):
            current = False
        if not current:
            raise DownloadError(f"{part} is being downloaded by another process: wait for it")
        yield file


class _Transfer:
    """One file's way from ``url`` to the end of ``file``."""

    def __init__(
        self,
        url: str,
        file: BufferedRandom,
        part: Path,
        otherwise: str,
        size: int | None,
        token: str | None,
    ) -> None:
        self._url, self._file, self._part, self._otherwise = url, file, part, otherwise
        self._size, self._token = size, token

    def run(self) -> None:
        """Fetch all that is not in the file yet."""
        have = self._file.seek(0, os.SEEK_END)
        if have == self._size:
            return  # all of it had arrived; only the check was missing
        if self._size is not None and have > self._size:
            have = self._restart()
        try:
            response = self._open(have)
        except urllib.error.HTTPError as error:
            if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
                raise self._failed(f"the server answered {error.code} {error.reason}") from error
            if error.headers.get("Content-Range", "").endswith(f"*/{have}"):
                return  # all of it had arrived; only the check was missing
            response = self._open(self._restart())
        with response:
            if have and not _continues(response, have):
                if response.status == http.HTTPStatus.PARTIAL_CONTENT:
                    raise self._failed("the server sent another range than was asked for")
                have = self._restart()
            self._copy(response, have)

    def _open(self, have: int) -> http.client.HTTPResponse:
        try:
            return open_url(self._url, start=have, token=self._token)
        except urllib.error.HTTPError:
            raise
        except NETWORK_ERRORS as error:
            raise self._failed(getattr(error, "reason", None) or error) from error

    def _restart(self) -> int:
        self._file.seek(0)
        self._file.truncate()
        return 0

    def _copy(self, response: http.client.HTTPResponse, have: int) -> None:
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else None
        if self._size is not None and total not in (None, self._size):
            raise self._other_size(f"the server has {total} bytes")
        with _progress(self._part.stem, have, total) as advance:
            while chunk := self._receive(response):
                if self._size is not None and have + len(chunk) > self._size:
                    raise self._other_size("the server sends more")
                self._file.write(chunk)
                have += len(chunk)
                advance(len(chunk))
        self._file.flush()
        if total is not None and have != total:
            raise self._failed(f"the connection ended after {have} of {total} bytes")

    def _receive(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read(_CHUNK)
        except NETWORK_ERRORS as error:
            raise self._failed(error) from error

    def _other_size(self, found: str) -> DownloadError:
        self._part.unlink(missing_ok=True)
        return DownloadError(
            f"{self._url} should have {self._size} bytes, and {found}: it is another file. "
            f"Nothing of it is kept; {self._otherwise}"
        )

    def _failed(self, reason: object) -> DownloadError:
        have = self._file.seek(0, os.SEEK_END)
        kept = f"What has arrived is kept in {self._part}: try again to go on from there"
        advice = f"{kept}, or {self._otherwise}" if have else f"Try again, or {self._otherwise}"
        if not have:
            self._part.unlink(missing_ok=True)
        return DownloadError(
            f"can't download {self._url} to {self._part.with_suffix('')}: {reason}. {advice}"
        )


def _continues(response: http.client.HTTPResponse, have: int) -> bool:
    """Whether the response is what follows the first ``have`` bytes."""
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    partial = response.status == http.HTTPStatus.PARTIAL_CONTENT
    return partial and match is not None and int(match[1]) == have


@contextmanager
def _progress(name: str, have: int, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=total, completed=have)
        yield lambda count: progress.advance(task, count)
