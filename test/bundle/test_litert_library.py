"""A LiteRT library that is missing, is none, or is too old, is an error that says what to do."""

from __future__ import annotations

import ctypes.util
import shutil
import subprocess
from pathlib import Path

import pytest

from sotto.asr import load_model
from sotto.errors import DeviceError
from sotto.runtime import locate

REMEDY = r"Install the Python package ai-edge-litert 2\.3 or newer, or point .*SOTTO_LITERT"


def shared_library(folder: Path, source: str) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    (folder / "library.c").write_text(source)
    library = folder / "libLiteRt.so"
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(folder / "library.c")]
    subprocess.run(command, check=True)
    return library


def use(library: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOTTO_LITERT", str(library))


def test_a_library_that_is_not_there_is_named(
    whole_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tmp_path / "gone.so", monkeypatch)
    with pytest.raises(DeviceError, match=rf"can't load the LiteRT library .*gone\.so.*{REMEDY}"):
        load_model(whole_bundle)


@pytest.mark.parametrize("content", [b"", b"not a library", b"\x7fELF" + bytes(100)])
def test_a_file_that_is_no_library_is_named(
    whole_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / "fake.so").write_bytes(content)
    use(tmp_path / "fake.so", monkeypatch)
    with pytest.raises(DeviceError, match=rf"can't load the LiteRT library .*fake\.so.*{REMEDY}"):
        load_model(whole_bundle)


def test_a_directory_is_no_library(
    whole_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tmp_path, monkeypatch)
    with pytest.raises(DeviceError, match=REMEDY):
        load_model(whole_bundle)


def test_another_library_is_told_by_the_first_function_it_lacks(
    whole_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ctypes.util.find_library("m")
    if other is None:
        pytest.skip("no math library of its own on this system")
    use(other, monkeypatch)
    with pytest.raises(DeviceError, match=f"lacks the function LiteRtCreateEnvironment.*{REMEDY}"):
        load_model(whole_bundle)


def test_a_library_before_2_1_6_is_told_by_its_version(
    whole_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = shared_library(
        tmp_path,
        "int LiteRtCreateEnvironment(void) { return 0; }\n"
        "int LiteRtCreateModelFromBuffer(void) { return 0; }\n",
    )
    use(old, monkeypatch)
    with pytest.raises(DeviceError, match=rf"is older than 2\.1\.6.*{REMEDY}"):
        load_model(whole_bundle)


def test_an_older_library_is_told_by_the_function_it_lacks(
    whole_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = shared_library(
        tmp_path,
        "int LiteRtCreateEnvironment(void) { return 0; }\n"
        "void LiteRtDestroyEnvironment(void) {}\n"
        "int LiteRtCreateModelFromBuffer(void) { return 0; }\n"
        "int LiteRtCreateModelFromFd(void) { return 0; }\n",
    )
    use(old, monkeypatch)
    expected = f"lacks the function LiteRtDestroyModel: it is older than Sotto needs.*{REMEDY}"
    with pytest.raises(DeviceError, match=expected):
        load_model(whole_bundle)


def test_without_the_package_the_error_says_what_to_install(
    whole_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOTTO_LITERT", raising=False)
    monkeypatch.setattr(locate, "find_spec", lambda name: None)
    with pytest.raises(DeviceError, match=r"no libLiteRt\.so: pip install ai-edge-litert, or set"):
        load_model(whole_bundle)


def test_an_empty_variable_is_as_none(whole_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use("", monkeypatch)
    assert load_model(whole_bundle).windows
