"""A text's caches and mask, as the runtime fills them for graphs that Python computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sotto._runtime import KvCache
from sotto.bundle import DecoderSpec, Signature, TensorSpec
from sotto.errors import ModelError
from sotto.export.whisper.text_run import Tensors, run_text

MASKED = -100.0
SPEC = DecoderSpec(
    layers=2, heads=2, kv_heads=1, width=8, context=9, cache=4, vocabulary=5, masked=MASKED
)


def graph(name: str, block: int) -> Signature:
    """Of a small decoder that hears three positions."""
    layers, heads, head = range(SPEC.layers), SPEC.kv_heads, SPEC.width // SPEC.heads
    caches = [
        *(TensorSpec(f"self_k_{i}", (1, heads, SPEC.cache, head)) for i in layers),
        *(TensorSpec(f"self_v_{i}", (1, heads, head, SPEC.cache)) for i in layers),
    ]
    new = [
        *(TensorSpec(f"new_k_{i}", (1, heads, block, head)) for i in layers),
        *(TensorSpec(f"new_v_{i}", (1, heads, head, block)) for i in layers),
    ]
    hidden = TensorSpec("hidden", (1, block, SPEC.width))
    mask = TensorSpec("mask", (1, 1, block, SPEC.cache + block))
    cross = TensorSpec("cross_k_0", (1, 2, 3, head))
    logits = TensorSpec("logits", (1, block, SPEC.vocabulary))
    return Signature(name, (hidden, mask, *caches, cross), (logits, *new))


STEP, BLOCK = graph("step", 1), graph("block", 3)
CROSS = {"cross_k_0": np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)}
ROWS = np.random.default_rng(0).normal(size=(4, SPEC.width)).astype(np.float32)


class Computed:
    """Gives numbers at random, and remembers what it was given and what it gave."""

    def __init__(self) -> None:
        self.inputs: list[Tensors] = []
        self.outputs: list[Tensors] = []
        self._random = np.random.default_rng(1)

    def __call__(self, signature: str, inputs: Tensors) -> Tensors:
        made = {"step": STEP, "block": BLOCK}[signature].outputs
        self.inputs.append({name: np.array(value) for name, value in inputs.items()})
        self.outputs.append({s.name: self._random.random(s.shape, np.float32) for s in made})
        return self.outputs[-1]


def test_the_mask_shows_a_row_what_was_before_it_and_padding_itself() -> None:
    computed = Computed()
    cache = KvCache(SPEC, CROSS, computed)
    cache.advance(STEP, ROWS[:1])
    cache.advance(STEP, ROWS[1:2])
    cache.advance(BLOCK, ROWS[2:])
    assert cache.position == 4
    masks = [given["mask"][0, 0] for given in computed.inputs]
    assert {*np.unique(masks[-1])} == {0.0, MASKED}
    assert [(mask == 0).astype(int).tolist() for mask in masks] == [
        [[0, 0, 0, 0, 1]],
        [[1, 0, 0, 0, 1]],
        [[1, 1, 0, 0, 1, 0, 0], [1, 1, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0, 1]],
    ]


def test_graphs_get_rows_caches_and_what_else_they_take() -> None:
    computed = Computed()
    cache = KvCache(SPEC, CROSS, computed)
    cache.advance(BLOCK, ROWS[:2])
    cache.advance(STEP, ROWS[2:3])
    block, step = computed.inputs
    assert np.array_equal(block["hidden"][0], [ROWS[0], ROWS[1], np.zeros(SPEC.width)])
    assert np.array_equal(step["hidden"][0], ROWS[2:3])
    assert np.array_equal(step["cross_k_0"], CROSS["cross_k_0"])
    new = computed.outputs[0]
    for layer in range(SPEC.layers):
        keys, values = step[f"self_k_{layer}"], step[f"self_v_{layer}"]
        assert np.array_equal(keys[..., :2, :], new[f"new_k_{layer}"][..., :2, :])
        assert np.array_equal(values[..., :2], new[f"new_v_{layer}"][..., :2])
        assert not keys[..., 2:, :].any()  # nothing of the block's padding
        assert not values[..., 2:].any()


def test_a_text_gives_the_outputs_of_all_its_positions() -> None:
    computed = Computed()
    found = run_text(computed, BLOCK, SPEC, CROSS, ROWS)
    assert [*found] == [output.name for output in BLOCK.outputs]
    first, second = computed.outputs
    assert np.array_equal(found["logits"][0], [*first["logits"][0], second["logits"][0, 0]])
    assert found["new_k_1"].shape == (1, 1, 4, 4)
    assert np.array_equal(found["new_v_0"][..., 3], second["new_v_0"][..., 0])


def test_a_text_longer_than_the_cache_is_refused() -> None:
    cache = KvCache(SPEC, CROSS, Computed())
    cache.advance(STEP, ROWS)
    with pytest.raises(ModelError, match="longer than the decoder's cache of 4 positions"):
        cache.advance(STEP, ROWS[:1])


def test_rows_and_graphs_of_another_decoder_are_refused() -> None:
    cache = KvCache(SPEC, CROSS, Computed())
    with pytest.raises(ModelError, match=r"rows must be of shape \[n, 8\]"):
        cache.advance(STEP, ROWS[:, :4])
    with pytest.raises(ModelError, match="signature other lacks new_v_1"):
        cache.advance(Signature("other", STEP.inputs, STEP.outputs[:-1]), ROWS[:1])
    with pytest.raises(ModelError, match="signature step takes cross_k_0"):
        KvCache(SPEC, {}, Computed()).advance(STEP, ROWS[:1])
    with pytest.raises(ModelError, match="a decoder's heads must be 1 or more, not 0"):
        KvCache(replace(SPEC, heads=0), CROSS, Computed())
    assert cache.position == 0
