"""What the host needs to know of Whisper's vocabulary and mel filters.

Everything comes from the openai-whisper package: its tokenizer files, its special tokens
and suppression lists (``whisper/tokenizer.py``, ``whisper/decoding.py``) and its mel filters
(``whisper/assets/mel_filters.npz``).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import whisper
import whisper.audio
import whisper.tokenizer

from sotto.bundle import Tokens, Whisper
from sotto.checkpoints import WhisperDims
from sotto.checkpoints.checkpoint import AlignmentHeads
from sotto.errors import CheckpointError

ASSETS = Path(whisper.__file__).parent / "assets"


def vocabulary(dims: WhisperDims, alignment_heads: AlignmentHeads | None = None) -> Whisper:
    """Token ids by role, language ids by code, and what greedy decoding suppresses.

    Raises:
        CheckpointError: the vocabulary's size fits none of OpenAI's vocabularies.
    """
    tokenizer = whisper.tokenizer.get_tokenizer(
        dims.is_multilingual, num_languages=dims.num_languages, language=None, task=None
    )
    if tokenizer.encoding.n_vocab != dims.n_vocab:
        raise CheckpointError(
            f"the checkpoint has {dims.n_vocab} tokens, OpenAI's tokenizer for it has "
            f"{tokenizer.encoding.n_vocab}: a changed vocabulary is not supported"
        )
    # whisper/decoding.py, DecodingTask._get_suppress_tokens with suppress_tokens="-1".
    suppressed = {
        *tokenizer.non_speech_tokens,
        tokenizer.transcribe,
        tokenizer.translate,
        tokenizer.sot,
        tokenizer.sot_prev,
        tokenizer.sot_lm,
        tokenizer.no_speech,
    }
    languages = {}
    if dims.is_multilingual:
        codes = zip(tokenizer.all_language_codes, tokenizer.all_language_tokens, strict=True)
        languages = dict(codes)
    return Whisper(
        tokens=Tokens(
            eot=tokenizer.eot,
            sot=tokenizer.sot,
            transcribe=tokenizer.transcribe,
            translate=tokenizer.translate,
            sot_lm=tokenizer.sot_lm,
            sot_prev=tokenizer.sot_prev,
            no_speech=tokenizer.no_speech,
            no_timestamps=tokenizer.no_timestamps,
            timestamp_begin=tokenizer.timestamp_begin,
        ),
        suppress=tuple(sorted(suppressed)),
        # whisper/decoding.py, SuppressBlank: at the first sampled position.
        suppress_at_begin=(*tokenizer.encode(" "), tokenizer.eot),
        alignment_heads=tuple((layer, head) for layer, head in alignment_heads or []),
        languages=languages,
    )


def write_tokenizer(dims: WhisperDims, path: Path) -> None:
    """Copies the byte-pair ranks that fit the model (one ``base64 rank`` a line)."""
    name = "multilingual" if dims.is_multilingual else "gpt2"
    shutil.copyfile(ASSETS / f"{name}.tiktoken", path)


def write_mel_filters(dims: WhisperDims, path: Path) -> None:
    """Writes the mel filter bank, float32 ``[n_mels, n_fft / 2 + 1]``."""
    filters = whisper.audio.mel_filters("cpu", dims.n_mels).numpy()
    np.save(path, np.ascontiguousarray(filters, dtype=np.float32))
