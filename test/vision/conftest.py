"""Small models of images as checkpoints and bundles."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

Made = Callable[[str, str], tuple[Path, Path]]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Checkpoint and bundle by family and precision, with a graph of 2 images or texts."""

    pytest.importorskip("torch")
    pytest.importorskip("transformers", reason="its classes are the reference")
    from small_image_text import FAMILIES

    from sotto.checkpoints.identify import identify
    from sotto.export.embedding.bundle import write_embedding
    from sotto.export.embedding.families import EmbeddingOptions, read_embedding_source

    @cache
    def make(family: str, precision: str) -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp(family)
        checkpoint = FAMILIES[family](folder / f"{family}-small")
        lengths = () if family == "clip" else None
        options = EmbeddingOptions(lengths, (2,))
        model = read_embedding_source(identify(str(checkpoint)), options)
        write_embedding(model, folder / "bundle", precision, report=lambda line: None)
        return checkpoint, folder / "bundle"

    return make
