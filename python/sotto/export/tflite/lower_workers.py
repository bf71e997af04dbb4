"""Processes that convert graphs: conversion is nearly all Python, so several at once need them.

``python -m sotto.export.tflite.lower_workers`` reads requests, a line of JSON each (``script``,
``signature``, ``out``), and answers each with a line (``error``, null if there was none). Without
requests it ends, and so with the process that it works for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from sotto.bundle import Signature
from sotto.bundle.codec import decode, encode
from sotto.errors import ConversionError


class GraphWorkers:
    """A process that converts for each thread that asks.

    Args:
        directory: for what the processes print.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._own = threading.local()
        self._all: list[subprocess.Popen[str]] = []

    def __enter__(self) -> GraphWorkers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._all:
            process.kill()
            process.communicate()

    def write_graph(self, script: Path, signature: Signature, out: Path) -> None:
        """As :func:`sotto.export.tflite.lower_graph.write_graph`, in another process."""
        process = self._process()
        request = {"script": str(script), "signature": encode(signature), "out": str(out)}
        try:
            print(json.dumps(request), file=process.stdin, flush=True)
            answer = process.stdout.readline() if process.stdout else ""
        except BrokenPipeError:
            answer = ""
        error = json.loads(answer)["error"] if answer else self._last_words(signature.name)
        if error is not None:
            raise ConversionError(error)

    def _process(self) -> subprocess.Popen[str]:
        if not hasattr(self._own, "process"):
            self._own.log = self._directory / f"{threading.get_ident()}.log"
            with self._own.log.open("w") as log:
                self._own.process = subprocess.Popen(
                    [sys.executable, "-m", __name__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
            self._all.append(self._own.process)
        process: subprocess.Popen[str] = self._own.process
        return process

    def _last_words(self, name: str) -> str:
        """Of a process that ended without an answer: out of memory, for example."""
        said = self._own.log.read_text(errors="replace").strip().rpartition("\n")[2]
        status = self._own.process.wait()
        return f"the process that converted {name} ended with status {status}: {said}"


def _serve() -> None:
    """Answers requests until there are no more. What libraries print is kept off the answers."""
    from sotto.export.tflite.lower_graph import write_graph

    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            request, failure = json.loads(line), None
            try:
                signature = decode(Signature, request["signature"])
                write_graph(Path(request["script"]), signature, Path(request["out"]))
            except ConversionError as error:
                failure = str(error)
            print(json.dumps({"error": failure}), file=answers)


if __name__ == "__main__":
    _serve()
