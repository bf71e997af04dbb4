"""The C++ compiler of PyPI's ziglang, which compiles for another system, or for an older glibc."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

GLIBC = "2.28"
"""Debian 10's, Ubuntu 18.10's and RHEL 8's. LiteRT's own wheels need 2.27, FFmpeg's (av) 2.28."""


@dataclass(frozen=True)
class Target:
    """What is compiled for.

    Attributes:
        zig: its name as zig writes it.
        platform: of a wheel, as pip writes it; None where no wheel is made by zig.
        suffix: of an extension module, after the interpreter's tag.
        system: CMake's name of what no wheel is made for here.
    """

    zig: str
    platform: str | None = None
    suffix: str = ""
    system: str = ""


TARGETS = {
    "x86_64-linux": Target(f"x86_64-linux-gnu.{GLIBC}", "linux-x86_64", "x86_64-linux-gnu.so"),
    "aarch64-linux": Target(f"aarch64-linux-gnu.{GLIBC}", "linux-aarch64", "aarch64-linux-gnu.so"),
    "aarch64-macos": Target("aarch64-macos", system="Darwin"),
    # What is nearest to Android among what zig brings a C library for.
    "aarch64-musl": Target("aarch64-linux-musl", system="Linux"),
    "x86_64-windows": Target("x86_64-windows-gnu", system="Windows"),
}


def compilers(folder: Path, target: Target) -> dict[str, Path]:
    """Writes programs that CMake takes for CC, CXX, AR and RANLIB, and gives their paths.

    Raises:
        SystemExit: ziglang is not installed.
    """
    spec = find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("this needs zig: pip install ziglang")
    zig = Path(spec.submodule_search_locations[0]) / "zig"
    ccache = shutil.which("ccache")
    folder.mkdir(parents=True, exist_ok=True)
    # Without -O, zig adds checks at run time, and what they call.
    compiles = f"-target {target.zig} -fno-sanitize=undefined"
    # A name that ends in clang, so that ccache knows what kind of compiler it is.
    made = {
        "CC": _program(folder / "zig-clang", f"{zig} cc {compiles}"),
        "CXX": _program(folder / "zig-clang++", f"{zig} c++ {compiles}"),
        "AR": _program(folder / "zig-ar", f"{zig} ar"),
        "RANLIB": _program(folder / "zig-ranlib", f"{zig} ranlib"),
    }
    if ccache is not None:
        made["CMAKE_C_COMPILER_LAUNCHER"] = made["CMAKE_CXX_COMPILER_LAUNCHER"] = Path(ccache)
    return made


def _program(path: Path, command: str) -> Path:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)
    return path
