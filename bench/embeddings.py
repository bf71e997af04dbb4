#!/usr/bin/env python3
"""Sotto's encoders against their peers, on the same weights, items and threads.

Text: all-MiniLM-L6-v2 (an installed package carries its weights) over paragraphs of Sotto's own
documentation, against sentence-transformers and ONNX Runtime. Images: CLIP's image tower in its
published size with random weights, over random photographs' worth of pixels, against
transformers. Audio: Whisper base's encoder over real speech, in pieces of 30 s and of 4 s, against
openai-whisper. Each measurement is a process of its own, and the contenders take turns, round by
round; while something else uses the CPU, measurements are repeated or dropped.

Tables go to standard output, progress to standard error.

    python bench/embeddings.py text
    python bench/embeddings.py clip-b32 clip-b16 --threads 2 --rounds 3
    python bench/embeddings.py audio-30s audio-4s
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from embedders import REFERENCES, embedders_of
from embedders.embedder import Embedder
from embedding_checkpoints import IMAGE_MODELS, clip_checkpoint, minilm_checkpoint
from embedding_worker import Job, Timed
from figures import Figure
from noise import wait_for_quiet
from sotto.errors import OptionError
from sotto.terminal import clean_exits, report, run
from tables import markdown_table, shown

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "build" / "bench" / "embeddings"
WORKER = Path(__file__).with_name("embedding_worker.py")
SENTENCES, IMAGES = 256, 48
SPEECH = {"audio-30s": (30, 8), "audio-4s": (4, 32)}
"""Seconds of a piece, and how many there are."""
SINGLES = {"text": 64, "image": 16, "audio": 6}
BATCH = {"text": 32, "image": 8, "audio": 8}
ATTEMPTS = 3
QUIET_SECONDS = 20
MEBIBYTE = 1 << 20

HEADER = (
    "contender",
    "load, ms",
    "one, ms",
    "in batches, a second",
    "sotto's time ÷ its, one",
    "sotto's time ÷ its, batches",
    "peak MiB",
    "disk MiB",
    "least cosine to the reference",
)


def sentences() -> list[str]:
    """Paragraphs, table rows and lines of the documentation, in a fixed shuffled order."""
    found: list[str] = []
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]):
        for paragraph in re.split(r"\n\s*\n", page.read_text(encoding="utf-8")):
            text = " ".join(paragraph.split())
            if 20 <= len(text) <= 600 and not text.startswith("|"):
                found.append(text)
    order = np.random.default_rng(0).permutation(len(found))[:SENTENCES]
    return [found[i] for i in order]


def pictures(height: int = 224, width: int = 224) -> np.ndarray:
    """uint8 ``[n, height, width, 3]``: what they show makes no difference to the time."""
    return np.random.default_rng(0).integers(0, 256, (IMAGES, height, width, 3), dtype=np.uint8)


def pieces(seconds: int, count: int) -> np.ndarray:
    """float32 ``[count, samples]``: an installed package's recordings, again and again."""
    sys.path.append(str(ROOT / "test"))
    from comparison.clips import packaged_clips

    speech = np.concatenate([clip.samples for clip in packaged_clips()]).astype(np.float32)
    size = seconds * 16_000
    return np.resize(speech, count * size).reshape(count, size)


def run_worker(job: Job) -> Timed | None:
    """One measurement in a fresh process, again where others used the CPU; None if it failed."""
    threads = str(job.threads)
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
    environment = {**os.environ, **limits, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    timed = None
    for attempt in range(1, ATTEMPTS + 1):
        wait_for_quiet(QUIET_SECONDS)
        done = subprocess.run(
            [sys.executable, str(WORKER), json.dumps(asdict(job))],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            report(f"{job.embedder} failed, left out: {done.stderr.strip()[-600:]}")
            return None
        timed = Timed(**json.loads(done.stdout))
        if not timed.noisy:
            return timed
        report(f"{job.embedder}: others took {timed.others_share:.0%} of a core, try {attempt}")
    return timed


def compare(
    modality: str, checkpoint: Path, items: Path, threads: int, rounds: int, folder: Path
) -> str:
    """All contenders of a modality over the same items, as a table."""
    contenders: dict[str, tuple[Embedder, Path]] = {}
    for name, embedder in embedders_of(modality).items():
        report(f"preparing {name}")
        own = WEIGHTS / embedder.name
        own.mkdir(parents=True, exist_ok=True)
        contenders[name] = (embedder, embedder.prepare(checkpoint, own))
    timed: dict[str, list[Timed]] = {name: [] for name in contenders}
    vectors = {name: folder / f"{number}.npy" for number, name in enumerate(contenders)}
    for number in range(rounds):
        order = list(contenders) if number % 2 == 0 else list(reversed(contenders))
        for name in order:
            job = Job(
                modality=modality,
                embedder=name,
                weights=str(contenders[name][1]),
                threads=threads,
                items=str(items),
                singles=SINGLES[modality],
                batch=BATCH[modality],
                vectors=str(vectors[name]),
            )
            if (result := run_worker(job)) is not None:
                timed[name].append(result)
                report(
                    f"{checkpoint.name} threads {threads}, round {number + 1} of {rounds}: {name} "
                    f"{result.single_ms:.1f} ms, {result.per_second:.0f} a second"
                )
    own = timed["sotto int8"]
    best = REFERENCES.get(modality)
    reference = np.load(vectors[best]) if best and timed[best] else None
    rows = [
        [
            name,
            shown(_figure([each.load_ms for each in results])),
            shown(_figure([each.single_ms for each in results]), 1),
            shown(_figure([each.per_second for each in results])),
            _ratio(own, results, lambda each: each.single_ms),
            _ratio(own, results, lambda each: 1 / each.per_second),
            shown(_figure([each.peak_mib for each in results])),
            f"{contenders[name][0].disk_bytes(contenders[name][1]) / MEBIBYTE:.0f}",
            "-"
            if reference is None
            else f"{(np.load(vectors[name]) * reference).sum(axis=1).min():.5f}",
        ]
        for name, results in timed.items()
        if results
    ]
    return markdown_table(HEADER, rows)


def _figure(values: list[float]) -> Figure | None:
    return Figure.of(values) if values else None


def _ratio(own: list[Timed], its: list[Timed], value) -> str:  # type: ignore[no-untyped-def]
    pairs = [value(a) / value(b) for a, b in zip(own, its, strict=False)]
    return f"{statistics.median(pairs):.2f}" if pairs else "-"


def embeddings(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="text, clip-b32, clip-b16, audio-30s, audio-4s; all if not given."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Of the CPU.")] = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each contender.")] = 3,
) -> None:
    """Sotto's encoders against their peers."""
    known = ("text", *IMAGE_MODELS, *SPEECH)
    with clean_exits(), tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for model in models or known:
            items = folder / "items.npy"
            if model == "text":
                modality, checkpoint, items = "text", minilm_checkpoint(), folder / "items.json"
                items.write_text(json.dumps(sentences()))
            elif model in IMAGE_MODELS:
                modality, checkpoint = "image", clip_checkpoint(model, WEIGHTS)
                np.save(items, pictures())
            elif model in SPEECH:
                modality, checkpoint = "audio", Path("base")
                np.save(items, pieces(*SPEECH[model]))
            else:
                raise OptionError(f"model {model!r}: expected one of {', '.join(known)}")
            table = compare(modality, checkpoint, items, threads, rounds, folder)
            print(f"## {model}, {threads} threads\n\n{table}", flush=True)


if __name__ == "__main__":
    run(embeddings)
