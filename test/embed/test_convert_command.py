"""``sotto convert`` as a command: what it prints, how it ends, what it leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("litert_torch", reason="converting needs pip install 'sotto[convert]'")

from small_encoders import change_json, save, save_pipeline

SOTTO = [sys.executable, "-m", "sotto.cli", "convert"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = save("distilbert", tmp_path_factory.mktemp("checkpoint") / "small")
    save_pipeline(directory, max_length=16)
    return directory


def convert(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*SOTTO, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_checkpoint_becomes_a_bundle_of_its_name(checkpoint: Path, tmp_path: Path) -> None:
    done = convert(checkpoint, "--batches", "1", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-2000:]
    assert f"{checkpoint} is a distilbert checkpoint" in done.stderr
    assert "int8 against the reference: text_16x1" in done.stderr
    assert "wrote models/small in" in done.stderr
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["small"]
    assert (tmp_path / "models" / "small" / "manifest.json").is_file()


def test_ctrl_c_leaves_nothing_behind(checkpoint: Path, tmp_path: Path) -> None:
    command = subprocess.Popen(
        [*SOTTO, str(checkpoint)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert command.stderr is not None
    seen = ""
    while "graphs to text.tflite" not in seen:
        line = command.stderr.readline()
        assert line, seen
        seen += line
    command.send_signal(signal.SIGINT)
    out, rest = command.communicate(timeout=120)
    assert (command.returncode, out) == (130, "")
    assert "Traceback" not in seen + rest
    assert rest.endswith("interrupted; nothing was left half-written\n")
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.slow
def test_what_has_no_graph_is_one_line_and_an_exit_status(checkpoint: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text("{}")
    change_json(other / "config.json", model_type="bart")
    done = convert(other, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: " in done.stderr
    assert "is a 'bart' model, which has no graph here: the nearest are bert" in done.stderr
    assert not (tmp_path / "models").exists()
