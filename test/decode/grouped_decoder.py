"""A small decoder that is not Whisper's: no encoder to attend to, RMSNorm, RoPE, shared keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sotto import _runtime
from sotto.bundle import DecoderSpec, Signature, TensorSpec
from sotto.export.tflite.lower import write_tflite
from sotto.runtime.locate import find_litert

LAYERS, HEADS, KV_HEADS, HEAD = 2, 6, 2, 4
WIDTH = HEADS * HEAD
VOCABULARY, CONTEXT, CACHE, BLOCK = 23, 40, 28, 8
MASKED = -1e4


class Layer(nn.Module):
    """Grouped-query attention and a gated linear unit."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH, bias=False)
        self.key = nn.Linear(WIDTH, KV_HEADS * HEAD, bias=False)
        self.value = nn.Linear(WIDTH, KV_HEADS * HEAD, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate = nn.Linear(WIDTH, 2 * WIDTH, bias=False)
        self.up = nn.Linear(WIDTH, 2 * WIDTH, bias=False)
        self.down = nn.Linear(2 * WIDTH, WIDTH, bias=False)


def normed(x: Tensor) -> Tensor:
    return x * torch.rsqrt((x * x).mean(dim=-1, keepdim=True) + 1e-6)


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x[..., : HEAD // 2], x[..., HEAD // 2 :]
    return x * cos + torch.cat([-second, first], dim=-1) * sin


def shared(x: Tensor) -> Tensor:
    """``[1, KV_HEADS, n, m]`` to HEADS of them, each for as many queries."""
    parts = [x[:, i : i + 1] for i in range(KV_HEADS) for _ in range(HEADS // KV_HEADS)]
    return torch.cat(parts, dim=1)


class GroupedDecoder(nn.Module):
    """``length`` positions over the caches, as ``cpp/src/decode/decoder_tensors.h`` has them."""

    def __init__(self, layers: nn.ModuleList, head: nn.Linear, length: int) -> None:
        super().__init__()
        self.layers, self.head, self.length = layers, head, length

    def forward(
        self, hidden: Tensor, mask: Tensor, cos: Tensor, sin: Tensor, *caches: Tensor
    ) -> tuple[Tensor, ...]:
        new_k, new_v = [], []
        x, k = hidden, self.length
        for i, layer in enumerate(self.layers):
            y = normed(x)
            query = layer.query(y).reshape(1, k, HEADS, HEAD).transpose(1, 2)
            key = layer.key(y).reshape(1, k, KV_HEADS, HEAD).transpose(1, 2)
            value = layer.value(y).reshape(1, k, KV_HEADS, HEAD).permute(0, 2, 3, 1)
            query, key = rotated(query, cos, sin), rotated(key, cos, sin)
            keys = torch.cat([caches[i], key], dim=2)
            values = torch.cat([caches[LAYERS + i], value], dim=3)
            scores = query @ shared(keys).transpose(2, 3) / HEAD**0.5 + mask
            mixed = torch.softmax(scores, dim=-1) @ shared(values).transpose(2, 3)
            x = x + layer.out(mixed.transpose(1, 2).reshape(1, k, WIDTH))
            y = normed(x)
            x = x + layer.down(torch.nn.functional.silu(layer.gate(y)) * layer.up(y))
            new_k.append(key)
            new_v.append(value)
        return (*new_k, *new_v, self.head(normed(x)))


def signature(name: str, length: int, logits: bool = True) -> Signature:
    def layers(tensor: str, *shape: int) -> list[TensorSpec]:
        return [TensorSpec(f"{tensor}_{i}", (1, KV_HEADS, *shape)) for i in range(LAYERS)]

    return Signature(
        name,
        (
            TensorSpec("hidden", (1, length, WIDTH)),
            TensorSpec("mask", (1, 1, length, CACHE + length)),
            TensorSpec("rope_cos", (1, 1, length, HEAD)),
            TensorSpec("rope_sin", (1, 1, length, HEAD)),
            *layers("self_k", CACHE, HEAD),
            *layers("self_v", HEAD, CACHE),
        ),
        (
            *layers("new_k", length, HEAD),
            *layers("new_v", HEAD, length),
            *([TensorSpec("logits", (1, length, VOCABULARY))] if logits else []),
        ),
    )


class Without(nn.Module):
    """A decoder's keys and values without its logits."""

    def __init__(self, whole: GroupedDecoder) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return self.whole(*inputs)[:-1]


class Made:
    """The decoder's files in a folder, and what torch makes of a text without any cache."""

    def __init__(self, folder: Path) -> None:
        torch.manual_seed(4)
        self.folder = folder
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        self.rows = torch.randn(VOCABULARY, WIDTH)
        angles = torch.outer(
            torch.arange(CONTEXT), 100.0 ** (-torch.arange(HEAD // 2) / (HEAD // 2))
        )
        self.cos, self.sin = (f(torch.cat([angles, angles], 1)) for f in (torch.cos, torch.sin))
        for name in ("rows", "cos", "sin"):
            np.save(folder / f"{name}.npy", getattr(self, name).numpy())
        step, block = (GroupedDecoder(self.layers, self.head, n) for n in (1, BLOCK))
        graphs = {
            "step": (step, 1, True),
            "block": (block, BLOCK, True),
            "prefill": (Without(block), BLOCK, False),
        }
        self.signatures = {name: signature(name, *rest) for name, (_, *rest) in graphs.items()}
        scripts = []
        for name, (module, *_) in graphs.items():
            inputs = tuple(torch.zeros(spec.shape) for spec in self.signatures[name].inputs)
            torch.jit.trace(module.eval(), inputs).save(folder / f"{name}.pt")
            scripts.append((folder / f"{name}.pt", self.signatures[name]))
        write_tflite(scripts, folder / "decoder.tflite", jobs=1)

    def runtime(self, block: str | None, **changed: object) -> _runtime.KvDecoder:
        """The runtime's decoder with a graph for blocks, or with none."""

        positions = {f"rope_{name}": self.folder / f"{name}.npy" for name in ("cos", "sin")}
        spec = DecoderSpec(
            layers=LAYERS,
            heads=HEADS,
            kv_heads=KV_HEADS,
            width=WIDTH,
            context=CONTEXT,
            cache=CACHE,
            vocabulary=VOCABULARY,
            masked=MASKED,
        )
        return _runtime.KvDecoder(
            self.folder / "decoder.tflite",
            spec,
            **{
                "step": self.signatures["step"],
                "block": self.signatures[block] if block else None,
                "tokens": self.folder / "rows.npy",
                "positions": positions,
                "library": find_litert(),
                **changed,
            },
        )

    def logits(self, tokens: list[int]) -> np.ndarray:
        """``[n, VOCABULARY]``, all positions at once over empty caches."""
        n = len(tokens)
        whole = GroupedDecoder(self.layers, self.head, n)
        mask = torch.full((n, CACHE + n), MASKED)
        mask[:, CACHE:] = torch.full((n, n), MASKED).triu(1)
        caches = [torch.zeros(spec.shape) for spec in self.signatures["step"].inputs[4:]]
        with torch.no_grad():
            out = whole(
                self.rows[tokens][None],
                mask[None, None],
                self.cos[None, None, :n],
                self.sin[None, None, :n],
                *caches,
            )
        return out[-1][0].numpy()
