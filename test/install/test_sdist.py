"""The source distribution holds what builds a wheel, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILDS = "from scikit_build_core.build import build_sdist; import sys; build_sdist(sys.argv[1])"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in it, below its one folder."""
    pytest.importorskip("scikit_build_core")
    out = tmp_path_factory.mktemp("sdist")
    subprocess.run([sys.executable, "-c", BUILDS, out], cwd=ROOT, check=True, capture_output=True)
    (made,) = out.glob("sotto-*.tar.gz")
    with tarfile.open(made) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_it_has_what_a_wheel_is_built_from_and_its_licences(files: set[str]) -> None:
    wanted = {"pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE", "python/sotto/py.typed"}
    for folder in ("cpp/src", "cpp/include", "cpp/python", "cpp/cli", "cpp/third_party/zlib"):
        wanted |= {
            str(path.relative_to(ROOT))
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and path.suffix != ".pyc"
        }
    assert wanted <= files, sorted(wanted - files)


def test_it_has_no_tests_measurements_or_environment(files: set[str]) -> None:
    others = (".venv/", "bench/", "build/", "cpp/fuzz/", "cpp/test/", "deploy/", "docs/", "test/")
    assert not [name for name in sorted(files) if name.startswith(others)]
