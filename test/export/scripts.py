"""The two conversion scripts, run within a test's process: torch is slow to import."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from finished import Finished

from sotto.commands import steps

CONVERT = Path(__file__).resolve().parents[2] / "convert"

Script = Callable[..., Finished]
"""``script(*arguments)`` runs it to its end."""


def run(
    command: Callable[..., None],
    arguments: tuple[str | Path, ...],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Finished:
    """Runs a script's function as the script does."""
    monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
    capfd.readouterr()
    with pytest.raises(SystemExit) as caught:
        steps.run(command)
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return Finished(int(caught.value.code or 0), out, err)
