"""A manifest whose graphs do not fit its specs is refused, naming the value.

What the fields may be at all is test_both_readers.py's.
"""

from __future__ import annotations

from typing import Any

import pytest
from bundle_copy import BundleCopy

from sotto.asr import load_model
from sotto.errors import BundleError


def refusal(copy: BundleCopy) -> str:
    """The message with which the runtime refuses the bundle."""
    copy.write_manifest()
    with pytest.raises(BundleError) as caught:
        load_model(copy.directory, verify=False)
    message = str(caught.value)
    assert "manifest.json: " in message
    assert "Make it again: sotto convert NAME" in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("side", ["inputs", "outputs"])
@pytest.mark.parametrize("name", ["encode_30s", "decode_30s"])
def test_a_wrong_shape_is_named_with_what_the_dims_need(
    copy: BundleCopy, name: str, side: str
) -> None:
    spec = copy.graph(name)[side][0]
    spec["shape"][1] += 1
    message = refusal(copy)
    assert f"signature {name} has {spec['name']} of shape" in message
    assert "its dims need [1, " in message


def test_a_tensor_of_another_name_or_missing_is_named(copy: BundleCopy) -> None:
    inputs = copy.graph("decode_10s")["inputs"]
    inputs[0]["name"] = "hidden_state"
    assert "signature decode_10s lacks hidden" in refusal(copy)
    del inputs[0]
    assert "signature decode_10s has 17 tensors on one side, its dims need 18" in refusal(copy)


@pytest.mark.parametrize(
    ("kind", "dim"),
    [
        ("decoder", "vocabulary"),
        ("decoder", "width"),
        ("decoder", "heads"),
        ("decoder", "layers"),
        ("speech-encoder", "context"),
    ],
)
def test_a_spec_that_does_not_fit_the_graphs_is_refused(
    copy: BundleCopy, kind: str, dim: str
) -> None:
    copy.component(kind)["spec"][dim] //= 2
    refusal(copy)


def test_step_1_alone_is_refused_with_the_next_step(copy: BundleCopy) -> None:
    copy.component("speech-encoder")["graphs"] = []
    assert "(step 1 alone makes none that run: run step 2)" in refusal(copy)


def with_a_window_twice(copy: BundleCopy) -> None:
    graphs = copy.component("speech-encoder")["graphs"]
    graphs.append({**graphs[0], "name": "again"})


def with_frames_of_no_whole_second(copy: BundleCopy) -> None:
    copy.graph("encode_10s")["inputs"][0]["shape"][-1] = 1050


def with_a_window_beyond_the_audio_context(copy: BundleCopy) -> None:
    copy.component("speech-encoder")["spec"]["context"] = 1499


def without_a_step(copy: BundleCopy) -> None:
    graphs = copy.component("decoder")["graphs"]
    graphs.remove(copy.graph("decode_10s"))


def with_a_step_of_no_window(copy: BundleCopy) -> None:
    graphs = copy.component("speech-encoder")["graphs"]
    graphs.remove(copy.graph("encode_10s"))


def with_a_role_twice(copy: BundleCopy) -> None:
    copy.graph("prefill_10s")["role"] = "step"


@pytest.mark.parametrize(
    "change",
    [
        with_a_window_twice,
        with_frames_of_no_whole_second,
        with_a_window_beyond_the_audio_context,
        without_a_step,
        with_a_step_of_no_window,
        with_a_role_twice,
    ],
)
def test_wrong_windows_are_refused(copy: BundleCopy, change: Any) -> None:
    change(copy)
    refusal(copy)


def test_a_bundle_that_is_no_whisper_transcribes_nothing(copy: BundleCopy) -> None:
    del copy.manifest["whisper"]
    assert "it transcribes nothing" in refusal(copy)
