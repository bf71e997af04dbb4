"""For another system, Python's headers go by that system's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

WHEELS = Path(__file__).parents[2] / "deploy" / "wheels"


@pytest.mark.parametrize("system", ["x86_64-windows", "aarch64-macos"])
def test_the_configuration_beside_python_h_is_the_targets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str
) -> None:
    monkeypatch.syspath_prepend(str(WHEELS))
    from cross import python_headers
    from zig import TARGETS

    folder = python_headers(tmp_path, TARGETS[system])
    assert (folder / "Python.h").is_file()
    configuration = (folder / "pyconfig.h").read_text()
    assert ("#define MS_WINDOWS" in configuration) == (system == "x86_64-windows")
    assert "multiarch" not in configuration
