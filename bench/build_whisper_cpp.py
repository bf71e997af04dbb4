#!/usr/bin/env python3
"""Builds whisper.cpp for this machine's processor, from pywhispercpp's source distribution.

The wheel is built for any processor with AVX2. A peer is measured at its best, so this makes the
same version with the compiler's -march=native, as build/whisper_cpp: the Python module, which
takes the wheel's place, and the program whisper-cli. It takes a C++ compiler and minutes.

One line is changed. GCC 12's header (amxtileintrin.h) tells the compiler that _tile_loadconfig
reads 8 bytes of its 64, so that writing the others is left out and every quantised model crashes
on a processor with AMX. The line names all 64.

    python bench/build_whisper_cpp.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

from sotto.terminal import clean_exits, report, run

VERSION = "1.5.1"
SHA256 = "5df897e5dd9d9f16804fc937bd85b9f5880a0b29a55f8843585e0e03d76195e5"
TARGET = Path(__file__).resolve().parents[1] / "build" / "whisper_cpp"
MODULE = f"_pywhispercpp{sysconfig.get_config_var('EXT_SUFFIX')}"
PROGRAM = "whisper-cli"
OPTIONS = (
    "CMAKE_BUILD_TYPE=Release",
    f"Python_EXECUTABLE={sys.executable}",
    f"PYTHON_EXECUTABLE={sys.executable}",
    "GGML_NATIVE=ON",
    # Matrix products of llamafile, off by default; with them the encoder takes two thirds.
    "GGML_LLAMAFILE=ON",
    "GGML_CCACHE=OFF",
    # Two files that stand alone, wherever they are moved.
    "BUILD_SHARED_LIBS=OFF",
    "CMAKE_POSITION_INDEPENDENT_CODE=ON",
    "WHISPER_BUILD_EXAMPLES=ON",
    "WHISPER_BUILD_SERVER=OFF",
    "WHISPER_BUILD_TESTS=OFF",
)

AMX = "whisper.cpp/ggml/src/ggml-cpu/amx/mmq.cpp"
LOADED = "    _tile_loadconfig(&tc);\n"
LOADED_WHOLE = '    __asm__ volatile("ldtilecfg %0" ::"m"(tc));\n'


def download(folder: Path) -> Path:
    """The unpacked source distribution; pip checks its sha256."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"pywhispercpp=={VERSION} --hash=sha256:{SHA256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    pip += ["--no-binary", "pywhispercpp", "--require-hashes", "--requirement", str(wanted)]
    subprocess.run([*pip, "--dest", str(folder)], check=True)
    with tarfile.open(folder / f"pywhispercpp-{VERSION}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    source = folder / f"pywhispercpp-{VERSION}"
    load_whole_configuration(source / AMX)
    return source


def load_whole_configuration(file: Path) -> None:
    """Of AMX's tiles; see above."""
    text = file.read_text(encoding="utf-8")
    if text.count(LOADED) != 1:
        raise RuntimeError(f"{file}: {LOADED.strip()} is not there once, as in {VERSION}")
    file.write_text(text.replace(LOADED, LOADED_WHOLE), encoding="utf-8")


def build(source: Path, made: Path) -> None:
    """Configures and compiles; cmake is looked for beside this Python, then on the path."""
    beside = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([beside, os.environ["PATH"]])}
    options = [f"-D{option}" for option in OPTIONS]
    configure = ["cmake", "-S", str(source), "-B", str(made), *options]
    subprocess.run(configure, check=True, env=environment)
    compile_both = ["cmake", "--build", str(made), "--parallel", "--target"]
    subprocess.run([*compile_both, "_pywhispercpp", PROGRAM], check=True, env=environment)


def build_whisper_cpp() -> None:
    """Make build/whisper_cpp from pywhispercpp's source distribution."""
    with clean_exits():
        TARGET.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=TARGET.parent) as folder:
            made, whole = Path(folder) / "made", Path(folder) / "whole"
            build(download(Path(folder)), made)
            whole.mkdir()
            for name in (MODULE, f"bin/{PROGRAM}"):
                shutil.copy(made / name, whole)
            shutil.rmtree(TARGET, ignore_errors=True)
            whole.rename(TARGET)
        report(f"wrote {TARGET}")


if __name__ == "__main__":
    run(build_whisper_cpp)
