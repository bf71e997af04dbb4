"""A machine that only transcribes needs none of the converter's packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from comparison.bundles import ensure_encoder

from sotto.runtime.locate import find_litert

# Fails at the import of what only conversion needs, as if it were not installed.
BLOCKED = """
import sys
CONVERTERS = {"torch", "whisper", "litert_torch", "ai_edge_quantizer", "ai_edge_litert",
              "transformers", "tiktoken", "soundfile"}  # the library itself is given by its path
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in CONVERTERS:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""


def python(code: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_a_transcription_works_where_they_are_absent(tiny_en: Path, jfk: Path) -> None:
    code = BLOCKED + (
        "import os\n"
        "os.environ['SOTTO_LITERT'] = sys.argv[3]\n"
        "import sotto\n"
        "print(sotto.load_model(sys.argv[1]).transcribe(sys.argv[2])['text'])\n"
    )
    assert "your country" in python(code, tiny_en, jfk, find_litert())


def test_a_text_is_embedded_where_they_are_absent() -> None:
    bundle = ensure_encoder("all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "int8", "")
    code = BLOCKED + (
        "import os\n"
        "os.environ['SOTTO_LITERT'] = sys.argv[2]\n"
        "import sotto\n"
        "print(sotto.TextEncoder(sys.argv[1], threads=1).encode('a cat').shape)\n"
    )
    assert python(code, bundle, find_litert()) == "(384,)\n"


def test_the_command_works_where_they_are_absent() -> None:
    code = BLOCKED + "sys.argv = ['sotto', '--help']\nfrom sotto.cli import main\nmain()\n"
    assert "transcribe" in python(code)


def test_nothing_of_them_is_imported_where_they_are_installed(tiny_en: Path, jfk: Path) -> None:
    code = (
        "import sys, sotto, sotto.asr, sotto.cli\n"
        "sotto.load_model(sys.argv[1]).transcribe(sys.argv[2], sample_len=1)\n"
        "heavy = {'torch', 'whisper', 'litert_torch', 'ai_edge_quantizer', 'transformers'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    assert python(code, tiny_en, jfk) == "[]\n"


def test_importing_the_package_imports_no_runtime() -> None:
    code = "import sys, sotto; print('numpy' in sys.modules, 'sotto._runtime' in sys.modules)"
    assert python(code) == "False False\n"
