#!/usr/bin/env python3
"""Feeds every parser of foreign bytes with what libFuzzer makes of small examples.

    python test/fuzz.py [--seconds 60] [NAME ...]

A fuzzer is ``cpp/fuzz/NAME_fuzz.cc``, its examples are ``cpp/fuzz/corpus/NAME/``. What finds new
paths is kept under ``build/fuzz/corpus`` for the next run. Needs clang with its runtime; on Debian,
``apt-get install clang libclang-rt-dev`` (12: ``clang-14 libclang-rt-14-dev``).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FUZZERS = REPOSITORY / "cpp" / "fuzz"
BUILD = REPOSITORY / "build" / "fuzz"
CLANGS = ("clang++", *(f"clang++-{version}" for version in range(22, 13, -1)))

MAX_INPUT_BYTES = 1 << 16
MAX_SECONDS_OF_ONE_INPUT = 10
MAX_MEMORY_MB = 2048


def find_clang() -> str | None:
    """The C++ compiler's path; None if there is none."""
    return next((path for name in CLANGS if (path := shutil.which(name))), None)


def build(compiler: str) -> None:
    """Builds all fuzzers.

    Raises:
        subprocess.CalledProcessError: they don't compile.
    """
    compilers = [
        f"-DCMAKE_CXX_COMPILER={compiler}",
        f"-DCMAKE_C_COMPILER={compiler.replace('clang++', 'clang')}",
    ]
    for command in (
        ["cmake", "--preset", "fuzz", *compilers],
        ["cmake", "--build", "--preset", "fuzz"],
    ):
        subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)


def fuzz(name: str, seconds: int) -> bool:
    """Runs one fuzzer, and prints the end of its output if it found something.

    Returns:
        Whether it found nothing.
    """
    corpus, findings = BUILD / "corpus" / name, BUILD / "findings" / name
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    command = [
        str(BUILD / "cpp" / "fuzz" / f"{name}_fuzz"),
        f"-max_total_time={seconds}",
        f"-max_len={MAX_INPUT_BYTES}",
        f"-timeout={MAX_SECONDS_OF_ONE_INPUT}",
        f"-rss_limit_mb={MAX_MEMORY_MB}",
        f"-artifact_prefix={findings}/",
        "-print_final_stats=1",
        str(corpus),
        str(FUZZERS / "corpus" / name),
    ]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    runs = [line for line in result.stderr.splitlines() if "number_of_executed_units" in line]
    count = runs[0].split()[-1] if runs else "no"
    if result.returncode == 0:
        print(f"{name}: {count} inputs, nothing found")
        return True
    print("\n".join(result.stderr.splitlines()[-60:]))
    print(f"{name}: found something, see {findings}")
    return False


def main() -> int:
    names = sorted(path.name.removesuffix("_fuzz.cc") for path in FUZZERS.glob("*_fuzz.cc"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; else all")
    parser.add_argument("--seconds", type=int, default=60, help="for each fuzzer")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names):
        parser.error(f"no fuzzer is called {', '.join(sorted(unknown))}")
    compiler = find_clang()
    if compiler is None:
        print("fuzzing needs clang: apt-get install clang libclang-rt-dev", file=sys.stderr)
        return 1
    build(compiler)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(
            pool.map(lambda name: fuzz(name, arguments.seconds), arguments.names or names)
        )
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
