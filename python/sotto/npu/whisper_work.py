"""What Whisper's stages take, from its sizes alone, for graphs of which no file is published."""

from __future__ import annotations

from dataclasses import dataclass

from sotto.errors import OptionError
from sotto.npu.work import Work

TAPS = 3
"""Of each of the encoder's two convolutions."""


@dataclass(frozen=True)
class Sizes:
    """A model's, named as in openai-whisper's ``ModelDimensions``."""

    n_mels: int
    state: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    vocabulary: int


SIZES = {
    "tiny": Sizes(80, 384, 6, 4, 4, 51865),
    "base": Sizes(80, 512, 8, 6, 6, 51865),
    "small": Sizes(80, 768, 12, 12, 12, 51865),
    "medium": Sizes(80, 1024, 16, 24, 24, 51865),
    "large-v3-turbo": Sizes(128, 1280, 20, 32, 4, 51866),
}


def whisper_work(
    sizes: Sizes,
    stage: str,
    precision: str = "fp16",
    *,
    positions: int = 1500,
    cache: int = 0,
    boundary: int = 4,
) -> Work:
    """One run of a stage.

    Args:
        sizes: the model's.
        stage: ``encoder`` (to features), ``encoder+kv`` (to the decoder's keys and values) or
            ``step`` (one token).
        precision: ``fp16``, ``int16`` or ``int8`` activations; the latter two have int8 weights.
        positions: of the audio, 50 a second.
        cache: earlier tokens that a step attends to.
        boundary: bytes of an element of inputs and outputs.

    Raises:
        OptionError: another stage.
    """
    weight = 2 if precision == "fp16" else 1
    activation = 1 if precision == "int8" else 2
    if stage == "step":
        macs, weights, ends, inside = _step(sizes, positions, cache)
    elif stage in ("encoder", "encoder+kv"):
        macs, weights, ends, inside = _encoder(sizes, positions, stage.endswith("kv"))
    else:
        raise OptionError(f"stage {stage!r}: expected encoder, encoder+kv or step")
    return Work(
        macs={precision: macs},
        stored_weights=weights * weight,
        weights=weights * weight,
        float_weights=weights * weight if precision == "fp16" else 0,
        boundary=ends * boundary,
        activations=tuple(elements * activation for elements in inside),
    )


def _encoder(sizes: Sizes, positions: int, keys: bool) -> tuple[int, int, int, list[int]]:
    """Multiply-adds, weights, elements at the boundary, elements of each tensor inside."""
    d, layers = sizes.state, sizes.encoder_layers
    cross = 2 * sizes.decoder_layers if keys else 0
    weights = TAPS * d * (sizes.n_mels + d) + 12 * d * d * layers + cross * d * d
    macs = TAPS * d * (2 * sizes.n_mels + d) * positions
    macs += (12 * d * d + 2 * positions * d) * positions * layers
    macs += cross * d * d * positions
    ends = 2 * positions * sizes.n_mels + (cross or 1) * positions * d
    # Of each layer: two norms, queries, keys, values, the heads' sum, two sums with the stream;
    # the wide half of the MLP before and after its GELU; each head's scores, before and after.
    layer = 8 * [positions * d] + 2 * [4 * positions * d]
    layer += 2 * sizes.heads * [positions * positions]
    return macs, weights + positions * d, ends, layers * layer


def _step(sizes: Sizes, positions: int, cache: int) -> tuple[int, int, int, list[int]]:
    d, layers = sizes.state, sizes.decoder_layers
    weights = 14 * d * d * layers + sizes.vocabulary * d
    macs = weights + 2 * (cache + 1 + positions) * d * layers
    ends = d + cache + 1 + 2 * (cache + positions + 1) * d * layers + sizes.vocabulary
    return macs, weights, ends, layers * [d] * 20
