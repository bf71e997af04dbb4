"""What a Whisper checkpoint is: its dimensions, the canonical keys and shapes, the weights.

Keys, shapes and dimension names are those of openai-whisper's ``whisper/model.py``:
``Whisper(dims).load_state_dict(state, strict=True)`` accepts what is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np

from sotto.errors import CheckpointError

Shape = tuple[int, ...]
State = dict[str, np.ndarray]
Format = Literal["openai", "huggingface", "ctranslate2", "arrow"]
AlignmentHeads = list[tuple[int, int]]

CONV_WIDTH = 3
MLP_RATIO = 4
MULTILINGUAL_VOCAB = 51865
MAX_LAYERS = 1024
MAX_DIM = 1 << 20
NAMED_IN_A_MESSAGE = 5


@dataclass(frozen=True)
class WhisperDims:
    """The ten numbers that fix a Whisper's shapes (``whisper.model.ModelDimensions``).

    Audio contexts are encoder positions (1500 = 30 s), text contexts are tokens, states
    are widths.
    """

    n_mels: int
    n_audio_ctx: int
    n_audio_state: int
    n_audio_head: int
    n_audio_layer: int
    n_vocab: int
    n_text_ctx: int
    n_text_state: int
    n_text_head: int
    n_text_layer: int

    @property
    def is_multilingual(self) -> bool:
        """Whether the vocabulary has language tokens (``.en`` models lack them)."""
        return self.n_vocab >= MULTILINGUAL_VOCAB

    @property
    def num_languages(self) -> int:
        """How many language tokens the vocabulary has, as openai-whisper counts them."""
        return self.n_vocab - 51765 - int(self.is_multilingual)

    @classmethod
    def from_mapping(cls, values: Mapping[Any, Any], source: str) -> WhisperDims:
        """Dims from exactly these ten fields.

        Raises:
            CheckpointError: a field is missing, unknown or out of range.
        """
        names = [field.name for field in fields(cls)]
        odd = sorted(str(name) for name in set(values) ^ set(names))
        if odd:
            raise CheckpointError(
                f"{source}: dims must hold exactly {', '.join(names)}; "
                f"missing or unknown: {listed(odd)}"
            )
        dims = cls(**{name: values[name] for name in names})
        dims.validate(source)
        return dims

    def validate(self, source: str) -> None:
        """Refuse dims that are no Whisper's, or so large that only a hostile file has them.

        Raises:
            CheckpointError: naming the dimension, its value and the range.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            limit = MAX_LAYERS if field.name.endswith("_layer") else MAX_DIM
            if type(value) is not int or not 1 <= value <= limit:
                raise CheckpointError(
                    f"{source}: {field.name} is {value!r:.40}, not an integer from 1 to {limit}"
                )
        for side in ("audio", "text"):
            width, heads = getattr(self, f"n_{side}_state"), getattr(self, f"n_{side}_head")
            if width % heads:
                raise CheckpointError(
                    f"{source}: n_{side}_state {width} is not a multiple of n_{side}_head {heads}"
                )
        if self.n_audio_state != self.n_text_state:
            raise CheckpointError(
                f"{source}: n_audio_state {self.n_audio_state} and n_text_state "
                f"{self.n_text_state} differ; cross-attention needs them equal"
            )


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """One Whisper's weights in the canonical layout, and where they are from.

    Attributes:
        name: short name (``base``, ``tiny.en``, or the stem of the file or directory).
        dims: the model's dimensions.
        state: canonical key -> float32 array of the shape :func:`expected_shapes` gives,
            C-contiguous. Arrays may be views of one another: copy before writing to one.
        format: what kind of file the weights were read from.
        source: where that was: a path, or the package or directory it was found in.
        sha256: hex digest of the weights file (of several: of their bytes joined in order).
        alignment_heads: (layer, head) of the decoder's cross-attention heads that follow
            the audio's timing, where the source names them.
    """

    name: str
    dims: WhisperDims
    state: State
    format: Format
    source: str
    sha256: str
    alignment_heads: AlignmentHeads | None = None


@dataclass(frozen=True, eq=False)
class Contents:
    """What a reader returns: the parts of a :class:`Checkpoint` that the file decides."""

    dims: WhisperDims
    state: State
    alignment_heads: AlignmentHeads | None = None


