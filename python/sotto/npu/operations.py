"""What a written .tflite file is made of, and whether the NPU takes it."""

from __future__ import annotations

from collections.abc import Callable

from sotto.errors import ConversionError
from sotto.npu.rules import Verdict

FOR_ANY_PRECISION = {"operation", "rank", "shape"}
"""Rules that hold for every bundle; the others say whether its precision is one for the NPU."""


def check_operations(verdicts: list[Verdict], file: str, report: Callable[[str], None]) -> None:
    """Reports every signature's operations.

    Raises:
        ConversionError: one is outside the NPU's list, or of a shape that it does not take.
    """
    refused = []
    for verdict in verdicts:
        counts = ", ".join(f"{name} {count}" for name, count in verdict.counts.items())
        report(f"{file} {verdict.signature}: {sum(verdict.counts.values())} ops: {counts}")
        outside = [
            f"{finding.name or 'graph'} ({finding.place}): {finding.reason}"
            for finding in verdict.refusals
            if finding.rule in FOR_ANY_PRECISION
        ]
        report(f"{file} {verdict.signature}: outside the NPU's list: {len(outside) or 'none'}")
        refused += [f"{verdict.signature}: {fault}" for fault in outside]
    if refused:
        raise ConversionError(f"{file} is not for the NPU: {'; '.join(refused)}")
