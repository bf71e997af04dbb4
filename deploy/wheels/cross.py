#!/usr/bin/env python3
"""The runtime, sotto-native and the Python module for another system, by zig. See --help.

The runtime becomes a static library, and sotto-native is linked with it. The module's sources are
compiled, against this Python's headers; they are not linked, which needs that system's Python.
For aarch64-musl, which stands for Android, it is the library that Kotlin calls that is linked, and
that takes a JDK. Nothing is run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from zig import TARGETS, Target, compilers

ROOT = Path(__file__).resolve().parents[2]
CPP = ROOT / "cpp"

PYCONFIG = """
// Where Python.h takes it for Windows' own: what the module's sources need of it.
#define MS_WINDOWS
#define MS_WIN32
#define MS_WIN64
#define SIZEOF_INT 4
#define SIZEOF_LONG 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_VOID_P 8
#define SIZEOF_WCHAR_T 2
#define SIZEOF_TIME_T 8
#define ALIGNOF_SIZE_T 8
#define ALIGNOF_MAX_ALIGN_T 16
#define HAVE_BUILTIN_ATOMIC 1
#define HAVE_STD_ATOMIC 1
#define HAVE_DECLSPEC_DLL 1
#define HAVE_WCHAR_H 1
#define Py_ENABLE_SHARED 1
#define Py_NO_LINK_LIB 1
#define NT_THREADS 1
#define WITH_THREAD 1
"""


def build_runtime(folder: Path, target: Target, tools: dict[str, Path], made: str) -> Path:
    """Builds the library and links ``made`` with it, by the project's own CMake files.

    Args:
        made: CMake's target, ``sotto-native`` or ``sotto_jni``.

    Returns:
        the program or library, for the other system.
    """
    launchers = [f"-D{name}={path}" for name, path in tools.items() if name.endswith("_LAUNCHER")]
    settings = {
        "CMAKE_SYSTEM_NAME": target.system,
        "CMAKE_SYSTEM_PROCESSOR": target.zig.partition("-")[0],
        "CMAKE_C_COMPILER": tools["CC"],
        "CMAKE_CXX_COMPILER": tools["CXX"],
        "CMAKE_AR": tools["AR"],
        "CMAKE_RANLIB": tools["RANLIB"],
        # CMake's own trials link nothing: zig would build a C library for each.
        "CMAKE_TRY_COMPILE_TARGET_TYPE": "STATIC_LIBRARY",
        "CMAKE_BUILD_TYPE": "None",
        "SOTTO_BUILD_TESTS": "OFF",
        "SOTTO_BUILD_LIBRARY": "OFF",
        "SOTTO_BUILD_JNI": "ON" if made == "sotto_jni" else "OFF",
        "SOTTO_WERROR": "ON",
    }
    definitions = [f"-D{name}={value}" for name, value in settings.items()]
    cmake = ["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", *definitions, *launchers]
    subprocess.run(cmake, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder, "--target", made], check=True)
    names = (f"cpp/{made}*", f"android/jni/lib{made}*")
    (linked,) = (path for name in names for path in folder.glob(name) if path.is_file())
    return linked


def own_configuration() -> Path:
    """This Python's pyconfig.h; Debian's Python has one that includes that of the machine."""
    configuration = Path(sysconfig.get_config_h_filename())
    machine = sysconfig.get_config_var("MULTIARCH") or ""
    of_machine = configuration.parents[1] / machine / configuration.parent.name / configuration.name
    return of_machine if of_machine.is_file() else configuration


def python_headers(folder: Path, target: Target) -> Path:
    """This Python's headers, in a folder where pyconfig.h is the target's.

    Python.h takes the pyconfig.h beside it, whatever the compiler is told of others.
    """
    shutil.copytree(sysconfig.get_path("include"), folder, dirs_exist_ok=True)
    if target.system == "Windows":
        (folder / "pyconfig.h").write_text(PYCONFIG)
    else:
        shutil.copy(own_configuration(), folder / "pyconfig.h")
    return folder


def compile_module(folder: Path, target: Target, compiler: Path) -> int:
    """Compiles the module's sources, and gives their number.

    Raises:
        SystemExit: pybind11 is not installed, or one does not compile.
    """
    try:
        import pybind11
    except ImportError:
        raise SystemExit("this needs pybind11: pip install pybind11") from None
    folder.mkdir(parents=True, exist_ok=True)
    headers = [pybind11.get_include(), python_headers(folder / "include", target)]
    launcher = [path] if (path := shutil.which("ccache")) else []
    command = [*launcher, compiler, "-std=c++17", "-O0", "-Wall", "-Wextra", "-Werror"]
    command += [f"-I{CPP / 'include'}", f"-I{CPP / 'src'}", '-DSOTTO_VERSION="0"']
    for header in headers:
        command += ["-isystem", header]
    sources = sorted((CPP / "python").glob("*.cc"))

    def run(source: Path) -> bool:
        made = folder / f"{source.stem}.o"
        return subprocess.run([*command, "-c", source, "-o", made], check=False).returncode == 0

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        if not all(list(pool.map(run, sources))):
            raise SystemExit("the module does not compile")
    return len(sources)


def main() -> None:
    """Builds for each target; fails with the first that does not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "target", choices=[name for name in TARGETS if TARGETS[name].system], nargs="+"
    )
    options = parser.parse_args()
    for name in options.target:
        target, folder = TARGETS[name], ROOT / "build" / "cross" / name
        tools = compilers(ROOT / "build" / "zig" / name, target)
        made = "sotto_jni" if target.system == "Linux" else "sotto-native"
        linked = build_runtime(folder, target, tools, made).relative_to(ROOT)
        print(f"{name}: {linked} is linked")
        if made == "sotto-native":
            count = compile_module(folder / "module", target, tools["CXX"])
            print(f"{name}: {count} sources of the Python module compile")


if __name__ == "__main__":
    main()
