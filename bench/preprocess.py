#!/usr/bin/env python3
"""How fast images become pixels and recordings log-mel, beside transformers and openai-whisper.

Images are made here, with the spectrum of photographs; rounds take turns, and the median of each is
given with the quickest and the slowest. Where transformers or openai-whisper is not installed, its
column stays empty. One thread each.

    python bench/preprocess.py
"""

from __future__ import annotations

import io
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.table import Table

import sotto
from sotto.export.embedding.pictures import picture
from sotto.preprocess import AudioProcessor, ImageProcessor, ImageSettings
from sotto.terminal import report, run

CLIP = ImageSettings(
    height=224,
    width=224,
    size={"shortest_edge": 224},
    crop={"height": 224, "width": 224},
    resample="bicubic",
    rescale=1 / 255,
    mean=(0.48145466, 0.4578275, 0.40821073),
    std=(0.26862954, 0.26130258, 0.27577711),
)


@dataclass(frozen=True)
class Case:
    """One kind of input, and what makes all of it into a model's input.

    ``peer`` is None where there is none.
    """

    name: str
    items: int
    ours: Callable[[], object]
    peer: Callable[[], object] | None


def jpeg(height: int, width: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture(0, height, width)).save(file, "JPEG", quality=90)
    return file.getvalue()


def transformers_processor() -> Any:
    """transformers' CLIPImageProcessorPil, None where it is not installed."""
    try:
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    except ImportError:
        return None
    return CLIPImageProcessorPil()


def image_cases() -> list[Case]:
    ours, theirs = ImageProcessor(CLIP), transformers_processor()

    def case(name: str, images: Any, opened: Callable[[], list[Any]]) -> Case:
        peer = None if theirs is None else lambda: theirs(opened(), return_tensors="np")
        return Case(name, len(images), lambda: ours(images), peer)

    fitting = np.stack([picture(number, 224, 224) for number in range(32)])
    decoded = [picture(number, 480, 640) for number in range(8)]
    files = [jpeg(480, 640)] * 8
    photograph = [jpeg(3000, 4000)]
    return [
        case("decoded, 224 x 224, batches of 32", fitting, lambda: list(fitting)),
        case("decoded, 640 x 480", decoded, lambda: decoded),
        case("JPEG, 640 x 480", files, lambda: [Image.open(io.BytesIO(f)) for f in files]),
        case(
            "JPEG, 4000 x 3000", photograph, lambda: [Image.open(io.BytesIO(f)) for f in photograph]
        ),
    ]


def audio_cases() -> list[Case]:
    random = np.random.default_rng(0)
    long = random.normal(0, 0.1, 30 * 16_000).astype(np.float32)
    short = [random.normal(0, 0.1, 5 * 16_000).astype(np.float32) for _ in range(16)]
    cases = []
    for name, clips, seconds in (("30 s of sound", [long], 30.0), ("5 s of sound", short, 5.0)):
        processor = AudioProcessor(80, seconds)
        cases.append(
            Case(
                name,
                len(clips),
                lambda processor=processor, clips=clips: processor(clips),
                whisper_log_mel(clips),
            )
        )
    return cases


def whisper_log_mel(clips: list[np.ndarray]) -> Callable[[], object] | None:
    """openai-whisper's log-mel of each clip, None where it is not installed."""
    try:
        import torch
        import whisper.audio
    except ImportError:
        return None
    torch.set_num_threads(1)
    return lambda: [whisper.audio.log_mel_spectrogram(clip, 80) for clip in clips]


def milliseconds(call: Callable[[], object], items: int) -> float:
    """An item."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000 / items


def shown(values: list[float]) -> str:
    if not values:
        return "-"
    middle = statistics.median(values)
    each = f"{middle:.2f} ms ({min(values):.2f} to {max(values):.2f})"
    return f"{each}, {1000 / middle:,.0f} a second"


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Of which the median is given.")] = 15,
) -> None:
    """Time preprocessing."""
    table = Table(title=f"sotto {sotto.__version__}, {datetime.now(UTC):%Y-%m-%d}, one thread")
    for heading in ("input", "sotto", "transformers (Pillow), openai-whisper"):
        table.add_column(heading)
    for case in [*image_cases(), *audio_cases()]:
        report(case.name)
        ours: list[float] = []
        theirs: list[float] = []
        case.ours()  # what is made once is made now
        if case.peer:
            case.peer()
        for _ in range(rounds):
            ours.append(milliseconds(case.ours, case.items))
            if case.peer:
                theirs.append(milliseconds(case.peer, case.items))
        table.add_row(case.name, shown(ours), shown(theirs))
    table.caption = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    Console(width=140).print(table)


if __name__ == "__main__":
    run(main)
