"""Random bytes of a real graph are changed, and the file is listed as it then is: a load never
ends the process, whatever the bytes say."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = '''
"""Damages vad.tflite in a folder again and again, and uses what is left."""
import random
import sys
from pathlib import Path

import numpy as np

from sotto import _runtime
from sotto.errors import SottoError
from sotto.runtime.locate import find_litert

folder, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
whole = (folder / "vad.tflite").read_bytes()
refused = 0
for seed in range(first, last):
    generator = random.Random(seed)
    content = bytearray(whole)
    for _ in range(generator.randint(1, 16)):
        content[generator.randrange(4096)] = generator.randrange(256)
    (folder / "new").write_bytes(content)
    (folder / "new").replace(folder / "vad.tflite")
    print(seed, flush=True)  # the one that ends the process is the last
    try:
        detector = _runtime.VoiceActivityDetector(folder, verify=False, library=find_litert())
        detector.probabilities(np.zeros(4096, np.float32))
    except SottoError:
        refused += 1
print("refused", refused)
'''


@pytest.mark.parametrize(
    "seeds",
    [range(30), pytest.param(range(30, 600), marks=pytest.mark.slow)],
    ids=["30", "570 more"],
)
def test_changed_bytes_never_end_the_process(vad: Path, tmp_path: Path, seeds: range) -> None:
    folder = tmp_path / "vad"
    shutil.copytree(vad, folder, ignore=shutil.ignore_patterns("torchscript"))
    result = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), str(seeds.start), str(seeds.stop)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = result.stdout.split()
    assert result.returncode == 0, f"seed {said[-1:]}: {result.stderr[-500:]}"
    assert int(said[-1]) > len(seeds) // 4  # the graph is described there
