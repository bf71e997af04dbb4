"""A user's program over Sotto passes ``mypy --strict``, and a wrong one does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sotto

pytest.importorskip("mypy")

PACKAGE = Path(sotto.__file__).parent

RIGHT = '''
"""What the README shows, and what else a small program does."""

import numpy as np
from numpy.typing import NDArray

import sotto


def spoken(path: str) -> str:
    try:
        model = sotto.load_model("base")
        result = model.recognize(path, word_timestamps=True)
    except sotto.AudioError as error:
        return f"not audio: {error}"
    except (sotto.BundleError, sotto.DeviceError, sotto.SottoError) as error:
        return f"{error}"
    for segment in result.segments:
        print(f"{segment.start:.2f} {segment.end:.2f} {segment.text}")
    print(result.profile.encoder_ms, sotto.__version__, sotto.available_models())
    text: str = model.transcribe(path)["text"]
    return text


def vectors(texts: list[str]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = sotto.TextEncoder("models/all-MiniLM-L6-v2").encode(texts)
    return found
'''

WRONG = """
import sotto

model = sotto.load_modle("base")
seconds: str = sotto.load_model("base").recognize("talk.wav").segments[0].start
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What mypy says of both programs, in one run: it reads numpy's annotations once."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "right.py").write_text(RIGHT)
    (folder / "wrong.py").write_text(WRONG)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--follow-imports=silent",
            "right.py",
            "wrong.py",
        ],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.slow
def test_a_users_program_passes(found: str) -> None:
    assert "right.py" not in found


@pytest.mark.slow
def test_a_misspelt_name_and_a_wrong_type_are_found(found: str) -> None:
    assert 'Module has no attribute "load_modle"' in found
    assert 'variable has type "str"' in found
