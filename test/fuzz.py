#!/usr/bin/env python3
"""Feeds every parser of foreign bytes with what libFuzzer makes of small examples.

    python test/fuzz.py [--seconds 60] [NAME ...]

A parser in C++ has ``cpp/fuzz/NAME_fuzz.cc`` and its examples in ``cpp/fuzz/corpus/NAME``. Those in
Python are the targets of ``test/fuzz_python.py``, which makes its examples. What finds new paths is
kept under ``build/fuzz/corpus`` for the next run. The first finding ends the run, with the command
that shows it again. Needs clang with its runtime, on Debian 12 ``apt-get install clang-14
libclang-rt-14-dev``, and, for Python, ``pip install atheris``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from fuzz_python import TARGETS

REPOSITORY = Path(__file__).resolve().parents[1]
FUZZERS = REPOSITORY / "cpp" / "fuzz"
BUILD = REPOSITORY / "build" / "fuzz"
CLANGS = ("clang++", *(f"clang++-{version}" for version in range(22, 13, -1)))
PYTHON_FUZZER = [sys.executable, str(REPOSITORY / "test" / "fuzz_python.py")]

MAX_INPUT_BYTES = 1 << 16
MAX_SECONDS_OF_ONE_INPUT = 10
MAX_MEMORY_MB = 2048
LIMITS = [
    f"-max_len={MAX_INPUT_BYTES}",
    f"-timeout={MAX_SECONDS_OF_ONE_INPUT}",
    f"-rss_limit_mb={MAX_MEMORY_MB}",
]


def find_clang() -> str | None:
    """The C++ compiler's path; None if there is none."""
    return next((path for name in CLANGS if (path := shutil.which(name))), None)


def build(compiler: str, names: list[str]) -> None:
    """Builds fuzzers.

    Raises:
        SystemExit: they don't compile, with what the compiler said.
    """
    compilers = [
        f"-DCMAKE_CXX_COMPILER={compiler}",
        f"-DCMAKE_C_COMPILER={compiler.replace('clang++', 'clang')}",
    ]
    targets = [f"{name}_fuzz" for name in names]
    for command in (
        ["cmake", "--preset", "fuzz", *compilers],
        ["cmake", "--build", "--preset", "fuzz", "--target", *targets],
    ):
        built = subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True, text=True)
        if built.returncode != 0:
            raise SystemExit(built.stdout[-5000:] + built.stderr[-5000:])


def examples(name: str) -> Path:
    """The folder of a parser's whole files."""
    if name not in TARGETS:
        return FUZZERS / "corpus" / name
    folder = BUILD / "examples" / name
    subprocess.run([*PYTHON_FUZZER, "--examples", str(folder), name], check=True)
    return folder


def fuzz(name: str, seconds: int) -> str:
    """Runs one fuzzer, for seconds; 0 runs the examples and what was kept, and no more.

    Returns:
        What it found; empty if it found nothing.
    """
    corpus, findings = BUILD / "corpus" / name, BUILD / "findings" / name
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    fuzzer = [str(BUILD / "cpp" / "fuzz" / f"{name}_fuzz")]
    if name in TARGETS:
        fuzzer = [*PYTHON_FUZZER, name]
    before = set(findings.iterdir())
    duration = f"-max_total_time={seconds}" if seconds else "-runs=0"
    options = [duration, f"-artifact_prefix={findings}/", "-print_final_stats=1"]
    result = subprocess.run(
        [*fuzzer, *options, *LIMITS, str(corpus), str(examples(name))],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    runs = [line for line in result.stderr.splitlines() if "number_of_executed_units" in line]
    if result.returncode == 0 and runs:
        print(f"{name}: {runs[0].split()[-1]} inputs, nothing found", flush=True)
        return ""
    said = "\n".join((result.stdout + result.stderr).splitlines()[-60:])
    found = sorted(set(findings.iterdir()) - before)
    again = shlex.join([*fuzzer, *LIMITS, *map(str, found)])
    return f"{said}\n{name} found something. Again: {again}"


def main() -> int:
    native = sorted(path.name.removesuffix("_fuzz.cc") for path in FUZZERS.glob("*_fuzz.cc"))
    names = [*native, *TARGETS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; else all")
    parser.add_argument(
        "--seconds", type=int, default=60, help="for each fuzzer; 0: examples alone"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names):
        parser.error(f"no fuzzer is called {', '.join(sorted(unknown))}")
    chosen = arguments.names or names
    if set(chosen) & set(TARGETS) and importlib.util.find_spec("atheris") is None:
        print("fuzzing Python needs atheris: pip install atheris", file=sys.stderr)
        return 1
    if compiled := [name for name in chosen if name in native]:
        compiler = find_clang()
        if compiler is None:
            print("fuzzing C++ needs clang: apt-get install clang libclang-rt-dev", file=sys.stderr)
            return 1
        build(compiler, compiled)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(fuzz, name, arguments.seconds) for name in chosen]
        for run in as_completed(runs):
            if finding := run.result():
                pool.shutdown(wait=False, cancel_futures=True)
                print(finding, flush=True)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
