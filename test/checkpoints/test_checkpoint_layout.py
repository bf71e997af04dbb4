"""The canonical keys, shapes and dims are openai-whisper's."""

from __future__ import annotations

from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from small_whisper import LARGE_V3, SMALL, TINY_EN, TURBO, random_state

from sotto.checkpoints import CheckpointError, WhisperDims
from sotto.checkpoints.checkpoint import check_finite, check_shapes, expected_shapes

whisper = pytest.importorskip("whisper")


@pytest.mark.parametrize("dims", [TINY_EN, LARGE_V3, TURBO], ids=["tiny.en", "large-v3", "turbo"])
def test_keys_and_shapes_are_those_of_openai_whispers_state_dict_in_its_order(
    dims: WhisperDims,
) -> None:
    import torch

    model = object.__new__(whisper.model.Whisper)
    torch.nn.Module.__init__(model)
    with torch.device("meta"):  # 1.5 G parameters, no memory
        model.encoder = whisper.model.AudioEncoder(
            dims.n_mels, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer
        )
        model.decoder = whisper.model.TextDecoder(
            dims.n_vocab, dims.n_text_ctx, dims.n_text_state, dims.n_text_head, dims.n_text_layer
        )
    theirs = [(key, tuple(value.shape)) for key, value in model.state_dict().items()]
    assert list(expected_shapes(dims).items()) == theirs


def test_dims_have_openai_whispers_fields() -> None:
    theirs = [field.name for field in fields(whisper.model.ModelDimensions)]
    assert [field.name for field in fields(WhisperDims)] == theirs


@pytest.mark.parametrize(
    ("n_vocab", "multilingual", "languages"),
    [(51864, False, 99), (51865, True, 99), (51866, True, 100)],
)
def test_the_vocabulary_tells_the_number_of_languages(
    n_vocab: int, multilingual: bool, languages: int
) -> None:
    dims = replace(TINY_EN, n_vocab=n_vocab)
    assert (dims.is_multilingual, dims.num_languages) == (multilingual, languages)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_audio_layer": 10**9}, "n_audio_layer is 1000000000"),
        ({"n_mels": 0}, "n_mels is 0"),
        ({"n_vocab": True}, "n_vocab is True"),
        ({"n_text_ctx": 4.5}, r"n_text_ctx is 4\.5"),
        ({"n_text_head": 3}, "not a multiple of n_text_head 3"),
        ({"n_audio_state": 128}, "differ"),
    ],
)
def test_dims_that_no_whisper_has_are_refused_by_name(change: dict[str, int], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        WhisperDims.from_mapping(asdict(SMALL) | change, "here")


def test_a_message_names_the_first_few_missing_unknown_and_misshapen_keys() -> None:
    shapes = expected_shapes(SMALL)
    for key in list(shapes)[:7]:
        del shapes[key]
    shapes["decoder.lora"] = (1,)
    shapes["decoder.ln.bias"] = (65,)
    with pytest.raises(CheckpointError) as caught:
        check_shapes(shapes, SMALL, "model.pt")
    message = str(caught.value)
    assert "missing: encoder.positional_embedding, encoder.conv1.weight" in message
    assert "and 2 more" in message
    assert "unknown: decoder.lora" in message
    assert "decoder.ln.bias is [65] but should be [64]" in message


def test_a_weight_that_is_not_finite_is_named() -> None:
    state = random_state(SMALL)
    state["decoder.ln.bias"][3] = np.nan
    with pytest.raises(CheckpointError, match=r"not finite in decoder\.ln\.bias"):
        check_finite(state, "model.pt")
