"""A bundle's manifest, schema 3, as a value: ``bundle.schema.json`` says the same.

What can be derived is not stored. The stages that make a bundle hand one manifest to the next with
``dataclasses.replace``; nothing changes one in place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal, TypeVar, cast

from sotto.bundle.codec import Fault, decode, encode
from sotto.bundle.components import (
    MODALITIES,
    Component,
    Decoder,
    DecoderSpec,
    Embedder,
    SpeechEncoder,
    VoiceActivity,
    seconds_of,
)
from sotto.bundle.graph import (
    Bytes,
    Count,
    FileName,
    Graph,
    Index,
    Sha256,
    Text,
    TokenTable,
    Version,
)
from sotto.errors import BundleError

SCHEMA = 3
"""Version of the manifest's layout; the runtime refuses any other."""

MANIFEST = "manifest.json"

NPU = "npu"
"""Folder of what step 3 compiled."""

CompiledFormat = Literal["litert", "dla"]
NeuronCompiler = Literal["neuron", "sotto neuron_host"]

C = TypeVar("C", bound=Component)


@dataclass(frozen=True)
class FileEntry:
    """Size in bytes and sha256 of a file."""

    size: Bytes
    sha256: Sha256


@dataclass(frozen=True)
class Source:
    """The checkpoint that a bundle is of.

    Attributes:
        checkpoint: path, package or repository.
        format: of its files.
        sha256: of its weights.
        revision: of a repository.
        license: SPDX identifier, where the checkpoint says one.
    """

    checkpoint: str
    format: str
    sha256: Sha256
    revision: str | None = None
    license: str | None = None


@dataclass(frozen=True)
class Tokens:
    """Ids of a Whisper's tokens by role."""

    eot: Index
    sot: Index
    transcribe: Index
    translate: Index
    sot_lm: Index
    sot_prev: Index
    no_speech: Index
    no_timestamps: Index
    timestamp_begin: Index


@dataclass(frozen=True)
class Whisper:
    """What makes a recogniser of a speech encoder and a decoder, as openai-whisper does.

    Attributes:
        tokens: by role.
        suppress: ids that are never sampled.
        suppress_at_begin: ids that are not sampled first.
        alignment_heads: layer and head of those that follow the audio's timing, in the order of
            the alignment graphs' scores.
        languages: ids by code; none of a model of English alone.
    """

    tokens: Tokens
    suppress: tuple[Index, ...]
    suppress_at_begin: tuple[Index, ...]
    alignment_heads: tuple[tuple[Index, Index], ...]
    languages: Mapping[str, Index] = field(default_factory=dict)

    @property
    def multilingual(self) -> bool:
        """Whether it knows other languages than English."""
        return bool(self.languages)

    def fault(self, decoder: DecoderSpec) -> str | None:
        """What does not fit the decoder, None where all does."""
        roles = {role.name: getattr(self.tokens, role.name) for role in fields(self.tokens)}
        roles |= self.languages
        for role in ("suppress", "suppress_at_begin"):
            roles[role] = max(getattr(self, role), default=0)
        for role, token in roles.items():
            if token >= decoder.vocabulary:
                return f"{role} is {token}, outside the vocabulary of {decoder.vocabulary}"
        for layer, head in self.alignment_heads:
            if layer >= decoder.layers or head >= decoder.heads:
                return f"alignment_heads holds ({layer}, {head}), no layer and head of the decoder"
        return None


@dataclass(frozen=True)
class Embedding:
    """What the vectors of a bundle's encoders are.

    Attributes:
        normalize: whether the checkpoint's own have length 1.
        logit_scale, logit_bias: of CLIP and SigLIP: what similarities are multiplied by, and what
            is added.
    """

    normalize: bool
    logit_scale: float | None = None
    logit_bias: float | None = None


@dataclass(frozen=True)
class LayerEntry:
    """A layer with weights: operation, shape of these, tensors that it writes, precision."""

    operation: str
    shape: tuple[Count, ...]
    outputs: tuple[str, ...]
    precision: str


