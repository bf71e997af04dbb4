"""openai-whisper's own tests, out of the source distribution of the installed version."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

from comparison.clips import REPOSITORY

FOLDER = REPOSITORY / "build" / "openai-whisper"

SHA256 = {"20250625": "37a91a3921809d9f44748ffc73c0a55c9f366c85a3ef5c2ae0cc09540432eb96"}
"""Of the source distribution on PyPI, by version."""


class Unavailable(Exception):
    """The package index can't be reached."""


def extract_tests(names: tuple[str, ...], directory: Path) -> None:
    """Copies ``tests/NAME`` of the source distribution into a directory.

    Args:
        names: of files.
        directory: which is there.

    Raises:
        Unavailable: the source distribution is not there and can't be downloaded.
        ValueError: it is another than it must be.
    """
    with tarfile.open(_source_distribution()) as archive:
        for name in names:
            member = f"openai_whisper-{version('openai-whisper')}/tests/{name}"
            file = archive.extractfile(member)
            assert file is not None, member
            (directory / name).write_bytes(file.read())


def _source_distribution() -> Path:
    release = version("openai-whisper")
    path = FOLDER / f"openai_whisper-{release}.tar.gz"
    if not path.is_file():
        _download(f"openai-whisper=={release}")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256.get(release):
        raise ValueError(f"{path} has sha256 {found}, not {SHA256.get(release)}: delete it")
    return path


def _download(requirement: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", "openai-whisper", "--dest", str(FOLDER), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise Unavailable(f"can't download {requirement}: {done.stderr.strip()[-300:]}")
