"""A checkpoint's tokenizer as one tokenizer.json, as transformers makes it of whatever is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer, normalizers
from transformers import AutoTokenizer

from sotto.checkpoints.encoder import EncoderCheckpoint
from sotto.errors import CheckpointError

FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spiece.model")


def read_tokenizer(checkpoint: EncoderCheckpoint) -> tuple[Tokenizer, int]:
    """The tokenizer, which neither truncates nor pads, and how many tokens a text may have.

    A ``tokenizer.json``, or the vocabulary of models that are older than this format
    (``vocab.txt``; ``vocab.json`` and ``merges.txt``).

    Raises:
        CheckpointError: there is none, it is damaged, or has more tokens than the model.
    """
    pipeline, dims = checkpoint.pipeline, checkpoint.dims
    tokenizer, longest = tokenizer_in(checkpoint.directory / pipeline.encoder, dims.n_vocab)
    if pipeline.lowercase:
        tokenizer.normalizer = _lowercase(tokenizer.normalizer)
    return tokenizer, min(pipeline.max_length or min(longest, dims.n_ctx), dims.longest)


def tokenizer_in(folder: Path, n_vocab: int) -> tuple[Tokenizer, int]:
    """The tokenizer of a folder, which neither truncates nor pads, and its own longest text.

    Raises:
        CheckpointError: there is none, it is damaged, or has more tokens than ``n_vocab``.
    """
    if not any((folder / file).is_file() for file in FILES):
        raise CheckpointError(f"{folder} has no tokenizer: looked for {', '.join(FILES)}")
    try:
        loaded = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        tokenizer = Tokenizer.from_str(loaded.backend_tokenizer.to_str())
        longest = int(loaded.model_max_length)
    except Exception as error:  # as many kinds as there are ways to be damaged
        raise CheckpointError(
            f"the tokenizer in {folder} can't be read: {error!s:.200}. Get its files again"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids = tokenizer.get_vocab(with_added_tokens=True).values()
    if max(ids, default=0) >= n_vocab:
        raise CheckpointError(
            f"the tokenizer in {folder} has ids up to {max(ids)}, the model has "
            f"{n_vocab} tokens: they are not of one model"
        )
    if not tokenizer.encode("").ids:
        raise CheckpointError(
            f"the tokenizer in {folder} adds no special tokens, of which an empty text consists"
        )
    return tokenizer, longest


def _lowercase(normalizer: normalizers.Normalizer | None) -> normalizers.Normalizer:
    """Lower case first, then what the tokenizer does itself, as sentence-transformers has it."""
    parts: Sequence[normalizers.Normalizer] = [normalizers.Lowercase()]
    if normalizer is not None:
        parts = [*parts, normalizer]
    return normalizers.Sequence(list(parts))
