"""A bundle that was compiled for an NPU, by the library that stands for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from compiled_bundle import NpuBundle, compile_file

ALL = ("encode_30s", "decode_30s", "prefill_30s", "align_30s")


@pytest.fixture(scope="session")
def compiled_files(
    bundle: Callable[[str, str], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """tiny.en's graphs in fp32, compiled, by the files that they were compiled from."""
    source, folder = bundle("tiny.en", "fp32"), tmp_path_factory.mktemp("compiled")
    return {
        name: compile_file(source / name, folder / name)
        for name in ("encoder.tflite", "decoder.tflite")
    }


@pytest.fixture(scope="session")
def compiled(
    bundle: Callable[[str, str], Path],
    compiled_files: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """tiny.en in fp32 with every signature compiled."""
    made = NpuBundle(bundle("tiny.en", "fp32"), tmp_path_factory.mktemp("npu") / "tiny.en")
    made.add(compiled_files, ALL)
    return made.directory


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """The NPU's library computes as a CPU does."""
    monkeypatch.setenv("SOTTO_NPU_STORAGE", "fp32")
    monkeypatch.setenv("SOTTO_NPU_GELU", "erf")
