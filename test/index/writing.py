"""A process that writes records to an index until it is killed, and says what is written.

    python writing.py INDEX NAME FIRST [OPTIMIZE_EVERY]

Prints a line ``NUMBER`` once the records ``NAME-NUMBER-0`` … ``NAME-NUMBER-9`` are there.
"""

from __future__ import annotations

import sys

from letters import Letters

from sotto.index import Index, Record

EACH = 10


def write(path: str, name: str, first: int, optimize_every: int) -> None:
    collection = Index(path).collection(Letters())
    number = first
    while True:
        texts = [f"{name}-{number}-{i}" for i in range(EACH)]
        collection.upsert([Record("text", text, f"/{name}/{number}", id=text) for text in texts])
        print(number, flush=True)
        number += 1
        if optimize_every and number % optimize_every == 0:
            collection.optimize()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
