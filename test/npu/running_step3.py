"""Step 3's command, run within a test's process."""

from __future__ import annotations

from pathlib import Path

import typer
from finished import Finished
from typer.testing import CliRunner

from sotto.commands.step3 import step3

SCRIPT = Path(__file__).resolve().parents[2] / "convert" / "step3_tflite_to_npu.py"


def run(*arguments: str | Path) -> Finished:
    """Runs it to its end, which is no other exception than its exit."""
    app = typer.Typer()
    app.command()(step3)
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return Finished(result.exit_code, result.stdout, result.stderr)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, with its content."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
