"""``sotto bundle publish``: a folder that ``sotto get`` fetches from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import made_manifests
import pytest
from typer.testing import CliRunner

from sotto.bundle import open_bundle, write_manifest
from sotto.bundle.archive import pack
from sotto.commands.bundle import app
from sotto.download.bundles import DiskFolder, WebFolder, get_bundle
from sotto.download.publish import publish
from sotto.errors import BundleError, DownloadError, OptionError
from sotto.runtime.locate import find_bundle


def bundle(folder: Path, text: bytes = b"one") -> Path:
    manifest = made_manifests.whisper()
    for name in manifest.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode() + text)
    write_manifest(folder, manifest, manifest.files)
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return bundle(tmp_path / "made" / "whisper-base")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of ``tmp_path``, behind the web server of Python's own library."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_published_is_fetched_and_found(base: Path, tmp_path: Path, served: str) -> None:
    (entry,) = publish(tmp_path / "shared", [base]).bundles.values()
    sources = (WebFolder(f"{served}/shared"), DiskFolder(tmp_path / "shared"))
    for number, source in enumerate(sources):
        models = tmp_path / f"models{number}"
        found = get_bundle("base", source, models)
        assert find_bundle("base", models) == found
        assert open_bundle(found).manifest == open_bundle(tmp_path / "shared" / entry.file).manifest


def test_a_folder_is_added_to_and_a_bundle_replaced(base: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    first = publish(shared, [base])
    archive = tmp_path / "tiny.sotto"
    pack(base, archive)
    publish(shared, [archive])
    bundle(base, b"two")
    last = publish(shared, [base])
    assert sorted(last.bundles) == ["tiny", "whisper-base"]
    assert last.bundles["tiny"].sha256 == first.bundles["whisper-base"].sha256
    assert last.bundles["whisper-base"].sha256 != first.bundles["whisper-base"].sha256
    assert json.loads((shared / "index.json").read_text())["bundles"].keys() == last.bundles.keys()
    files = {entry.file for entry in last.bundles.values()}
    assert {path.name for path in shared.iterdir()} == {"index.json", *files}


def test_a_damaged_bundle_leaves_the_folder_as_it_was(base: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    publish(shared, [base])
    before = {path.name: path.read_bytes() for path in shared.iterdir()}
    next(base.rglob("*.tflite")).write_bytes(b"damaged")
    with pytest.raises(BundleError):
        publish(shared, [base])
    assert {path.name: path.read_bytes() for path in shared.iterdir()} == before


def test_names_that_an_index_can_not_hold_are_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="two of the bundles have one name"):
        publish(tmp_path / "shared", [base, base])
    with pytest.raises(DownloadError, match="no name of a bundle"):
        publish(tmp_path / "shared", [base.rename(base.with_name("my model"))])
    assert list((tmp_path / "shared").iterdir()) == []


def test_the_command_publishes(base: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["publish", str(tmp_path / "shared"), str(base)])
    assert result.exit_code == 0, result.output
    assert DiskFolder(tmp_path / "shared").catalogue().bundles.keys() == {"whisper-base"}
