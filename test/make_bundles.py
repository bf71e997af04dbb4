#!/usr/bin/env python3
"""Makes the bundles that the tests need and that are missing, as many at once as there are cores.

Converting is work for one core. Tests make what they need by themselves, too, one by one.

    python test/make_bundles.py
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from comparison.bundles import (
    ensure_bundle,
    ensure_encoder,
    ensure_exact_bundle,
    ensure_vad_bundle,
)
from comparison.clips import REPOSITORY

from sotto.terminal import report, run

# The longest first, so that none is left for one core at the end.
MAKERS: list[Callable[[], Path]] = [
    partial(ensure_bundle, "base", "int8"),
    partial(ensure_encoder, "all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "int8", ""),
    partial(ensure_bundle, "tiny.en", "int8"),
    partial(ensure_encoder, "base", "whisper-base-embed", "int8", "embed"),
    partial(ensure_exact_bundle, "base"),
    partial(ensure_exact_bundle, "tiny.en"),
    ensure_vad_bundle,
]


def make(maker: Callable[[], Path]) -> None:
    """One bundle, and a line that says so."""
    started = time.perf_counter()
    path = maker()
    report(f"{path.relative_to(REPOSITORY)}: {time.perf_counter() - started:.0f} s")


def make_bundles() -> None:
    """The bundles that the tests need, made where they are missing."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(make, MAKERS))


if __name__ == "__main__":
    run(make_bundles)
