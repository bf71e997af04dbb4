"""``cpp/neuron_host`` under AddressSanitizer and UBSan, behind MediaTek's plugin.

``make test-sanitized`` builds the library and says where it is; elsewhere this is left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hostile_graphs import altered_bytes, altered_graph
from npu_graphs import REFUSED, TAKEN

from sotto.errors import ModelError
from sotto.export.tflite.graphs import read_graphs
from sotto.npu.plugin import apply

ADAPTER = os.environ.get("SOTTO_SANITIZED_ADAPTER", "")

pytestmark = pytest.mark.skipif(not ADAPTER, reason="make test-sanitized runs it")

GRAPHS = TAKEN | {what: case for what, (_, case) in REFUSED.items()}
ALTERED = 4
"""Of each graph, by each kind of change."""

Run = Callable[[Path], None]


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What has to be in the plugin's process before all else: AddressSanitizer's own library."""
    compiler = shutil.which("cc")
    assert compiler is not None
    command = [compiler, "-print-file-name=libasan.so"]
    asan = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert Path(asan).is_file(), "expected GCC with libasan.so"
    source = Path(__file__).with_name("without_deepbind.c")
    out = tmp_path_factory.mktemp("preloaded") / "without_deepbind.so"
    subprocess.run([compiler, "-shared", "-fPIC", source, "-o", out], check=True)
    return f"{out} {asan}"


@pytest.fixture
def compile_sanitized(
    preloaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Lets the plugin compile a file, and fails where the library does what it must not."""
    log = tmp_path / "sanitizer"
    monkeypatch.setenv("LD_PRELOAD", preloaded)
    # Of leaks LiteRT's own tool has many. A name in the log shows that the sanitizer is at work.
    options = f"verbosity=1:log_path={log}"
    monkeypatch.setenv("ASAN_OPTIONS", f"detect_leaks=0:verify_asan_link_order=0:{options}")
    monkeypatch.setenv("UBSAN_OPTIONS", f"print_stacktrace=1:{options}")

    seen: list[bool] = []

    def run(model: Path) -> None:
        with suppress(ModelError):  # what the plugin itself does wrong
            read_graphs(model)  # keeps what is no graph from it, as everywhere
            apply(model, "mt6991", Path(ADAPTER), tmp_path / "out.tflite")
        for report in tmp_path.glob("sanitizer.*"):
            text = report.read_text(errors="replace")
            report.unlink()
            assert not re.search(r"neuron_host/|libneuron_adapter\.so\+", text), text
            seen.append("AddressSanitizer" in text)

    yield run
    assert all(seen)
    assert seen, "no sanitizer was at work"


def test_the_library_is_sanitized_and_answers(compile_sanitized: Run, tmp_path: Path) -> None:
    assert b"__asan_" in (Path(ADAPTER) / "libneuron_adapter.so").read_bytes()
    compile_sanitized(TAKEN["CONV_2D"](tmp_path))
    assert (tmp_path / "out.tflite").stat().st_size > 0


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
