"""``sotto get``: a packed bundle from a folder behind HTTP, or on a disk."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from file_server import FileServer, serving

from sotto.download.bundles import DiskFolder, WebFolder, get_bundle, origin
from sotto.download.catalogue import Catalogue, Entry
from sotto.errors import DownloadError

BUNDLE = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(BUNDLE).hexdigest()
ENTRY = {"file": "whisper-base.sotto", "size": len(BUNDLE), "sha256": SHA256}


def index(name: str = "whisper-base", **changes: Any) -> bytes:
    return json.dumps({"sotto_bundles": 1, "bundles": {name: {**ENTRY, **changes}}}).encode()


def web(server: FileServer, text: bytes | None = None) -> WebFolder:
    server.others["/models/index.json"] = index() if text is None else text
    return WebFolder(server.url.replace("/model.pt", "/models/"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def sotto(*arguments: object, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sotto.cli", *map(str, arguments)],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_bundle_arrives_whole_and_alone(tmp_path: Path) -> None:
    with serving(FileServer(BUNDLE)) as server:
        found = get_bundle("base", web(server), tmp_path / "models")
    assert found == tmp_path / "models" / "whisper-base.sotto"
    assert found.read_bytes() == BUNDLE
    assert names(found.parent) == ["whisper-base.sotto"]


def test_what_is_there_is_fetched_anew_only_when_told(tmp_path: Path) -> None:
    (tmp_path / "whisper-base.sotto").write_bytes(b"older")
    with serving(FileServer(BUNDLE)) as server:
        assert get_bundle("base", web(server), tmp_path).read_bytes() == b"older"
        assert server.requested == []
        assert get_bundle("base", web(server), tmp_path, anew=True).read_bytes() == BUNDLE


def test_a_transfer_cut_short_is_gone_on_from(tmp_path: Path) -> None:
    with serving(FileServer(BUNDLE, stop_after=1_000_000)) as server:
        with pytest.raises(DownloadError, match="ended after 1000000 of 3000000 bytes"):
            get_bundle("whisper-base", web(server), tmp_path)
        assert names(tmp_path) == ["whisper-base.sotto.part"]
        server.stop_after = None
        get_bundle("whisper-base", web(server), tmp_path)
        assert server.requested == [None, "bytes=1000000-"]
    assert names(tmp_path) == ["whisper-base.sotto"]


@pytest.mark.parametrize("other", [BUNDLE[::-1], BUNDLE[:-1], BUNDLE + b"x"])
def test_another_file_than_the_indexs_leaves_nothing(tmp_path: Path, other: bytes) -> None:
    with serving(FileServer(other)) as server, pytest.raises(DownloadError):
        get_bundle("base", web(server), tmp_path)
    assert names(tmp_path) == []


def test_a_server_without_the_folder_or_the_bundle_is_told(tmp_path: Path) -> None:
    with serving(FileServer(BUNDLE, status=404)) as server:
        with pytest.raises(DownloadError, match=r"index\.json: the server answered 404"):
            WebFolder(server.url).catalogue()
        with pytest.raises(DownloadError, match=r"whisper-base\.sotto.* the server answered 404"):
            get_bundle("base", web(server), tmp_path)
    with pytest.raises(DownloadError, match=r"index\.json: .*refused"):
        WebFolder(server.url).catalogue()
    assert names(tmp_path) == []


def test_a_name_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    with (
        serving(FileServer(BUNDLE)) as server,
        pytest.raises(DownloadError, match=r"no bundle 'bass'. Did you mean base\? It has base"),
    ):
        get_bundle("bass", web(server), tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"<html>", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "not an index of bundles"),
        (b'{"sotto_bundles": 2, "bundles": {}}', "not an index of bundles"),
        (b'{"sotto_bundles": 1}', "lists no bundles"),
        (index("../x"), "no name of a bundle"),
        (index(file="../../etc/passwd"), "is not one beside it"),
        (index(file="/etc/passwd"), "is not one beside it"),
        (index(file=".hidden"), "is not one beside it"),
        (index(file=3), "is not one beside it"),
        (index(size=-1), "not bytes from 1"),
        (index(size=2**60), "not bytes from 1"),
        (index(size=True), "not bytes from 1"),
        (index(sha256="0"), "not 64 digits"),
        (b" " * (5 << 20), "no index"),
    ],
)
def test_an_index_is_not_trusted(tmp_path: Path, text: bytes, message: str) -> None:
    with serving(FileServer(BUNDLE)) as server, pytest.raises(DownloadError, match=message):
        get_bundle("base", web(server, text), tmp_path)
    assert names(tmp_path) == []


def test_a_folder_on_this_machine_is_copied_and_checked(tmp_path: Path) -> None:
    folder, models = tmp_path / "shared", tmp_path / "models"
    folder.mkdir()
    with pytest.raises(DownloadError, match="sotto bundle publish"):
        DiskFolder(folder).catalogue()
    (folder / "index.json").write_bytes(index())
    with pytest.raises(DownloadError, match="no such file"):
        get_bundle("base", DiskFolder(folder), models)
    for damaged in (BUNDLE[::-1], b"short"):
        (folder / "whisper-base.sotto").write_bytes(damaged)
        with pytest.raises(DownloadError, match=r"sha256|size"):
            get_bundle("base", DiskFolder(folder), models)
        assert names(models) == []
    (folder / "whisper-base.sotto").write_bytes(BUNDLE)
    assert get_bundle("base", DiskFolder(folder), models).read_bytes() == BUNDLE
    assert names(models) == ["whisper-base.sotto"]


def test_where_from_is_an_address_a_folder_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOTTO_MODELS_URL", raising=False)
    with pytest.raises(DownloadError, match=r"set SOTTO_MODELS_URL.*sotto convert"):
        origin(None)
    monkeypatch.setenv("SOTTO_MODELS_URL", "https://models.example.org")
    assert origin(None) == WebFolder("https://models.example.org")
    assert origin(str(tmp_path)) == DiskFolder(tmp_path)
    with pytest.raises(DownloadError, match="begins with http"):
        origin("file:///srv/models")
    with pytest.raises(DownloadError, match="neither an address"):
        origin("nowhere at all")


def test_an_index_comes_back_as_it_was_written() -> None:
    catalogue = Catalogue({"b": Entry("b.sotto", 1, "0" * 64), "a": Entry("a.sotto", 2, "1" * 64)})
    text = catalogue.to_json()
    assert Catalogue.from_json(text, "a test") == catalogue
    assert Catalogue.from_json(text, "a test").to_json() == text


def test_the_command_fetches_into_the_users_models(tmp_path: Path) -> None:
    with serving(FileServer(BUNDLE)) as server:
        address = web(server).url
        process = sotto("get", "base", "--from", address, XDG_CACHE_HOME=str(tmp_path))
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "fetching whisper-base, 3.0 MB" in errors
    assert names(tmp_path / "sotto" / "models") == ["whisper-base.sotto"]


def test_ctrl_c_leaves_what_the_next_run_goes_on_from(tmp_path: Path) -> None:
    with serving(FileServer(BUNDLE, stall_after=2_000_000)) as server:
        arguments = ("get", "base", "--from", web(server).url, "--folder", tmp_path)
        process = sotto(*arguments)
        part = tmp_path / "whisper-base.sotto.part"
        deadline = time.monotonic() + 300
        while not (part.exists() and part.stat().st_size > 1_000_000):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 130
        assert "Traceback" not in errors
        assert names(tmp_path) == [part.name]
        server.stall_after = None
        process = sotto(*arguments)
        assert process.communicate(timeout=300)[0] == ""
        assert process.returncode == 0
        assert server.requested[1] is not None
    assert (tmp_path / "whisper-base.sotto").read_bytes() == BUNDLE
