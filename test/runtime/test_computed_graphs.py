"""Graphs that a Python callable computes, decoded by the runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from sotto import _runtime
from sotto.bundle import read_manifest
from sotto.errors import ModelError
from sotto.runtime.locate import find_litert

Bundle = Callable[[str, str], Path]
Tensors = dict[str, np.ndarray]
Run = Callable[[str, Tensors], Tensors]


@pytest.fixture(scope="module")
def log_mel() -> np.ndarray:
    """30 s of noise."""
    return np.random.default_rng(0).uniform(-1, 1, (80, 3000)).astype(np.float32)


@pytest.fixture(scope="module")
def by_interpreter(bundle: Bundle) -> Run:
    """Computes the 30 s window of tiny.en by LiteRT's other interface."""
    directory = bundle("tiny.en", "fp32")
    window = read_manifest(directory).windows[-1]
    runners = {
        graph.name: Interpreter(str(directory / graph.file), num_threads=2).get_signature_runner(
            graph.name
        )
        for graph in (window.encoder, window.step)
    }
    return lambda signature, inputs: runners[signature](**inputs)


def test_the_runtime_decodes_over_what_a_callable_computes(
    bundle: Bundle, by_interpreter: Run, log_mel: np.ndarray
) -> None:
    seen: list[str] = []

    def run(signature: str, inputs: Tensors) -> Tensors:
        seen.append(signature)
        return by_interpreter(signature, inputs)

    found = []
    for decoder in (
        _runtime.WindowDecoder(bundle("tiny.en", "fp32"), run=run),
        _runtime.WindowDecoder(bundle("tiny.en", "fp32"), library=find_litert()),
    ):
        decoder.encode(log_mel)
        found.append(decoder.decode(without_timestamps=True, sample_len=4))
    ours, litert = found
    assert (
        seen == ["encode_30s"] + ["decode_30s"] * 5
    )  # two tokens begin a text, the last is not run
    assert ours["tokens"] == litert["tokens"]
    assert ours["avg_logprob"] == pytest.approx(litert["avg_logprob"], abs=1e-3)


def test_the_host_fills_mask_and_caches(
    bundle: Bundle, by_interpreter: Run, log_mel: np.ndarray
) -> None:
    runs: list[tuple[Tensors, Tensors]] = []

    def run(signature: str, inputs: Tensors) -> Tensors:
        outputs = by_interpreter(signature, inputs)
        if signature == "decode_30s":
            runs.append(({name: np.array(value) for name, value in inputs.items()}, outputs))
        return outputs

    decoder = _runtime.WindowDecoder(bundle("tiny.en", "fp32"), run=run)
    decoder.encode(log_mel)
    decoder.decode(without_timestamps=True, sample_len=3)
    for position, (inputs, _) in enumerate(runs):
        seen = inputs["mask"].reshape(-1) == 0
        assert np.flatnonzero(seen[:-1]).tolist() == [*range(position)]
        assert seen[-1]
        for before in range(position):
            outputs = runs[before][1]
            assert np.array_equal(inputs["self_k_3"][0, :, before], outputs["new_k_3"][0, :, 0])
            assert np.array_equal(inputs["self_v_0"][..., before], outputs["new_v_0"][..., 0])


def test_what_the_callable_raises_ends_the_call(bundle: Bundle, log_mel: np.ndarray) -> None:
    def run(signature: str, inputs: Tensors) -> Tensors:
        raise ZeroDivisionError(signature)

    decoder = _runtime.WindowDecoder(bundle("tiny.en", "fp32"), run=run)
    with pytest.raises(ZeroDivisionError, match="encode_30s"):
        decoder.encode(log_mel)


@pytest.mark.parametrize(
    "outputs",
    [None, {}, {f"cross_{kv}_{i}": np.zeros(3, np.float32) for kv in "kv" for i in range(4)}],
    ids=["no dict", "an output is missing", "an output has another shape"],
)
def test_outputs_that_do_not_fit_are_refused(
    bundle: Bundle, log_mel: np.ndarray, outputs: Tensors | None
) -> None:
    decoder = _runtime.WindowDecoder(
        bundle("tiny.en", "fp32"),
        run=lambda signature, inputs: outputs,  # type: ignore[arg-type,return-value]
    )
    message = r"the outputs of encode_30s must hold cross_k_0, float32 of shape \[1, 6, 1500, 64\]"
    with pytest.raises(ModelError, match=message):
        decoder.encode(log_mel)


def test_inputs_outlive_the_decoder_where_they_are_kept(
    bundle: Bundle, by_interpreter: Run, log_mel: np.ndarray
) -> None:
    kept: list[np.ndarray] = []

    def run(signature: str, inputs: Tensors) -> Tensors:
        kept.append(inputs["log_mel"])
        return by_interpreter(signature, inputs)

    decoder = _runtime.WindowDecoder(bundle("tiny.en", "fp32"), run=run)
    decoder.encode(log_mel)
    del decoder
    assert np.array_equal(kept[0][0], log_mel)
