"""What a written .tflite file is made of, and whether the NPU takes it."""

from __future__ import annotations

from collections.abc import Callable

from sotto.errors import ConversionError
from sotto.npu.ops import OpTable


def check_operations(tables: list[OpTable], file: str, report: Callable[[str], None]) -> None:
    """Reports every signature's operations.

    Raises:
        ConversionError: one is outside the NPU's list.
    """
    for table in tables:
        counts = ", ".join(f"{name} {count}" for name, count in table.counts.items())
        outside = ", ".join(table.unsupported) or "none"
        report(f"{file} {table.signature}: {sum(table.counts.values())} ops: {counts}")
        report(f"{file} {table.signature}: outside the NPU's list: {outside}")
    refused = [f"{table.signature}: {name}" for table in tables for name in table.unsupported]
    if refused:
        raise ConversionError(f"{file} is not for the NPU: {'; '.join(refused)}")
