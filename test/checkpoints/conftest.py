"""Models on disk as other programs write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_whisper import SMALL


@pytest.fixture(scope="session")
def huggingface_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random Whisper as transformers saves it, with a tokenizer of as many words."""
    transformers = pytest.importorskip("transformers")
    import torch
    from tokenizers import Tokenizer, models

    config = transformers.WhisperConfig(
        vocab_size=SMALL.n_vocab,
        num_mel_bins=SMALL.n_mels,
        d_model=SMALL.n_audio_state,
        encoder_layers=SMALL.n_audio_layer,
        decoder_layers=SMALL.n_text_layer,
        encoder_attention_heads=SMALL.n_audio_head,
        decoder_attention_heads=SMALL.n_text_head,
        encoder_ffn_dim=4 * SMALL.n_audio_state,
        decoder_ffn_dim=4 * SMALL.n_text_state,
        max_source_positions=SMALL.n_audio_ctx,
        max_target_positions=SMALL.n_text_ctx,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    model = transformers.WhisperForConditionalGeneration(config)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.2)
    model.generation_config.alignment_heads = [[1, 0], [2, 1]]
    directory = tmp_path_factory.mktemp("huggingface") / "whisper-small-random"
    model.save_pretrained(directory)
    words = Tokenizer(models.WordLevel({f"t{i}": i for i in range(SMALL.n_vocab)}, unk_token="t0"))
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="t0").save_pretrained(
        directory
    )
    return directory


@pytest.fixture
def log_mel() -> np.ndarray:
    """Random features for a model of SMALL's dims: [1, n_mels, 2 n_audio_ctx] float32."""
    shape = (1, SMALL.n_mels, 2 * SMALL.n_audio_ctx)
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)
