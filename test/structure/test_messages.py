"""Messages name commands that a wheel has: it brings no scripts of ``convert/``."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = ("python/sotto/**/*.py", "cpp/src/**/*", "cpp/cli/*", "cpp/python/*", "cpp/include/**/*")


def test_no_message_of_the_package_or_the_runtime_names_a_script() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}: {line.strip()}"
        for pattern in SOURCES
        for path in REPOSITORY.glob(pattern)
        if path.suffix in (".py", ".cc", ".h")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"python convert|step\d_\w+\.py", line)
    ]
    # The scripts' own help, whose code is in the package.
    assert [line for line in found if not line.startswith("python/sotto/commands/steps.py")] == []
