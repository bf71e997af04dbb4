"""The pair of ONNX graphs for sherpa-onnx, against openai-whisper's own modules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_whisper import TINY_EN, random_state, scaled_down

from sotto.checkpoints import Checkpoint

onnxruntime = pytest.importorskip("onnxruntime", reason="needs pip install 'sotto[bench]'")
pytest.importorskip("onnx", reason="needs pip install 'sotto[bench]'")
torch = pytest.importorskip("torch", reason="needs pip install 'sotto[convert]'")

from weights.sherpa import DECODER, ENCODER, TOKENS, export_sherpa  # noqa: E402

FRAMES = 12
# Whisper's own vocabulary, which the metadata is of, over layers that are made in milliseconds.
DIMS = replace(scaled_down(TINY_EN), n_audio_layer=1, n_text_layer=2)
STATE = random_state(DIMS)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sherpa") / "small"
    export_sherpa(Checkpoint("small", DIMS, STATE, "openai", "random", ""), directory, "fp32")
    return directory


def test_graphs_say_what_openai_whisper_says_token_after_token(exported: Path) -> None:
    import whisper

    model = whisper.Whisper(whisper.ModelDimensions(**vars(DIMS))).eval()
    model.load_state_dict({key: torch.from_numpy(array) for key, array in STATE.items()})
    random = np.random.default_rng(0)
    mel = random.normal(0, 1, (1, DIMS.n_mels, 2 * DIMS.n_audio_ctx)).astype(np.float32)
    tokens = random.integers(0, DIMS.n_vocab, (1, 6))
    with torch.no_grad():
        expected = model(torch.from_numpy(mel), torch.from_numpy(tokens)).numpy()
    encoder = onnxruntime.InferenceSession(exported / ENCODER)
    decoder = onnxruntime.InferenceSession(exported / DECODER)
    cross = encoder.run(None, {"mel": mel})
    cache = [np.zeros((2, 1, DIMS.n_text_ctx, 8), np.float32)] * 2
    logits = []
    # Three tokens at once, as the prompt is, then one by one.
    for start, end in ((0, 3), (3, 4), (4, 5), (5, 6)):
        inputs = [tokens[:, start:end], *cache, *cross, np.array([start])]
        names = [each.name for each in decoder.get_inputs()]
        step, *cache = decoder.run(None, dict(zip(names, inputs, strict=True)))
        logits.append(step)
    # Float32 sums in another order, of values up to 10.
    np.testing.assert_allclose(np.concatenate(logits, axis=1), expected, atol=1e-4)


def test_an_encoder_takes_any_number_of_frames(exported: Path) -> None:
    encoder = onnxruntime.InferenceSession(exported / ENCODER)
    cross_k, _ = encoder.run(None, {"mel": np.zeros((1, DIMS.n_mels, FRAMES), np.float32)})
    assert cross_k.shape == (2, 1, FRAMES // 2, 8)


def test_an_encoder_names_the_tokens(exported: Path) -> None:
    told = onnxruntime.InferenceSession(exported / ENCODER).get_modelmeta().custom_metadata_map
    assert told["sot"] == told["sot_sequence"] == "50257"
    assert told["eot"] == "50256"
    assert told["is_multilingual"] == "0"
    assert told["n_text_layer"] == "2"
    assert len((exported / TOKENS).read_text().splitlines()) == 50256


def test_int8_quantises_the_matrices_of_every_layer(tmp_path: Path) -> None:
    import onnx

    checkpoint = Checkpoint("small", DIMS, STATE, "openai", "random", "")
    export_sherpa(checkpoint, tmp_path / "small", "int8")
    nodes = [node.op_type for node in onnx.load(tmp_path / "small" / DECODER).graph.node]
    # Four and two of attention and two more; what is left multiplies activations, or by the table.
    assert nodes.count("MatMulInteger") == 2 * 8
    assert nodes.count("MatMul") == 2 * 4 + 1
