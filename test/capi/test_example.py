"""A C program outside of the tree finds the installed library, and transcribes with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from capi.conftest import run
from comparison.bundles import ensure_bundle
from comparison.clips import REPOSITORY

import sotto
from sotto.export.recording import packaged_recording
from sotto.preprocess import SAMPLE_RATE, read_audio
from sotto.runtime.locate import find_litert

EXAMPLES = REPOSITORY / "cpp" / "examples"


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few seconds as a WAV file of 16 kHz."""
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    samples: np.ndarray = read_audio(packaged_recording())[: 8 * SAMPLE_RATE]
    soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    return path


def by_cmake(installed: Path, folder: Path) -> Path:
    shutil.copytree(EXAMPLES, folder / "source")
    run(
        "cmake",
        "-S",
        folder / "source",
        "-B",
        folder / "build",
        f"-DCMAKE_PREFIX_PATH={installed}",
    )
    run("cmake", "--build", folder / "build")
    return folder / "build" / "transcribe"


def by_pkg_config(installed: Path, folder: Path) -> Path:
    (file,) = installed.glob("lib*/pkgconfig/sotto.pc")
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "sotto"],
        env={**os.environ, "PKG_CONFIG_PATH": str(file.parent)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    program = folder / "transcribe"
    rpath = f"-Wl,-rpath,{file.parents[1]}"
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    run("cc", *strict, EXAMPLES / "transcribe.c", *flags, rpath, "-o", program)
    return program


@pytest.mark.parametrize("build", [by_cmake, by_pkg_config])
def test_the_example_transcribes_as_python_does(
    build, installed: Path, speech: Path, tmp_path: Path
) -> None:
    if build is by_pkg_config and shutil.which("pkg-config") is None:
        pytest.skip("pkg-config is not installed")
    program = build(installed, tmp_path)
    bundle = ensure_bundle("tiny.en", "int8")
    lines = run(program, bundle, speech, find_litert()).splitlines()
    expected = sotto.load_model(bundle).recognize(speech)
    assert lines[-1] == "language: en"
    assert [line[16:] for line in lines[:-1]] == [segment.text for segment in expected.segments]
    assert [line[:15] for line in lines[:-1]] == [
        f"{segment.start:7.2f} {segment.end:7.2f}" for segment in expected.segments
    ]


def test_the_command_line_is_installed_beside_the_library(installed: Path) -> None:
    assert "transcribe" in run(installed / "bin" / "sotto-native", "--help")


def test_an_error_names_the_cause(installed: Path, speech: Path, tmp_path: Path) -> None:
    program = by_cmake(installed, tmp_path)
    done = subprocess.run([program, tmp_path, speech], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "manifest.json" in done.stderr
