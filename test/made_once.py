"""What takes long to make, made by one of the processes that run tests and read by all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


class MadeOnce:
    """Folders that the first who asks fills; others wait for it, and change nothing in them.

    Args:
        temporary: pytest's folders for one run, or of one of its workers.
    """

    def __init__(self, temporary: pytest.TempPathFactory) -> None:
        base = temporary.getbasetemp()
        # pytest-xdist gives each worker a folder in the run's.
        self._folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def __call__(self, name: str, fill: Callable[[Path], None]) -> Path:
        """The folder of that name, which ``fill`` is given where it is not there yet."""
        done = self._folder / f"made-{name}"
        with (self._folder / f"made-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                begun = self._folder / f"begun-{name}-{os.getpid()}"
                begun.mkdir()
                fill(begun)
                begun.rename(done)
        return done
