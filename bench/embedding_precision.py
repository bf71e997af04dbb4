#!/usr/bin/env python3
"""Every precision of a float32 bundle of text: bytes, and how near its vectors stay.

Each is made by sotto quantize in a temporary directory; with --npu the static recipes, too. All
embed the 200 texts of test/embed/texts.py (40 languages, code, oddities, an empty text, 10,000
words) and are compared with sentence-transformers in float32, which reads the checkpoint that the
bundle was made from:

- cosine: of each text's vector to the reference's, the least and the mean;
- recall@10: of each text's ten nearest by the reference, how many are among its ten nearest;
- Spearman: rank correlation of the similarities of all pairs.

    sotto convert all-MiniLM-L6-v2 --precision fp32
    python bench/embedding_precision.py models/all-MiniLM-L6-v2-fp32 --npu
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test" / "embed"))

from texts import TEXTS  # noqa: E402

from sotto.checkpoints.identify import identify  # noqa: E402
from sotto.embed import TextEncoder  # noqa: E402
from sotto.errors import ConversionError  # noqa: E402
from sotto.export.embedding.requantize import quantize_embedding  # noqa: E402
from sotto.export.embedding.static_bundle import quantize_embedding_for_npu  # noqa: E402
from sotto.export.quantize.precision import PRECISIONS  # noqa: E402
from sotto.export.quantize.recipes import find_recipe  # noqa: E402
from sotto.terminal import clean_exits, hushed_libraries, report, run  # noqa: E402
from tables import markdown_table  # noqa: E402

RECIPES = ("int16", "mixed", "int8", "int8-layers")
HEADER = (
    "precision",
    "graphs, MB",
    "token table, MB",
    "least cosine",
    "mean cosine",
    "recall@10",
    "Spearman",
)
NEAREST = 10


def reference(checkpoint: str) -> np.ndarray:
    """``[n, d]`` of length 1, by sentence-transformers."""
    from sentence_transformers import SentenceTransformer

    directory = identify(checkpoint).path
    if directory is None:
        raise ConversionError(f"{checkpoint} is no text encoder")
    report(f"embedding {len(TEXTS)} texts with sentence-transformers")
    model = SentenceTransformer(str(directory), device="cpu")
    vectors: np.ndarray = model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    return vectors


def bundles(source: Path, folder: Path, npu: bool) -> Iterator[tuple[str, Path]]:
    """Each precision's; one that is too far off is left out."""
    yield "fp32", source
    for precision in PRECISIONS[1:]:
        if _made(precision, quantize_embedding, source, folder / precision, precision):
            yield precision, folder / precision
    for name in RECIPES if npu else ():
        target, recipe = folder / f"npu-{name}", find_recipe(name)
        if _made(target.name, quantize_embedding_for_npu, source, target, recipe):
            yield target.name, target


def _made(name: str, quantise: Callable[..., object], *arguments: object) -> bool:
    """Whether it was near enough to be kept."""
    report(f"making {name}")
    try:
        quantise(*arguments, report=lambda line: None)
    except ConversionError as error:
        report(f"left out {name}: {error!s:.300}")
        return False
    return True


def nearest(similarities: np.ndarray) -> np.ndarray:
    """Of each row the ten largest, ``[n, 10]``; the diagonal does not count."""
    others = similarities - 4 * np.eye(len(similarities))
    return np.argsort(-others, axis=1)[:, :NEAREST]


def recall(similarities: np.ndarray, expected: np.ndarray) -> float:
    """Share of the ten nearest by ``expected`` that are so by ``similarities``."""
    pairs = zip(nearest(similarities), nearest(expected), strict=True)
    return float(np.mean([len(set(a) & set(b)) / NEAREST for a, b in pairs]))


def spearman(similarities: np.ndarray, expected: np.ndarray) -> float:
    """Rank correlation over the pairs of different texts."""
    pairs = np.triu_indices(len(expected), 1)
    ranks = [values[pairs].argsort().argsort() for values in (similarities, expected)]
    return float(np.corrcoef(*ranks)[0, 1])


def row(precision: str, bundle: Path, expected: np.ndarray) -> tuple[str, ...]:
    """Of the table."""
    vectors = TextEncoder(bundle, threads=1).encode(TEXTS)
    cosines = (vectors * expected).sum(axis=1)
    similarities, theirs = vectors @ vectors.T, expected @ expected.T
    table = sum(file.stat().st_size for file in bundle.glob("token_embedding*.npy"))
    return (
        precision,
        f"{(bundle / 'text.tflite').stat().st_size / 1e6:.1f}",
        f"{table / 1e6:.1f}",
        f"{cosines.min():.5f}",
        f"{cosines.mean():.5f}",
        f"{recall(similarities, theirs):.3f}",
        f"{spearman(similarities, theirs):.4f}",
    )


def main(
    bundle: Annotated[Path, typer.Argument(help="Bundle of kind embedding, in fp32.")],
    checkpoint: Annotated[
        str, typer.Option(help="What it was made of: a name, or a path.")
    ] = "all-MiniLM-L6-v2",
    npu: Annotated[bool, typer.Option("--npu", help="Also the NPU's static recipes.")] = False,
) -> None:
    """Print a table: each precision's size, and its distance from sentence-transformers."""
    with clean_exits(), hushed_libraries():
        expected = reference(checkpoint)
        with tempfile.TemporaryDirectory() as folder:
            rows = [row(*made, expected) for made in bundles(bundle, Path(folder), npu)]
    print(markdown_table(HEADER, rows))


if __name__ == "__main__":
    run(main)
