"""The JSON files beside weights: read with bounds, and as what they should be or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sotto.errors import CheckpointError

MAX_BYTES = 64 << 20


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in ``path``.

    Raises:
        CheckpointError: unreadable, larger than 64 MiB, not JSON, or not an object.
    """
    value = _parse(path)
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} holds a JSON {type(value).__name__}, not an object")
    return value


def read_json_objects(path: Path) -> list[dict[str, Any]]:
    """The JSON list of objects in ``path``. Raises CheckpointError as :func:`read_json` does."""
    value = _parse(path)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise CheckpointError(f"{path} does not hold a JSON list of objects")
    return value


def _parse(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(f"{path} is larger than {MAX_BYTES} bytes: not a configuration")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"can't read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not valid JSON: {error}") from error
