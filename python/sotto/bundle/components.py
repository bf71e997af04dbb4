"""The components that a bundle is made of, each with its graphs and what their host reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Self

from sotto.bundle.graph import (
    FRAMES_PER_SECOND,
    Count,
    FileName,
    Gelu,
    Graph,
    Index,
    Masked,
    TokenTable,
)
from sotto.bundle.image_settings import ImageSettings

Pooling = Literal["mean", "cls", "eot", "last"]

VAD_CHUNK = 512
"""Samples of a chunk of voice activity detection, 32 ms."""

MAX_LAYERS = 1024
"""Of a decoder."""


@dataclass(frozen=True)
class EncoderSpec:
    """A transformer that encodes sound.

    Attributes:
        layers, heads, width: of it.
        context: positions of the longest audio, 20 ms each.
    """

    layers: Count
    heads: Count
    width: Count
    context: Count


@dataclass(frozen=True)
class DecoderSpec:
    """A transformer that predicts the next token.

    Attributes:
        layers, heads, kv_heads, width: of it; a head is ``width / heads`` wide.
        context: positions that the model was trained for.
        cache: positions that the graphs' self-attention cache holds.
        vocabulary: tokens, each with a logit.
        masked: score where attention is not allowed.
    """

    layers: Count
    heads: Count
    kv_heads: Count
    width: Count
    context: Count
    cache: Count
    vocabulary: Count
    masked: Masked

    def fault(self) -> str | None:
        """As of a component."""
        if self.layers > MAX_LAYERS:
            return f"layers is {self.layers}, expected at most {MAX_LAYERS}"
        if self.width % self.heads:
            return f"width is {self.width}, no multiple of heads, {self.heads}"
        if self.heads % self.kv_heads:
            return f"heads is {self.heads}, no multiple of kv_heads, {self.kv_heads}"
        if self.cache > self.context:
            return f"cache is {self.cache}, above context, {self.context}"
        return None


@dataclass(frozen=True)
class _Component:
    """What all components have: their graphs; none after step 1 alone."""

    graphs: tuple[Graph, ...]

    @property
    def files(self) -> set[str]:
        """All that it reads."""
        return {graph.file for graph in self.graphs}

    def fault(self) -> str | None:
        """What does not fit together in it, None where all does."""
        return None

    def with_graphs(self, graphs: tuple[Graph, ...]) -> Self:
        """The same with other graphs."""
        return replace(self, graphs=graphs)


@dataclass(frozen=True)
class SpeechEncoder(_Component):
    """Log-mel ``[1, n_mels, frames]`` to what a decoder attends to: a graph for each window."""

    kind: ClassVar = "speech-encoder"

    spec: EncoderSpec
    gelu: Gelu
    mel_filters: FileName

    @property
    def files(self) -> set[str]:
        return {*super().files, self.mel_filters}


@dataclass(frozen=True)
class Decoder(_Component):
    """Tokens to logits, with self-attention caches that the host keeps.

    There is a graph of role ``step`` for each window of the encoder that it attends to; one of
    ``prefill``, for prompts, and of ``alignment``, for word timestamps, where the bundle has them.
    """

    kind: ClassVar = "decoder"

    spec: DecoderSpec
    gelu: Gelu
    token_embedding: TokenTable
    position_embedding: FileName
    tokenizer: FileName

    @property
    def files(self) -> set[str]:
        tables = {self.position_embedding, self.tokenizer}
        return super().files | self.token_embedding.files | tables

    def fault(self) -> str | None:
        return self.spec.fault() or self.token_embedding.fault()


@dataclass(frozen=True)
class VoiceActivity(_Component):
    """Chunks of samples to probabilities of speech, with an LSTM's state.

    Attributes:
        context: samples before a chunk's own.
        reflected: samples after them, which mirror the last.
    """

    kind: ClassVar = "vad"

    context: Index
    reflected: Index

    def fault(self) -> str | None:
        if self.reflected >= self.context + VAD_CHUNK:
            return f"reflected is {self.reflected}, more samples than there are"
        return None


@dataclass(frozen=True)
class TextEncoder(_Component):
    """Rows of tokens ``[B, n, width]`` to vectors: a graph for each length and batch.

    Attributes:
        max_length: tokens of a text, special ones included.
        pooling: whose vector is the text's.
        masked: score of padding; None: it is attended to.
        padded: whether every text is padded to ``max_length``.
        pad_token, eot_token: ids.
        prompts: what is put before texts, by use.
        default_prompt: the one that is used unasked.
    """

    kind: ClassVar = "text-encoder"

    gelu: Gelu
    token_embedding: TokenTable
    position_embedding: FileName
    tokenizer: FileName
    max_length: Count
    pooling: Pooling
    pad_token: Index
    masked: Masked | None = None
    padded: bool = False
    eot_token: Index | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    default_prompt: str | None = None

    @property
    def files(self) -> set[str]:
        tables = {self.position_embedding, self.tokenizer}
        return super().files | self.token_embedding.files | tables

    def fault(self) -> str | None:
        default = self.default_prompt
        if default is not None and default not in self.prompts:
            return f"default_prompt is {default!r:.60}, which is not in prompts"
        return self.token_embedding.fault()


@dataclass(frozen=True)
class ImageEncoder(_Component):
    """Pixels ``[B, channels, height, width]`` to vectors: a graph for each batch."""

    kind: ClassVar = "image-encoder"

    gelu: Gelu
    processor: ImageSettings

    def fault(self) -> str | None:
        fault = self.processor.fault()
        return f"processor: {fault}" if fault else None


@dataclass(frozen=True)
class AudioEncoder(_Component):
    """Log-mel ``[1, n_mels, frames]`` to vectors: a graph for each window."""

    kind: ClassVar = "audio-encoder"

    gelu: Gelu
    mel_filters: FileName

    @property
    def files(self) -> set[str]:
        return {*super().files, self.mel_filters}


Component = SpeechEncoder | Decoder | VoiceActivity | TextEncoder | ImageEncoder | AudioEncoder

Embedder = TextEncoder | ImageEncoder | AudioEncoder
"""Components whose graphs give vectors ``embedding [B, d]``."""

MODALITIES: Mapping[str, type[Embedder]] = {
    "text": TextEncoder,
    "image": ImageEncoder,
    "audio": AudioEncoder,
}


def frames_of(graph: Graph) -> int:
    """Log-mel frames of the window that a graph is for: of an encoder of sound, or of a decoder
    that attends to one.

    Raises:
        KeyError: it has no such tensor.
        IndexError: the tensor has another rank.
    """
    names = {spec.name for spec in graph.inputs}
    if "log_mel" in names:
        return graph.shape("log_mel")[2]
    return 2 * graph.shape("cross_k_0")[2]


def seconds_of(graph: Graph) -> int:
    """Seconds of the window that a graph is for; errors as :func:`frames_of`."""
    return frames_of(graph) // FRAMES_PER_SECOND
