"""A bundle that is not what its manifest says is refused, by the runtime and by the tools."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bundle_copy import BundleCopy

from sotto.asr import load_model
from sotto.bundle import MANIFEST, read_manifest
from sotto.errors import BundleError

Reader = Callable[[Path], object]
READERS = [pytest.param(load_model, id="runtime"), pytest.param(read_manifest, id="tools")]

REMEDY = r"Make it again: sotto convert NAME"


def test_the_copy_itself_is_whole(copy: BundleCopy) -> None:
    manifest = read_manifest(copy.directory)
    assert load_model(copy.directory).windows == [window.seconds for window in manifest.windows]
    assert json.loads(manifest.to_json()) == copy.manifest


# ---- the manifest as a file --------------------------------------------------------------


def test_a_name_that_is_no_bundle_is_refused_with_the_command_that_makes_it() -> None:
    with pytest.raises(
        BundleError, match=r"no bundle 'gone'.*whisper-gone is there.*sotto convert gone"
    ):
        load_model("gone")


def test_a_missing_directory_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"whisper-gone': it is not.*sotto convert gone"):
        load_model(tmp_path / "whisper-gone")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "a/" * 3000])
def test_a_name_that_no_system_accepts_is_no_bundle(name: str) -> None:
    with pytest.raises(BundleError, match="it is not a directory"):
        load_model(name)


@pytest.mark.parametrize("read", READERS)
def test_a_directory_without_a_manifest_is_no_bundle(read: Reader, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=f"not a bundle.*{REMEDY}"):
        read(tmp_path)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "schema: 3",
        "null",
        "[]",
        "3",
        '{"schema": 3,',
        b"\xff\xfe{}",
        "[" * 100_000,
        '{"schema": ' + "9" * 5000 + "}",
        '{"schema": NaN',
    ],
    ids=["empty", "yaml", "null", "list", "number", "cut", "bytes", "deep", "long", "nan"],
)
def test_a_manifest_that_is_no_json_object_is_refused(
    read: Reader, copy: BundleCopy, text: str | bytes
) -> None:
    copy.write_manifest(text)
    with pytest.raises(BundleError, match=rf"{MANIFEST}.*{REMEDY}"):
        read(copy.directory)


@pytest.mark.parametrize("read", READERS)
def test_a_truncated_manifest_is_refused(read: Reader, copy: BundleCopy) -> None:
    text = (copy.directory / MANIFEST).read_text()
    for length in (1, len(text) // 2, len(text) - 1):
        copy.write_manifest(text[:length])
        with pytest.raises(BundleError, match=REMEDY):
            read(copy.directory)


@pytest.mark.parametrize("read", READERS)
def test_a_manifest_that_is_a_directory_is_refused(read: Reader, copy: BundleCopy) -> None:
    (copy.directory / MANIFEST).unlink()
    (copy.directory / MANIFEST).mkdir()
    with pytest.raises(BundleError, match=REMEDY):
        read(copy.directory)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("schema", [1, 0, -1, "3", 3.0, None, True, [3], 2**64])
def test_another_schema_is_refused_with_both_numbers(
    read: Reader, copy: BundleCopy, schema: object
) -> None:
    copy.manifest["schema"] = schema
    copy.write_manifest()
    with pytest.raises(BundleError, match=rf"schema (.*reads (schema )?3|is null)\. {REMEDY}"):
        read(copy.directory)


@pytest.mark.parametrize("read", READERS)
def test_schema_2_is_refused_with_the_command_that_upgrades_it(
    read: Reader, copy: BundleCopy
) -> None:
    copy.manifest["schema"] = 2
    copy.write_manifest()
    with pytest.raises(BundleError, match=f"sotto bundle upgrade {copy.directory}"):
        read(copy.directory)


# ---- the files ---------------------------------------------------------------------------

FILES = [
    "encoder.tflite",
    "decoder.tflite",
    "token_embedding_scales.npy",
    "positional_embedding.npy",
    "mel_filters.npy",
    "tokenizer.tiktoken",
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(read: Reader, copy: BundleCopy, name: str) -> None:
    (copy.directory / name).unlink()
    with pytest.raises(BundleError, match=f"lacks {name}, which its manifest lists. {REMEDY}"):
        read(copy.directory)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_listed_is_not_used(read: Reader, copy: BundleCopy, name: str) -> None:
    del copy.manifest["files"][name]
    copy.write_manifest()
    with pytest.raises(BundleError, match=f"files does not list {name}"):
        read(copy.directory)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_of_another_length_is_refused(
    read: Reader, copy: BundleCopy, name: str, change: int
) -> None:
    content = (copy.directory / name).read_bytes()
    copy.replace(name, content[:-1] if change < 0 else content + b"\0")
    with pytest.raises(BundleError, match=rf"{name} .*(bytes|damaged).*{REMEDY}"):
        read(copy.directory)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_found(read: Reader, copy: BundleCopy, name: str) -> None:
    content = bytearray((copy.directory / name).read_bytes())
    content[len(content) // 2] ^= 1
    copy.replace(name, bytes(content))
    with pytest.raises(BundleError, match=rf"{name} is damaged.*sha256.*{REMEDY}"):
        read(copy.directory)


def test_without_verification_a_flipped_bit_is_not_looked_for(copy: BundleCopy) -> None:
    content = bytearray((copy.directory / "token_embedding_scales.npy").read_bytes())
    content[-1] ^= 1
    copy.replace("token_embedding_scales.npy", bytes(content))
    silence = np.zeros(16_000, np.float32)
    assert load_model(copy.directory, verify=False).recognize(silence, sample_len=1).duration


def test_without_verification_a_truncated_file_is_still_refused(copy: BundleCopy) -> None:
    copy.replace("encoder.tflite", (copy.directory / "encoder.tflite").read_bytes()[:-1])
    with pytest.raises(BundleError, match=r"encoder\.tflite has .* bytes, its manifest says"):
        load_model(copy.directory, verify=False)


@pytest.mark.parametrize("read", READERS)
def test_a_file_that_is_a_pipe_is_refused_and_not_waited_for(
    read: Reader, copy: BundleCopy
) -> None:
    (copy.directory / "encoder.tflite").unlink()
    os.mkfifo(copy.directory / "encoder.tflite")
    copy.manifest["files"]["encoder.tflite"]["size"] = 0
    copy.write_manifest()
    with pytest.raises(BundleError, match=REMEDY):
        read(copy.directory)


@pytest.mark.parametrize("name", ["../outside.npy", "/etc/hostname", "a/../../b", ""])
def test_a_name_outside_the_bundle_is_not_read(copy: BundleCopy, name: str) -> None:
    (copy.directory.parent / "outside.npy").write_bytes(b"")
    entry = copy.manifest["files"].pop("token_embedding_scales.npy")
    copy.component("decoder")["token_embedding"]["scales"] = name
    copy.manifest["files"][name] = entry
    copy.write_manifest()
    with pytest.raises(BundleError, match="expected the name of a file inside the bundle"):
        load_model(copy.directory)
    with pytest.raises(BundleError, match=r"inside the bundle|lacks"):
        read_manifest(copy.directory)
