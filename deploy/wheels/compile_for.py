#!/usr/bin/env python3
"""Which of the runtime's sources compile for another system, by zig. See --help.

Nothing is linked or run. Only the runtime is compiled: the module needs that system's Python.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from zig import TARGETS, compilers

ROOT = Path(__file__).resolve().parents[2]
CPP = ROOT / "cpp"
INCLUDED = ("include", "src", "third_party/nlohmann_json", "third_party/pocketfft")
"""Of cpp; other libraries' headers are found where their own folders are named."""


def fault(compiler: Path, source: Path) -> str | None:
    """The first error that the compiler finds in a source, or None."""
    folders = [f"-I{CPP / folder}" for folder in INCLUDED]
    others = [f"-I{folder}" for folder in (CPP / "third_party").iterdir() if folder.is_dir()]
    command = [compiler, "-std=c++17", "-fsyntax-only", '-DSOTTO_VERSION="0"', "-DZ_PREFIX"]
    done = subprocess.run(
        [*command, *folders, *others, source], check=False, capture_output=True, text=True
    )
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    return errors[0] if errors else done.stderr[-300:]


def main() -> None:
    """Says which sources do not compile; exits with 1 where there are any."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", choices=list(TARGETS))
    parser.add_argument("sources", type=Path, nargs="*", help="all of cpp/src if none is given")
    options = parser.parse_args()
    compiler = compilers(ROOT / "build" / "zig" / options.target, TARGETS[options.target])["CXX"]
    sources = [path.resolve() for path in options.sources] or sorted(CPP.glob("src/*/*.cc"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = list(pool.map(lambda source: fault(compiler, source), sources))
    wrong = {path: text for path, text in zip(sources, faults, strict=True) if text is not None}
    for path, text in wrong.items():
        print(f"{path.relative_to(ROOT)}: {text}")
    print(f"{options.target}: {len(sources) - len(wrong)} of {len(sources)} sources compile")
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
