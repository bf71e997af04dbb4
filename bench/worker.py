"""A process of its own for one measurement: ``python worker.py JOB`` prints it as JSON."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

from measurement import Job
from peers import peer_named


def main() -> None:
    """Does the job of the command line, and nothing before."""
    job = Job(**json.loads(sys.argv[1]))
    # Libraries print on both streams; the result goes where standard output was.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    measurement = peer_named(job.peer).measure(job)
    json.dump(asdict(measurement), out)
    out.close()


if __name__ == "__main__":
    main()
