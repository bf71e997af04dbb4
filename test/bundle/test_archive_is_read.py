"""The runtime reads what ``sotto bundle pack`` writes, without unpacking it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sotto.asr import load_model
from sotto.bundle.archive import pack
from sotto.errors import BundleError


@pytest.fixture(scope="module")
def archive(whole_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("packed") / "tiny.en.sotto"
    pack(whole_bundle, out)
    return out


def test_an_archive_transcribes_as_its_directory_does(
    archive: Path, whole_bundle: Path, recording: Callable[[str], Path]
) -> None:
    clip = recording("jfk.flac")
    packed, directory = load_model(archive), load_model(whole_bundle)
    assert packed.windows == directory.windows
    assert packed.transcribe(clip)["text"] == directory.transcribe(clip)["text"]


def test_a_compressed_archive_is_refused_with_the_command_that_packs(
    archive: Path, tmp_path: Path
) -> None:
    compressed = tmp_path / "compressed.sotto"
    with zipfile.ZipFile(archive) as whole, zipfile.ZipFile(compressed, "w") as out:
        for name in ("manifest.json", "mel_filters.npy"):
            out.writestr(name, whole.read(name), zipfile.ZIP_DEFLATED)
    with pytest.raises(BundleError, match=r"manifest\.json is compressed.*sotto bundle pack"):
        load_model(compressed)


def test_an_archive_that_is_damaged_is_refused(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    cut = tmp_path / "cut.sotto"
    cut.write_bytes(content[: len(content) // 2])
    with pytest.raises(BundleError, match="does not end as a zip archive does"):
        load_model(cut)
    flipped = tmp_path / "flipped.sotto"
    middle = len(content) // 2
    flipped.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    with pytest.raises(BundleError, match="is damaged: its sha256 differs"):
        load_model(flipped)