def _block_shapes(prefix: str, width: int, cross: bool) -> Iterator[tuple[str, Shape]]:
    for attention in ("attn", "cross_attn") if cross else ("attn",):
        for projection in ("query", "key", "value", "out"):
            yield f"{prefix}.{attention}.{projection}.weight", (width, width)
            if projection != "key":
                yield f"{prefix}.{attention}.{projection}.bias", (width,)
        yield f"{prefix}.{attention}_ln.weight", (width,)
        yield f"{prefix}.{attention}_ln.bias", (width,)
    hidden = MLP_RATIO * width
    yield f"{prefix}.mlp.0.weight", (hidden, width)
    yield f"{prefix}.mlp.0.bias", (hidden,)
    yield f"{prefix}.mlp.2.weight", (width, hidden)
    yield f"{prefix}.mlp.2.bias", (width,)
    yield f"{prefix}.mlp_ln.weight", (width,)
    yield f"{prefix}.mlp_ln.bias", (width,)


def expected_shapes(dims: WhisperDims) -> dict[str, Shape]:
    """Every canonical key and its shape, in the order of openai-whisper's state dict."""
    audio, text = dims.n_audio_state, dims.n_text_state
    shapes: dict[str, Shape] = {
        "encoder.positional_embedding": (dims.n_audio_ctx, audio),
        "encoder.conv1.weight": (audio, dims.n_mels, CONV_WIDTH),
        "encoder.conv1.bias": (audio,),
        "encoder.conv2.weight": (audio, audio, CONV_WIDTH),
        "encoder.conv2.bias": (audio,),
    }
    for layer in range(dims.n_audio_layer):
        shapes.update(_block_shapes(f"encoder.blocks.{layer}", audio, cross=False))
    shapes["encoder.ln_post.weight"] = shapes["encoder.ln_post.bias"] = (audio,)
    shapes["decoder.positional_embedding"] = (dims.n_text_ctx, text)
    shapes["decoder.token_embedding.weight"] = (dims.n_vocab, text)
    for layer in range(dims.n_text_layer):
        shapes.update(_block_shapes(f"decoder.blocks.{layer}", text, cross=True))
    shapes["decoder.ln.weight"] = shapes["decoder.ln.bias"] = (text,)
    return shapes


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are, for a message."""
    shown = ", ".join(f"{name:.100}" for name in names[:NAMED_IN_A_MESSAGE])
    more = len(names) - NAMED_IN_A_MESSAGE
    return f"{shown} and {more} more" if more > 0 else shown


def check_shapes(shapes: Mapping[str, Shape], dims: WhisperDims, source: str) -> None:
    """Check that ``shapes`` has exactly the keys and shapes of a Whisper with ``dims``.

    Readers call it before they read a tensor, so that no size is taken on trust.

    Raises:
        CheckpointError: naming the first few missing, unknown and misshapen keys.
    """
    match_shapes(shapes, expected_shapes(dims), "Whisper", source)


def match_shapes(
    shapes: Mapping[str, Shape], expected: Mapping[str, Shape], what: str, source: str
) -> None:
    """Check that ``shapes`` is ``expected``, which is what a ``what`` has.

    Raises:
        CheckpointError: naming the first few missing, unknown and misshapen keys.
    """
    wrong = [
        f"{key} is {list(shapes[key])} but should be {list(shape)}"
        for key, shape in expected.items()
        if key in shapes and shapes[key] != shape
    ]
    faults = {
        "missing": [key for key in expected if key not in shapes],
        "unknown": [key for key in shapes if key not in expected],
        "wrong shape": wrong,
    }
    found = [f"{fault}: {listed(keys)}" for fault, keys in faults.items() if keys]
    if found:
        raise CheckpointError(f"{source} does not hold a whole {what}. {'; '.join(found)}")


def check_finite(state: State, source: str) -> None:
    """Check every weight for NaN and infinity.

    Raises:
        CheckpointError: naming the first few tensors that hold one.
    """
    bad = [key for key, array in state.items() if not np.isfinite(array).all()]
    if bad:
        raise CheckpointError(
            f"{source} is damaged: weights that are not finite in {listed(bad)}. "
            "Get the checkpoint again"
        )
