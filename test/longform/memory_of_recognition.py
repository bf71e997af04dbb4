"""Transcribes a file and prints its words as JSON: what a test runs to measure its memory.

    python memory_of_recognition.py BUNDLE FILE

On standard error there is a line ``SECONDS_DONE RESIDENT_MIB`` for every window.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from sotto.asr import load_model

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_mib() -> float:
    """Resident memory of this process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def main() -> None:
    """Runs."""
    bundle, file = sys.argv[1:]

    def show(done: float, duration: float) -> None:
        print(f"{done:.1f} {resident_mib():.2f}", file=sys.stderr, flush=True)

    result = load_model(bundle).recognize(
        file, language="en", word_timestamps=True, on_progress=show
    )
    words = [word for segment in result.segments for word in segment.words]
    print(json.dumps([[word.word, word.start, word.end] for word in words]))


if __name__ == "__main__":
    main()
