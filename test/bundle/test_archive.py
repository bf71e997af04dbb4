"""A bundle in one file: aligned, the same bytes each time, and checked where it is unpacked."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import made_manifests
import pytest
from typer.testing import CliRunner

from sotto.bundle import MANIFEST, Manifest, open_bundle, write_manifest
from sotto.bundle.archive import faults, pack, unpack
from sotto.commands.bundle import app
from sotto.errors import BundleError, OptionError
from sotto.runtime.locate import find_any


def write(folder: Path, manifest: Manifest) -> Manifest:
    """A bundle whose files hold their names."""
    folder.mkdir()
    for number, name in enumerate(manifest.files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode() * (1 + 1000 * number))
    return write_manifest(folder, manifest, manifest.files)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write(tmp_path / "small", made_manifests.whisper())
    return tmp_path / "small"


@pytest.fixture
def archive(bundle: Path) -> Path:
    out = bundle.with_suffix(".sotto")
    pack(bundle, out)
    return out


def data_offset(path: Path, info: zipfile.ZipInfo) -> int:
    """Where an entry's data begin."""
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)
        name, extra = struct.unpack("<HH", file.read(4))
    return info.header_offset + 30 + name + extra


def test_unpacking_gives_the_bundle_without_step_1s_files(archive: Path, tmp_path: Path) -> None:
    unpack(archive, tmp_path / "out")
    files = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert "npu/mt6991/encoder.tflite" in files
    assert not [name for name in files if "torchscript" in name]
    for name in files - {MANIFEST}:
        assert (tmp_path / "out" / name).read_bytes() == (
            archive.with_suffix("") / name
        ).read_bytes()
    assert open_bundle(tmp_path / "out").manifest == open_bundle(archive).manifest
    assert open_bundle(archive).manifest.torchscript is None


def test_entries_are_stored_and_aligned_with_the_manifest_first(archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        assert file.testzip() is None
        infos = file.infolist()
    assert infos[0].filename == MANIFEST
    for info in infos:
        assert info.compress_type == zipfile.ZIP_STORED
        assert data_offset(archive, info) % 64 == 0
        if info.filename.endswith(".tflite"):
            assert data_offset(archive, info) % 16384 == 0


def test_the_same_bundle_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    unpack(archive, tmp_path / "elsewhere")
    for source in (tmp_path / "elsewhere", archive):
        pack(source, tmp_path / "again.sotto")
        assert (tmp_path / "again.sotto").read_bytes() == archive.read_bytes()


def test_a_damaged_bundle_is_not_packed(bundle: Path, tmp_path: Path) -> None:
    (bundle / "encoder.tflite").write_bytes(b"else")
    with pytest.raises(BundleError, match=r"encoder\.tflite has 4 bytes"):
        pack(bundle, tmp_path / "out.sotto")
    assert not list(tmp_path.glob("*out.sotto*"))


def test_what_has_no_graphs_yet_is_not_packed(tmp_path: Path) -> None:
    made = made_manifests.whisper()
    bare = replace(made, components=tuple(one.with_graphs(()) for one in made.components))
    write(tmp_path / "step1", bare)
    with pytest.raises(BundleError, match="run step 2"):
        pack(tmp_path / "step1", tmp_path / "out.sotto")


def rewritten(path: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> None:
    """The archive with its entries changed, each left out where ``change`` gives None."""
    with zipfile.ZipFile(path) as file:
        entries = [(info.filename, file.read(info)) for info in file.infolist()]
    with zipfile.ZipFile(path, "w") as file:
        for entry in entries:
            if (kept := change(*entry)) is not None:
                file.writestr(*kept)


def test_a_changed_byte_keeps_everything_from_being_written(archive: Path, tmp_path: Path) -> None:
    rewritten(
        archive, lambda name, data: (name, data[:-1] + b"!") if "decoder" in name else (name, data)
    )
    with pytest.raises(BundleError, match=r"decoder\.tflite is damaged"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))
    assert len(faults(archive)) == 1


def test_a_file_that_is_missing_is_named(archive: Path, tmp_path: Path) -> None:
    rewritten(archive, lambda name, data: None if name == "mel_filters.npy" else (name, data))
    with pytest.raises(BundleError, match=r"lacks mel_filters\.npy"):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("name", ["../evil.npy", "/tmp/evil.npy", "a/../../evil.npy", "C:evil.npy"])
def test_a_name_that_leads_outside_is_refused(archive: Path, tmp_path: Path, name: str) -> None:
    def change(entry: str, data: bytes) -> tuple[str, bytes]:
        if entry == MANIFEST:
            return entry, data.replace(b'"mel_filters.npy"', json.dumps(name).encode())
        return (name if entry == "mel_filters.npy" else entry), data

    rewritten(archive, change)
    with pytest.raises(BundleError, match="inside the bundle"):
        unpack(archive, tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("evil*"))


def test_a_compressed_entry_is_refused(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        entries = [(info.filename, file.read(info)) for info in file.infolist()]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for entry in entries:
            file.writestr(*entry)
    with pytest.raises(BundleError, match="compressed"):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("length", [0, 10, 500, -1])
def test_a_file_that_was_cut_is_no_archive(archive: Path, tmp_path: Path, length: int) -> None:
    archive.write_bytes(archive.read_bytes()[:length])
    with pytest.raises(BundleError, match="archive"):
        unpack(archive, tmp_path / "out")


def test_a_directory_is_not_unpacked(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="is a directory"):
        unpack(bundle, tmp_path / "out")


def test_commands_say_what_is_wrong_and_exit_with_1(bundle: Path, archive: Path) -> None:
    run = CliRunner()
    assert run.invoke(app, ["verify", str(bundle), str(archive)]).exit_code == 0
    (bundle / "mel_filters.npy").unlink()
    (bundle / "decoder.tflite").write_bytes(b"")
    done = run.invoke(app, ["verify", str(archive), str(bundle)])
    assert done.exit_code == 1
    assert "lacks mel_filters.npy" in done.output
    assert "decoder.tflite has 0 bytes" in done.output


def test_info_has_the_components_and_the_source(archive: Path) -> None:
    found = json.loads(CliRunner().invoke(app, ["info", str(archive), "--json"]).stdout)
    assert [part["kind"] for part in found["components"]] == ["speech-encoder", "decoder"]
    assert found["source"]["license"] == "mit"
    text = CliRunner().invoke(app, ["info", str(archive)]).stdout
    assert "transcribes" in text
    assert "license  mit" in text


def test_a_name_finds_an_archive(
    bundle: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTTO_MODELS", str(archive.parent))
    assert find_any("small") == bundle
    bundle.rename(bundle.with_name("gone"))
    assert find_any("small") == archive