@dataclass(frozen=True)
class StaticRule:
    """A rule of the recipe that static quantisation followed (``sotto.export`` has them)."""

    groups: str
    numbers: Literal["float", "int16", "int8"]
    layers: str


@dataclass(frozen=True)
class StaticQuantization:
    """The recipe's rules, and what their ranges were calibrated on."""

    rules: tuple[StaticRule, ...]
    calibrated_on: tuple[str, ...]


@dataclass(frozen=True)
class Compiled:
    """What step 3 compiled for one SoC.

    Attributes:
        format: ``litert``, or ``dla``: files of NeuroPilot's own, a signature each.
        compiler: MediaTek's library, or the stand-in of a dry run.
        sdk: Neuron's version; empty where it does not say.
        files: by the file, or of ``dla`` the signature, that each stands for.
        signatures: those that were compiled.
    """

    format: CompiledFormat
    compiler: NeuronCompiler
    sdk: Version
    files: Mapping[str, FileName]
    signatures: tuple[str, ...]


@dataclass(frozen=True)
class TorchScript:
    """What step 1 leaves for step 2.

    Attributes:
        graphs: by the kind of the component that they become part of; ``sequence`` become none.
        token_embedding: a Whisper's table.
    """

    graphs: Mapping[str, tuple[Graph, ...]]
    token_embedding: TokenTable | None = None

    @property
    def files(self) -> set[str]:
        """All of it."""
        table = self.token_embedding.files if self.token_embedding else set()
        return {graph.file for graphs in self.graphs.values() for graph in graphs} | table


@dataclass(frozen=True)
class Window:
    """The graphs for one length of audio."""

    seconds: int
    encoder: Graph
    step: Graph
    prefill: Graph | None
    alignment: Graph | None

    @property
    def frames(self) -> int:
        """Log-mel frames."""
        return self.encoder.shape("log_mel")[2]


