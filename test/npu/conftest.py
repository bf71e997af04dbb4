"""A bundle that was compiled for an NPU, by the library that stands for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from compiled_bundle import SOC

from sotto.npu.aot import find_compiler
from sotto.npu.compile import compile_bundle
from sotto.npu.selection import ROLES, Choice


@pytest.fixture(scope="session")
def compiled(bundle: Callable[[str, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tiny.en in fp32 with every signature compiled, by a dry run of step 3."""
    out = tmp_path_factory.mktemp("npu") / "tiny.en"
    compiler = find_compiler([SOC], dry_run=True, adapter=None)
    compile_bundle(bundle("tiny.en", "fp32"), compiler, out, print, choice=Choice((0,), ROLES))
    return out


@pytest.fixture(scope="session")
def compiled_files(compiled: Path) -> dict[str, Path]:
    """Its compiled files, by those that they were compiled from."""
    return {name: compiled / "npu" / SOC / name for name in ("encoder.tflite", "decoder.tflite")}


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """The NPU's library computes as a CPU does."""
    monkeypatch.setenv("SOTTO_NPU_STORAGE", "fp32")
    monkeypatch.setenv("SOTTO_NPU_GELU", "erf")
