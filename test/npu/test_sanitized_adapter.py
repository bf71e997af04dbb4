"""``cpp/neuron_host`` under AddressSanitizer and UBSan, behind MediaTek's plugin.

``make test-sanitized`` builds the library and says where it is; elsewhere this is left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hostile_graphs import altered_bytes, altered_graph
from npu_graphs import REFUSED, TAKEN

from sotto.errors import ModelError
from sotto.npu.plugin import apply

ADAPTER = os.environ.get("SOTTO_SANITIZED_ADAPTER", "")

pytestmark = pytest.mark.skipif(not ADAPTER, reason="make test-sanitized runs it")

GRAPHS = TAKEN | {what: case for what, (_, case) in REFUSED.items()}
ALTERED = 4
"""Of each graph, by each kind of change."""

Run = Callable[[Path], None]


@pytest.fixture(scope="session")
def runtime() -> Path:
    """AddressSanitizer's own library, which has to be the first in the plugin's process."""
    compiler = shutil.which("c++")
    assert compiler is not None
    command = [compiler, "-print-file-name=libasan.so"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert Path(found).is_file(), "expected GCC with libasan.so"
    return Path(found)


@pytest.fixture
def compile_sanitized(runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Lets the plugin compile a file, and fails where the library does what it must not."""
    log = tmp_path / "sanitizer"
    monkeypatch.setenv("LD_PRELOAD", str(runtime))
    # Of leaks LiteRT's own tool has many. What is wrong in the plugin is an error's line elsewhere.
    monkeypatch.setenv("ASAN_OPTIONS", f"detect_leaks=0:log_path={log}")
    monkeypatch.setenv("UBSAN_OPTIONS", f"print_stacktrace=1:log_path={log}")

    def run(model: Path) -> None:
        with suppress(ModelError):
            apply(model, "mt6991", Path(ADAPTER), tmp_path / "out.tflite")
        for report in tmp_path.glob("sanitizer.*"):
            text = report.read_text(errors="replace")
            report.unlink()
            assert "neuron_host/" not in text, text
            assert "libneuron_adapter" not in text, text

    return run


def test_the_library_is_sanitized(compile_sanitized: Run, tmp_path: Path) -> None:
    library = Path(ADAPTER) / "libneuron_adapter.so"
    assert b"__asan_" in library.read_bytes()
    compile_sanitized(TAKEN["CONV_2D"](tmp_path))
    assert (tmp_path / "out.tflite").is_file()


@pytest.mark.parametrize("what", GRAPHS)
def test_no_graph_makes_the_library_do_what_it_must_not(
    what: str, compile_sanitized: Run, tmp_path: Path
) -> None:
    file = GRAPHS[what](tmp_path)
    compile_sanitized(file)
    content, random = file.read_bytes(), np.random.default_rng(len(what))
    for alter in (altered_bytes, altered_graph):
        for _ in range(ALTERED):
            file.write_bytes(alter(content, random))
            compile_sanitized(file)
