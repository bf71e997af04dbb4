#!/usr/bin/env python3
"""Would decoding several windows at once pay? One step of N windows against N steps of one.

A batch reads the weights once for N tokens; each window's cross-attention keys and values are
read all the same. Both graphs are made here from the checkpoint, int8, 30 s window, and run in
turn, round by round.

    python bench/batched_step.py base --batch 4
"""

from __future__ import annotations

import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated

import litert_torch
import litert_torch.progress
import numpy as np
import torch
import typer
from ai_edge_litert.interpreter import Interpreter
from torch import Tensor, nn

import sotto
from sotto.checkpoints import WhisperDims, load_checkpoint
from sotto.export.quantize.quantizer import quantize_int8
from sotto.graphs.transformer import attend
from sotto.graphs.whisper import DecoderStep
from sotto.terminal import report, run

FRAMES = 3000


class BatchedStep(nn.Module):
    """DecoderStep for ``batch`` windows: every tensor's first dimension is the batch."""

    def __init__(self, step: DecoderStep, dims: WhisperDims, batch: int, cache: int) -> None:
        super().__init__()
        self.step, self.batch, self.cache = step, batch, cache
        self.heads, self.width = dims.n_text_head, dims.n_text_state // dims.n_text_head

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(self.batch, self.heads, 1, self.width)

    def _merge(self, x: Tensor) -> Tensor:
        return x.reshape(self.batch, 1, self.heads * self.width)

    def forward(self, hidden: Tensor, mask: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        n = self.step.layers
        new_k, new_v = [], []
        x = hidden
        for i in range(n):
            attention, cross = self.step.attention[i], self.step.cross_attention[i]
            keys, values = caches[i], caches[n + i]
            normed = attention.norm(x)
            query = self._split(attention.query(normed))
            value = self._split(attention.value(normed))
            key = attention.key(normed).reshape(self.batch, self.heads, self.width, 1)
            scores = torch.cat([torch.matmul(query, keys), torch.matmul(query, key)], dim=-1)
            weights = torch.softmax(scores + mask, dim=-1)
            attended = torch.matmul(weights[..., : self.cache], values)
            attended = attended + weights[..., self.cache :] * value
            x = x + attention.out(self._merge(attended))
            query = self._split(cross.query(cross.norm(x)))
            attended = attend(query, caches[2 * n + i], caches[3 * n + i])
            x = x + cross.out(self._merge(attended))
            x = self.step.feed_forward[i](x)
            new_k.append(key)
            new_v.append(value)
        return (self.step.logits(x), *new_k, *new_v)


def make_step(name: str, batch: int, cache: int, threads: int, folder: Path) -> Interpreter:
    """The step of ``batch`` windows as an int8 interpreter with random inputs in place."""
    checkpoint = load_checkpoint(name)
    dims = checkpoint.dims
    heads, width = dims.n_text_head, dims.n_text_state // dims.n_text_head
    positions, n = FRAMES // 2, dims.n_text_layer
    shapes = [(batch, 1, dims.n_text_state), (batch, 1, 1, cache + 1)]
    for length in (cache, positions):
        shapes += [(batch, heads, width, length)] * n + [(batch, heads, length, width)] * n
    step = BatchedStep(DecoderStep(checkpoint.state, dims, cache), dims, batch, cache).eval()
    path = folder / f"step_{batch}.tflite"
    litert_torch.progress.console.quiet = True
    litert_torch.convert(step, tuple(torch.zeros(shape) for shape in shapes)).export(str(path))
    quantised = folder / f"step_{batch}.int8.tflite"
    quantize_int8(path, quantised)
    interpreter = Interpreter(str(quantised), num_threads=threads)
    interpreter.allocate_tensors()
    random = np.random.default_rng(0)
    for detail in interpreter.get_input_details():
        values = random.standard_normal(detail["shape"], dtype=np.float32)
        interpreter.set_tensor(detail["index"], values)
    return interpreter


def milliseconds(interpreter: Interpreter, runs: int) -> float:
    started = time.perf_counter()
    for _ in range(runs):
        interpreter.invoke()
    return (time.perf_counter() - started) * 1000


def main(
    model: Annotated[str, typer.Argument(help="A checkpoint's name or path.")] = "base",
    batch: Annotated[int, typer.Option(help="Windows in a batch.")] = 4,
    cache: Annotated[int, typer.Option(help="Positions of the self-attention cache.")] = 448,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
    rounds: Annotated[int, typer.Option(help="Rounds of 10 batches each.")] = 15,
) -> None:
    """Print milliseconds a token for one window and for a batch, and their ratio."""
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        report(f"making the steps of 1 and {batch} windows")
        single = make_step(model, 1, cache, threads, Path(folder))
        several = make_step(model, batch, cache, threads, Path(folder))
        milliseconds(single, 3), milliseconds(several, 3)
        pairs = [
            (milliseconds(single, 10 * batch), milliseconds(several, 10)) for _ in range(rounds)
        ]
    tokens = 10 * batch
    alone = statistics.median(one for one, _ in pairs) / tokens
    together = statistics.median(many for _, many in pairs) / tokens
    ratios = sorted(one / many for one, many in pairs)
    print(f"{model} int8, sotto {sotto.__version__}, {platform.machine()}, {threads} threads")
    print(f"one window at a time: {alone:.2f} ms a token")
    print(f"{batch} windows at once:   {together:.2f} ms a token")
    print(
        f"ratio: median {statistics.median(ratios):.2f}, "
        f"{ratios[0]:.2f} to {ratios[-1]:.2f} over {rounds} rounds"
    )


if __name__ == "__main__":
    run(main)
