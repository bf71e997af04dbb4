"""openai-whisper's own tests of transcribing and of timing, run over Sotto."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from comparison.bundles import Precision

pytest.importorskip("whisper", reason="whose tests these are")
pytest.importorskip("scipy", reason="which they compare with")

from openai_whisper_sdist import Unavailable, extract_tests


@pytest.fixture
def passed(tmp_path: Path, recording: Callable[[str], Path]) -> Callable[[str], set[str]]:
    """Runs a file of openai-whisper's tests over Sotto: the names of those that passed."""

    def run(name: str) -> set[str]:
        try:
            extract_tests((name,), tmp_path)
        except Unavailable as reason:
            pytest.skip(str(reason))
        if name == "test_transcribe.py":
            shutil.copy(recording("jfk.flac"), tmp_path)  # not in the source distribution
        report = tmp_path / "report.xml"
        here = Path(__file__).parent
        command = [sys.executable, "-m", "pytest", "-q", "-p", "sotto_as_whisper"]
        command += ["-W", "ignore", "-m", "not requires_cuda", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, f"--junitxml={report}", name],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (here, here.parent)))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
        return {
            case.attrib["name"]
            for case in ElementTree.parse(report).iter("testcase")
            if not list(case)
        }

    return run


def test_its_tests_of_transcribing_pass(
    passed: Callable[[str], set[str]], bundle: Callable[[str, Precision], Path]
) -> None:
    bundle("base", "int8")
    bundle("tiny.en", "int8")
    assert passed("test_transcribe.py") >= {"test_transcribe[base]", "test_transcribe[tiny.en]"}


def test_its_tests_of_timing_pass(passed: Callable[[str], set[str]]) -> None:
    names = passed("test_timing.py")
    assert sum(name.startswith("test_dtw[") for name in names) == 4
    assert sum(name.startswith("test_median_filter[") for name in names) == 4
