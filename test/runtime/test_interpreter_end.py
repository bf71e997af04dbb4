"""A thread that is at work while the interpreter ends takes nothing down with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# The main thread ends as soon as the daemon is inside the C++ runtime.
PROGRAM = """
import sys, threading
import numpy as np
import sotto
from sotto import _runtime

model = sotto.load_model(sys.argv[1], threads=1, verify=False, weight_cache=sys.argv[2])
audio = np.sin(np.arange(16_000 * 60) * 0.05, dtype=np.float32) * 0.1
inside = threading.Event()

def cancelled():
    inside.set()
    return False

def recognize():
    while True:
        model.recognize(audio, cancelled=cancelled, window=10)

def push():
    stream = model.stream(vad=False, cancelled=cancelled)
    while True:
        stream.push(audio[: 16_000 * 2])

def callback():
    while True:
        model.recognize(audio, on_progress=lambda *_: inside.set(), window=10, sample_len=4)

def sleeper():  # in Python, in a callback, when Python ends its thread
    import time
    def wait():
        inside.set()
        time.sleep(0.01)
        return False
    while True:
        model.recognize(audio, cancelled=wait, window=10)

def load():
    inside.set()
    while True:
        sotto.load_model(sys.argv[1], threads=1)

threads = [threading.Thread(target=globals()[sys.argv[3]], daemon=True) for _ in range(2)]
for thread in threads:
    thread.start()
assert inside.wait(60)
"""


@pytest.mark.parametrize("kind", ["recognize", "push", "callback", "sleeper", "load"])
def test_the_process_ends_in_order(
    bundle: Callable[[str, str], Path], tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    weights = tmp_path_factory.getbasetemp() / "weights"
    arguments = [sys.executable, "-c", PROGRAM, bundle("tiny.en", "int8"), weights, kind]
    for _ in range(4):
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
        said = [line for line in done.stderr.splitlines() if not line.startswith("INFO")]
        assert (done.returncode, said) == (0, [])
