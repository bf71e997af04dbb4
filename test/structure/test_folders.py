"""The folders of the package stand in layers: each imports only from those before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "python" / "sotto"

# From what everything stands on to what users start. Modules beside the folders are rooms, too.
LAYERS = [
    "errors",
    "terminal",
    "bundle",
    "_runtime",
    "preprocess",
    "runtime",
    "download",
    "checkpoints",
    "graphs",
    "asr/formats",
    "asr",
    "embed",
    "index",
    "index/folder",
    "export/tflite",
    "export",
    "npu",
    "export/quantize",
    "export/whisper",
    "export/vad",
    "export/embedding",
    "commands",
]


def room(module: str) -> str | None:
    """The folder of a module or package of Sotto, or its own name where it is in none."""
    parts = module.split(".")[1:]
    path = PACKAGE.joinpath(*parts)
    if parts and path.is_dir():
        return "/".join(parts)
    if parts and (path.with_suffix(".py").exists() or path.with_suffix(".pyi").exists()):
        return "/".join(parts[:-1]) or parts[0]
    return None


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module of Sotto that a file imports, also inside its functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sotto":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if room(inner) else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("sotto."))


def imports() -> Iterator[tuple[str, str, Path]]:
    """(from, to, file) of every import between two rooms."""
    for file in sorted(PACKAGE.rglob("*.py")):
        own = "/".join(file.relative_to(PACKAGE).parts[:-1]) or file.stem
        if own == "__init__":
            continue  # the package's face, which names what users import
        for module in imported(ast.parse(file.read_text(encoding="utf-8"))):
            other = room(module)
            if other and other != own:
                yield own, other, file


def test_every_folder_has_its_layer() -> None:
    assert {own for own, _, _ in imports()} <= set(LAYERS)
    assert set(LAYERS) <= {room for own, other, _ in imports() for room in (own, other)}


def test_nothing_imports_upward() -> None:
    upward = [
        f"{file.relative_to(REPOSITORY)} ({own}) imports {other}"
        for own, other, file in imports()
        if LAYERS.index(other) > LAYERS.index(own)
    ]
    assert not upward, "\n".join(upward)


@pytest.mark.parametrize("folder", ["asr", "embed", "index", "preprocess", "runtime"])
def test_what_runs_models_does_not_import_what_makes_them(folder: str) -> None:
    for own, other, file in imports():
        if own.split("/")[0] == folder:
            assert other.split("/")[0] not in {"checkpoints", "graphs", "export", "npu"}, file
