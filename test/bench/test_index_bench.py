"""bench/index.py over few vectors."""

from __future__ import annotations

import subprocess
import sys

import pytest
from comparison.clips import REPOSITORY


def test_brute_force_finds_all_and_the_table_says_so() -> None:
    pytest.importorskip("lancedb", reason="an index needs pip install 'sotto[embed]'")
    pytest.importorskip("faiss", reason="peers need pip install 'sotto[bench]'")
    command = [sys.executable, str(REPOSITORY / "bench" / "index.py"), "--vectors", "2000"]
    command += ["--queries", "10", "--dimensions", "32", "--only", "brute force"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rows = [line for line in done.stdout.splitlines() if "brute force |" in line]
    assert [row.split(" | ")[-1] for row in rows] == ["1.000 |", "1.000 |"]
