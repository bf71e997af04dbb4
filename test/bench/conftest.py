"""The benchmark's modules are scripts beside each other: their folder goes on the path.

So does that of the small random checkpoints.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "bench"), str(ROOT / "test" / "checkpoints")]
