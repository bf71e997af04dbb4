"""Graph files that are not what the manifest says, although size and sha256 are right.

A bundle may have been made to do harm. LiteRT checks little of a file, so the runtime verifies each
before: ``test_hostile_graphs.py`` has what it looks at.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from bundle_copy import BundleCopy

from sotto.asr import load_model
from sotto.errors import BundleError, ModelError, SottoError

SILENCE = np.zeros(16_000, np.float32)


def refusal(copy: BundleCopy, kind: type[SottoError]) -> str:
    """The message with which a transcription ends."""
    model = load_model(copy.directory, threads=1)
    with pytest.raises(kind) as caught:
        model.transcribe(SILENCE, sample_len=1)
    return str(caught.value)


def no_token_rows(copy: BundleCopy) -> str:
    """The message with which loading ends: token rows are inside decoder.tflite."""
    with pytest.raises(BundleError) as caught:
        load_model(copy.directory)
    return str(caught.value)


def test_a_graph_in_the_others_place_is_told_by_its_signatures(copy: BundleCopy) -> None:
    copy.replace("encoder.tflite", (copy.directory / "decoder.tflite").read_bytes())
    copy.list_again("encoder.tflite")
    message = refusal(copy, ModelError)
    assert "encoder.tflite has no signature encode_10s, only: decode_10s" in message


@pytest.mark.parametrize("file", ["encoder.tflite", "decoder.tflite"])
@pytest.mark.parametrize("content", [b"", b"\0", b"\x1c\0\0\0TFL3", bytes(100_000), b"noise"])
def test_a_file_that_is_no_model_is_named(copy: BundleCopy, file: str, content: bytes) -> None:
    if content == b"noise":
        content = np.random.default_rng(0).bytes(100_000)
    copy.replace(file, content)
    copy.list_again(file)
    if file == "decoder.tflite":
        assert re.search(r"decoder\.tflite: (has no int8|is empty)", no_token_rows(copy))
    else:
        assert f"{file} can't be used: it is no TFLite model" in refusal(copy, BundleError)


@pytest.mark.parametrize("file", ["encoder.tflite", "decoder.tflite"])
@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_a_model_whose_weights_are_cut_off_is_named(
    copy: BundleCopy, file: str, kept: float
) -> None:
    content = (copy.directory / file).read_bytes()
    copy.replace(file, content[: int(kept * len(content))])
    copy.list_again(file)
    if file == "decoder.tflite" and kept < 0.9:
        assert "decoder.tflite: has no int8 [51864, 384]" in no_token_rows(copy)
    else:
        message = refusal(copy, BundleError)
        assert re.search(rf"{file} can't be used: buffer \d+ reaches beyond the file", message)


def test_a_model_of_other_shapes_is_refused(copy: BundleCopy) -> None:
    # Dims and signatures agree with each other, and not with the graphs: half the cache.
    decoder = copy.component("decoder")
    decoder["spec"]["cache"] = 224
    for graph in decoder["graphs"]:
        for spec in graph["inputs"]:
            if spec["name"].startswith(("mask", "self_")):
                shape = spec["shape"]
                halved = {448: 224, 448 + 1: 224 + 1, 448 + 32: 224 + 32, 448 + 64: 224 + 64}
                spec["shape"] = [halved.get(extent, extent) for extent in shape]
    copy.write_manifest()
    message = refusal(copy, BundleError)
    assert "decoder.tflite: signature decode_10s has other tensors than its manifest" in message


def test_a_table_of_another_type_is_refused(copy: BundleCopy) -> None:
    np.save(copy.directory / "other.npy", np.zeros(51864, np.float64))
    copy.replace("token_embedding_scales.npy", (copy.directory / "other.npy").read_bytes())
    copy.list_again("token_embedding_scales.npy")
    with pytest.raises(
        BundleError, match=r"token_embedding_scales\.npy: not a \.npy file that Sotto"
    ):
        load_model(copy.directory)


@pytest.mark.parametrize(
    "name", ["token_embedding_scales.npy", "mel_filters.npy", "tokenizer.tiktoken"]
)
def test_a_table_of_noise_is_refused(copy: BundleCopy, name: str) -> None:
    copy.replace(name, np.random.default_rng(0).bytes(10_000))
    copy.list_again(name)
    with pytest.raises(BundleError, match=name):
        load_model(copy.directory)