@dataclass(frozen=True)
class Manifest:
    """A bundle's.

    Attributes:
        name: the model's short name.
        family: ``whisper``, ``silero``, ``bert``, ``clip`` …
        precision: of the layers with weights, but for ``exceptions``.
        backend: what converted the graphs.
        source: the checkpoint.
        components: at most one of a kind.
        tools: versions of what made the bundle.
        whisper: of a bundle that transcribes.
        embedding: of a bundle that embeds.
        layers: with weights, by file and name.
        exceptions: precision by pattern of layers.
        static: of a bundle that was quantised statically.
        npu: what step 3 compiled, by SoC.
        torchscript: what step 1 left.
        files: all of them.
    """

    name: Text
    family: Text
    precision: Text
    backend: Literal["litert", "mtk"]
    source: Source
    components: tuple[Component, ...]
    files: Mapping[FileName, FileEntry]
    tools: Mapping[str, str]
    whisper: Whisper | None = None
    embedding: Embedding | None = None
    layers: Mapping[str, Mapping[str, LayerEntry]] = field(default_factory=dict)
    exceptions: Mapping[str, str] = field(default_factory=dict)
    static: StaticQuantization | None = None
    npu: Mapping[str, Compiled] = field(default_factory=dict)
    torchscript: TorchScript | None = None

    @classmethod
    def from_json(cls, value: object) -> Manifest:
        """The manifest of a JSON object of schema 3.

        Raises:
            Fault: a field is missing, of another type or range, or does not fit the others.
        """
        manifest = decode(cls, value)
        manifest._check()
        return manifest

    def to_json(self) -> str:
        """The text of ``manifest.json``."""
        content = {"schema": SCHEMA, **encode(self)}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    def find(self, kind: type[C]) -> C | None:
        """The component of a kind, or None."""
        found = [one for one in self.components if isinstance(one, kind)]
        return cast(C, found[0]) if found else None

    def need(self, kind: type[C]) -> C:
        """The component of a kind.

        Raises:
            BundleError: there is none.
        """
        if (found := self.find(kind)) is None:
            raise BundleError(f"the bundle of {self.name} has no {kind.kind}: it {self.purpose}")
        return found

    @property
    def purpose(self) -> str:
        """What the bundle does, as the end of a sentence."""
        if self.whisper is not None:
            return "transcribes"
        if self.find(VoiceActivity) is not None:
            return "finds speech"
        return f"embeds {' and '.join(self.embedders)}"

    @property
    def embedders(self) -> dict[str, Embedder]:
        """Components that give vectors, by modality."""
        found = {name: self.find(kind) for name, kind in MODALITIES.items()}
        return {name: component for name, component in found.items() if component is not None}

    @property
    def graphs(self) -> dict[str, Graph]:
        """Of all components, by name."""
        return {graph.name: graph for one in self.components for graph in one.graphs}

    @property
    def dimensions(self) -> int:
        """Width of the vectors of a bundle that embeds."""
        return next(
            graph.shape("embedding")[-1] for one in self.embedders.values() for graph in one.graphs
        )

    @property
    def windows(self) -> list[Window]:
        """Of a bundle that transcribes, by length.

        Raises:
            BundleError: it does not, or an encoder's window has no decoder.
        """
        encoder, decoder = self.need(SpeechEncoder), self.need(Decoder)
        return windows_of(encoder.graphs, decoder.graphs)

    def with_component(self, component: Component) -> Manifest:
        """The same with another component in the place of its kind's."""
        kept = [component if one.kind == component.kind else one for one in self.components]
        return replace(self, components=tuple(kept))

    def with_tools(self, **versions: str) -> Manifest:
        """The same with more tools, whose names have ``-`` for ``_``."""
        named = {name.replace("_", "-"): version for name, version in versions.items()}
        return replace(self, tools={**self.tools, **named})

    def without_compiled(self) -> Manifest:
        """The same without what step 3 added, for graphs that are about to be others."""
        files = {k: v for k, v in self.files.items() if not k.startswith(f"{NPU}/")}
        return replace(self, npu={}, files=files)

    def _check(self) -> None:
        """Raises Fault where fields do not fit each other."""
        kinds = [component.kind for component in self.components]
        _unique(kinds, "component")
        _unique([graph.name for one in self.components for graph in one.graphs], "graph")
        if not self.components:
            raise Fault("components is an empty list")
        for component in self.components:
            if absent := component.files - set(self.files):
                raise Fault(f"files does not list {sorted(absent)[0]} with its size and sha256")
            if fault := component.fault():
                raise Fault(f"{component.kind}: {fault}")
        if self.whisper is not None and not {"speech-encoder", "decoder"} <= set(kinds):
            raise Fault("whisper is there without a speech-encoder and a decoder")
        if self.whisper is not None and (fault := self.whisper.fault(self.need(Decoder).spec)):
            raise Fault(f"whisper: {fault}")
        if bool(self.embedders) != (self.embedding is not None):
            raise Fault("embedding and encoders of text, images or audio go together")
        for soc, compiled in self.npu.items():
            if absent := set(compiled.files.values()) - set(self.files):
                raise Fault(f"npu[{soc!r:.60}]: files does not list {sorted(absent)[0]}")
            if self.graphs and set(compiled.signatures) - set(self.graphs):
                raise Fault(f"npu[{soc!r:.60}]: signatures holds one that the bundle has not")


def windows_of(encoders: Iterable[Graph], decoders: Iterable[Graph]) -> list[Window]:
    """The windows of a speech encoder's graphs and a decoder's, by length.

    Raises:
        BundleError: an encoder's window has no step, or a graph's tensors are others.
    """
    try:
        by_role = {(seconds_of(graph), graph.role): graph for graph in decoders}
        return [
            Window(
                seconds,
                encoder,
                by_role[seconds, "step"],
                by_role.get((seconds, "prefill")),
                by_role.get((seconds, "alignment")),
            )
            for seconds, encoder in sorted((seconds_of(graph), graph) for graph in encoders)
        ]
    except (KeyError, IndexError) as error:
        raise BundleError(f"the graphs of the windows do not fit each other ({error!r})") from error


def _unique(names: list[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise Fault(f"there are two {what}s {name}")
